"""Trigger workflows by the clock: schedules declared in code or kept as rows, fired by the tick.

    schedule("nightly-sweep", sweep, Sweep(), cron="30 2 * * *", zone="Europe/Madrid", catch_up="last")

A process is triggered under `schedule:<name>:<slot>`, so that one slot never brings two, whoever ticks. Where the
payload's type has a field `slot: datetime`, it is told for which moment it runs.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from django.db import DatabaseError, InterfaceError, transaction

from workflows import alerts, cron
from workflows.api import WORKFLOWS, Workflow, newest
from workflows.encoding import decode, encode
from workflows.engine import Handle, trigger
from workflows.errors import WorkflowError
from workflows.models import Schedule
from workflows.rows import record

log = logging.getLogger(__name__)

CatchUp = Literal["all", "last", "none"]

MOST_CAUGHT_UP = 100
"""Slots of one schedule that `catch_up="all"` makes good at once, the newest; older ones are told and left."""
FRESH = timedelta(minutes=1)
"""A slot so old still runs with `catch_up="none"`, and is worth no alert."""
PER_TICK = 100
"""Schedules that one round of the tick fires; the next round is a second away."""
NO_LONGER_DECLARED = "no longer declared in the code"


@dataclass(frozen=True)
class Declaration:
    """A schedule as the code has it."""

    workflow: str
    payload: str
    cron: str
    zone: str
    catch_up: CatchUp
    tenant: str

    @property
    def digest(self) -> str:
        """The SHA-256 (hex) by which a row knows whether the code says something new."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


DECLARED: dict[str, Declaration] = {}


def schedule(
    name: str,
    workflow: Workflow,
    payload: Any,
    *,
    cron: str,
    zone: str,
    catch_up: CatchUp = "last",
    tenant: str = "",
) -> None:
    """Declare a schedule, at import; a worker that starts makes its row (`sync`).

    `catch_up` says what becomes of slots that nobody fired in time: `all` run (up to the newest hundred), only the
    `last`, or `none` that is more than a minute old. `payload`: see `keep`.

    :raises WorkflowError: when it is not a schedule, or one of that name is declared already.
    """
    if name in DECLARED:
        raise WorkflowError(f"schedule {name} is declared twice")
    DECLARED[name] = _declaration(name, workflow, payload, cron, zone, catch_up, tenant)


def keep(
    name: str,
    workflow: Workflow,
    payload: Any,
    *,
    cron: str,
    zone: str,
    catch_up: CatchUp = "last",
    tenant: str = "",
    now: datetime,
) -> Schedule:
    """Create the schedule `name`, or make it say this, in the caller's transaction; return its row.

    `payload` is a value of the workflow's type, or a mapping of its fields; a field `slot` need not be given. The next
    slot is reckoned anew only when cron or zone change: keeping the same again loses nothing that is due.

    :raises CronError: when the expression or the zone is none.
    :raises EncodingError: when the payload does not fit the workflow's type.
    """
    wanted = _declaration(name, workflow, payload, cron, zone, catch_up, tenant)
    with transaction.atomic():
        row = _locked_or_new(name, wanted, now)
        _write(row, wanted, now)
        row.save()
    return row


def change(row: Schedule, *, expression: str, zone: str, catch_up: str, paused: bool, now: datetime) -> Schedule:
    """Set what a person may set of a schedule. What was due during a pause is not made good.

    :raises CronError: when the expression or the zone is none.
    """
    cron.check(expression, zone)
    with transaction.atomic():
        row = Schedule.objects.select_for_update(no_key=True).get(pk=row.pk)
        if (row.cron, row.zone) != (expression, zone) or (row.paused and not paused):
            row.next_at = cron.first_after(now, expression, zone)
        if row.paused != paused:
            row.told = ""  # from now on it is a person's doing
        row.cron, row.zone, row.catch_up, row.paused = expression, zone, catch_up, paused
        row.save()
    return row


def run_now(row: Schedule, *, now: datetime, actor: str, reason: str) -> Handle:
    """Trigger a schedule's workflow for this moment, outside its series; the reason is kept in the process's history.

    :raises WorkflowError: when its workflow is not in this code.
    """
    with transaction.atomic():
        handle = _trigger(row, now, now=now, actor=actor)
        if handle.created:
            record([(handle.id, "pending")], move="run_now", to="pending", at=now, actor=actor, reason=reason)
    return handle


def idempotency_key(name: str, slot: datetime) -> str:
    """Return the key of the process that a schedule's slot brings."""
    return f"schedule:{name}:{slot.astimezone(UTC).isoformat()}"


def sync(now: datetime) -> int:
    """Write what the code declares to its rows, and pause what it no longer does; return how many rows changed."""
    changed = 0
    for name, wanted in sorted(DECLARED.items()):
        with transaction.atomic():
            row = _locked_or_new(name, wanted, now)
            if row.declared and row.declaration == wanted.digest and row.told != NO_LONGER_DECLARED:
                continue
            _write(row, wanted, now)
            if row.told == NO_LONGER_DECLARED:
                row.paused, row.told, row.next_at = False, "", cron.first_after(now, row.cron, row.zone)
            row.declared, row.declaration = True, wanted.digest
            row.save()
            changed += 1
    with transaction.atomic():
        gone = Schedule.objects.filter(declared=True, paused=False).exclude(pk__in=DECLARED)
        for row in gone.select_for_update(no_key=True).order_by("name"):
            _pause(row, NO_LONGER_DECLARED, now)
            changed += 1
        unknown = Schedule.objects.filter(declared=False, paused=False).exclude(workflow__in=_workflows())
        for row in unknown.order_by("name"):
            # Not paused: during a deploy, workers of the new code know it while those of the old one do not.
            log.error("schedule %s: workflow %s is not in this code; it waits for a worker that has it", row.name,
                      row.workflow)  # fmt: skip
    return changed


def fire_due(now: datetime, limit: int) -> int:
    """Trigger what is due, each schedule in one short transaction; return how many processes that made.

    A schedule that another session holds is left to it. One that cannot be triggered is paused with the reason, and
    an alert: the others go on.
    """
    due = Schedule.objects.filter(paused=False, next_at__lte=now, workflow__in=_workflows())
    fired = 0
    for name in list(due.order_by("next_at").values_list("name", flat=True)[:limit]):
        with transaction.atomic():
            row = due.select_for_update(no_key=True, skip_locked=True).filter(pk=name).first()
            if row is None:
                continue  # another tick was first
            try:
                with transaction.atomic():
                    fired += _fire(row, now)
            except (DatabaseError, InterfaceError):
                raise
            except Exception as error:
                # What an author wrote (a lane, a tenant, a payload's type) broke: it would break again next second.
                log.exception("schedule %s cannot be triggered", name)
                row.refresh_from_db()
                _pause(row, f"cannot be triggered: {type(error).__name__}: {error}", now)
    return fired


def _fire(row: Schedule, now: datetime) -> int:
    most = MOST_CAUGHT_UP if row.catch_up == "all" else 1
    slots, complete = cron.newest(row.next_at, now, row.cron, row.zone, most)
    late = bool(slots) and now - slots[0] > FRESH
    wanted = [slot for slot in slots if now - slot <= FRESH] if row.catch_up == "none" else slots
    fired = sum(_trigger(row, slot, now=now, actor=f"schedule:{row.name}").created for slot in wanted)
    if late or not complete:
        alerts.alert(
            alerts.Kind.SCHEDULE_MISSED,
            row.name,
            f"{fired} of the slots from {row.next_at:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} UTC were made good "
            f"(catch_up={row.catch_up})" + ("" if complete and wanted == slots else "; the others were skipped"),
            row.tenant,
            now,
        )
    if wanted:
        row.last_slot = wanted[-1]
    row.next_at = cron.first_after(now, row.cron, row.zone)
    row.save(update_fields=["last_slot", "next_at"])
    return fired


def _trigger(row: Schedule, slot: datetime, *, now: datetime, actor: str) -> Handle:
    workflow = newest(row.workflow)
    payload = _payload(workflow, msgspec.json.decode(row.payload), slot.astimezone(ZoneInfo(row.zone)))
    return trigger(workflow, payload, now=now, actor=actor, idempotency_key=idempotency_key(row.name, slot))


def _pause(row: Schedule, told: str, now: datetime) -> None:
    row.paused, row.told = True, told
    row.save(update_fields=["paused", "told"])
    alerts.alert(alerts.Kind.SCHEDULE_PAUSED, row.name, f"paused: {told}", row.tenant, now)


def _locked_or_new(name: str, wanted: Declaration, now: datetime) -> Schedule:
    """Return the row under its lock; whoever else makes it at the same time makes the same one."""
    fresh = Schedule(name=name, next_at=cron.first_after(now, wanted.cron, wanted.zone), cron=wanted.cron,
                     zone=wanted.zone, workflow=wanted.workflow, payload=wanted.payload)  # fmt: skip
    Schedule.objects.bulk_create([fresh], ignore_conflicts=True)
    return Schedule.objects.select_for_update(no_key=True).get(pk=name)


def _write(row: Schedule, wanted: Declaration, now: datetime) -> None:
    if (row.cron, row.zone) != (wanted.cron, wanted.zone):
        row.next_at = cron.first_after(now, wanted.cron, wanted.zone)
    row.workflow, row.payload, row.tenant = wanted.workflow, wanted.payload, wanted.tenant
    row.cron, row.zone, row.catch_up = wanted.cron, wanted.zone, wanted.catch_up


def _declaration(
    name: str, workflow: Workflow, payload: Any, expression: str, zone: str, catch_up: CatchUp, tenant: str
) -> Declaration:
    if not name or len(name) > 100:
        raise WorkflowError(f"{name!r}: the name of a schedule has 1 to 100 characters")
    if catch_up not in Schedule.CatchUp.values:
        raise WorkflowError(f"schedule {name}: catch_up is all, last or none, not {catch_up!r}")
    cron.check(expression, zone)
    fields = msgspec.to_builtins(payload)
    if _takes_slot(workflow):
        fields.pop("slot", None)
    _payload(workflow, fields, datetime.now(UTC))  # that it fits is seen now, not at night
    return Declaration(workflow.name, encode(fields), expression, zone, catch_up, tenant)


def _payload(workflow: Workflow, fields: Any, slot: datetime) -> Any:
    if _takes_slot(workflow):
        fields = {**fields, "slot": slot}
    return decode(encode(fields), workflow.payload_type)


def _takes_slot(workflow: Workflow) -> bool:
    if not isinstance(workflow.payload_type, type):
        return False
    return get_type_hints(workflow.payload_type).get("slot") in (datetime, datetime | None)


def _workflows() -> list[str]:
    return sorted({name for name, _ in WORKFLOWS})
