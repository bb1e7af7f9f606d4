"""The ledger of what ran: processes, their steps, every attempt, lanes, tokens and events."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Func, Q, Value
from django_fsm import FSMField

from common.ids import uuid7
from common.ledger import LedgerModel
from workflows.states import MOVES, OPEN, STATES


class Process(models.Model):
    """One durable run of a workflow.

    The row is the truth; the Procrastinate job only wakes a worker for it. `fence` counts who may write: a worker
    holds the number that it was admitted with, and every checkpoint compares it. `lane` and `queue` say where the
    process stands now; a step with a place of its own changes them for as long as it runs.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seq = models.BigIntegerField(
        unique=True, editable=False, db_default=Func(Value("workflows_process_seq"), function="nextval")
    )
    workflow = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    state = FSMField(default="pending", protected=True, choices=[(state, state) for state in STATES])
    tenant = models.CharField(max_length=64, blank=True)
    """Opaque to the engine: the key by which the application scopes its rows."""
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 (unique where given)
    once_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 (unique while queued)
    order_key = models.CharField(max_length=200, blank=True)
    behind = models.BooleanField(default=False)
    """True while an open process of the same order key was triggered earlier."""
    lane = models.CharField(max_length=200)
    lane_limit = models.PositiveIntegerField()
    queue = models.CharField(max_length=60)
    priority = models.IntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    admitted_at = models.DateTimeField(null=True, blank=True)
    job_id = models.BigIntegerField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    """Real time, not the movable clock: a lease measures the life of an operating system process."""
    worker = models.CharField(max_length=120, blank=True)
    wake_at = models.DateTimeField(null=True, blank=True)
    settling_since = models.DateTimeField(null=True, blank=True)
    recoveries = models.PositiveIntegerField(default=0)
    payload = models.TextField()
    result = models.TextField(null=True, blank=True)  # noqa: DJ001 (none until completed)
    error = models.JSONField(null=True, blank=True)
    hold = models.JSONField(null=True, blank=True)
    """Why it is held: {"kind": "question" | "failure" | "poison", "code", "data", "token"}."""
    progress = models.JSONField(null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    actor = models.CharField(max_length=120, blank=True)
    superseded_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-seq"]
        verbose_name = "proceso"
        verbose_name_plural = "procesos"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workflow", "idempotency_key"], name="one_process_per_idempotency_key"),
            models.UniqueConstraint(fields=["workflow", "once_key"], name="one_queued_process_per_once_key"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="process_state_known"),
            models.CheckConstraint(
                condition=~Q(state="processing") | Q(lease_until__isnull=False), name="processing_has_a_lease"
            ),
            models.CheckConstraint(
                condition=~Q(state="retrying") | Q(wake_at__isnull=False), name="retrying_has_a_time"
            ),
            models.CheckConstraint(condition=~Q(state="held") | Q(hold__isnull=False), name="held_has_a_reason"),
        ]
        indexes: ClassVar = [
            # engine.pump: the next of a lane
            models.Index(
                fields=["lane", "priority", "seq"],
                name="process_queue",
                condition=Q(state="pending", behind=False, admitted_at__isnull=True),
            ),
            # engine.promote, trigger: the open processes of an order key
            models.Index(
                fields=["order_key", "seq"], name="process_order", condition=Q(state__in=OPEN) & ~Q(order_key="")
            ),
            # tick: leases that ran out
            models.Index(fields=["lease_until"], name="process_lease", condition=Q(state="processing")),
            # tick: whose time has come
            models.Index(fields=["wake_at"], name="process_wake", condition=Q(wake_at__isnull=False)),
            # tick: admitted, not yet claimed (is its job still there?)
            models.Index(
                fields=["admitted_at"],
                name="process_admitted",
                condition=Q(state="pending", admitted_at__isnull=False),
            ),
            # admin and commands: what a person must look at
            models.Index(fields=["state", "seq"], name="process_open", condition=Q(state__in=OPEN)),
            # application: the processes of an order or an invoice
            GinIndex(fields=["tags"], name="process_tags"),
        ]
        triggers: ClassVar = [MOVES.trigger()]

    def __str__(self) -> str:
        return f"{self.workflow} {self.id}"

    @MOVES.via("resolve", state)
    def resolve(self) -> None:
        """A person answered the hold."""

    @MOVES.via("resume", state)
    def resume(self) -> None:
        """A person sends it on after its last failure."""

    @MOVES.via("cancel", state)
    def cancel(self) -> None:
        """A person stops it."""


class Step(models.Model):
    """One named checkpoint of a process: what went in (its digest), and what came out."""

    class Kind(models.TextChoices):
        ATOMIC = "atomic"
        EXTERNAL = "external"
        WAIT = "wait"
        SLEEP = "sleep"
        HOLD = "hold"

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    done = models.BooleanField(default=False)
    input_digest = models.CharField(max_length=64)
    output = models.TextField(null=True, blank=True)  # noqa: DJ001 (none until done)
    failures = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["process", "id"]
        verbose_name = "paso"
        verbose_name_plural = "pasos"
        constraints: ClassVar = [
            # the journal: one answer per key
            models.UniqueConstraint(fields=["process", "key"], name="one_step_per_key"),
            models.CheckConstraint(
                condition=Q(done=False) | Q(output__isnull=False, finished_at__isnull=False), name="done_has_output"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.process_id} {self.key}"


class Attempt(models.Model):
    """One try of a step: by which worker, how long, and how it ended."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="attempts")
    step_key = models.CharField(max_length=200)
    fence = models.PositiveIntegerField()
    worker = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    error_class = models.CharField(max_length=200, blank=True)
    message = models.TextField(blank=True)
    traceback = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["process", "id"]
        verbose_name = "intento"
        verbose_name_plural = "intentos"
        indexes: ClassVar = [
            # admin: the timeline of one process
            models.Index(fields=["process", "id"], name="attempt_timeline"),
        ]

    def __str__(self) -> str:
        return f"{self.process_id} {self.step_key} {self.error_class or 'ok'}"


class Lane(models.Model):
    """A named admission limit. `active` counts the processes that are admitted or running in it."""

    key = models.CharField(primary_key=True, max_length=200)
    limit = models.PositiveIntegerField()
    active = models.PositiveIntegerField(default=0)
    paused = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["key"]
        verbose_name = "carril"
        verbose_name_plural = "carriles"

    def __str__(self) -> str:
        return f"{self.key} {self.active}/{self.limit}"


class Token(models.Model):
    """Something a process waits for. Whoever comes first, waiter or completer, writes the row."""

    key = models.CharField(primary_key=True, max_length=200)
    tenant = models.CharField(max_length=64, blank=True)
    process = models.ForeignKey(Process, null=True, blank=True, on_delete=models.CASCADE, related_name="tokens")
    answer = models.TextField(null=True, blank=True)  # noqa: DJ001 (none until completed)
    closed = models.BooleanField(default=False)
    """True when an answer can no longer come: the process was cancelled or superseded."""
    actor = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["key"]
        verbose_name = "espera"
        verbose_name_plural = "esperas"
        indexes: ClassVar = [
            # engine.cancel: the open tokens of a process
            models.Index(fields=["process"], name="token_open", condition=Q(completed_at__isnull=True, closed=False)),
        ]

    def __str__(self) -> str:
        return self.key


class ProcessEvent(LedgerModel):
    """One move of a process: from, to, by whom, why. Append-only."""

    process = models.ForeignKey(Process, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    move = models.CharField(max_length=20)
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    reason = models.TextField(blank=True)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["process", "id"]
        verbose_name = "suceso"
        verbose_name_plural = "sucesos"
        indexes: ClassVar = [
            # admin: the history of one process, in order
            models.Index(fields=["process", "id"], name="event_history"),
        ]

    def __str__(self) -> str:
        return f"{self.process_id} {self.from_state}>{self.to_state}"
