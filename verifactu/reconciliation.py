"""Compare a month of one chain with what the AEAT holds, and keep what differs.

1. The AEAT's pages of the month go into a temporary table, one after another. Sources disagree under which month an
   invoice is filed whose operation was in another one, so those other months are asked too, for the invoices issued in
   this one alone.
2. Two statements find what differs. Of each invoice only the last accepted record is compared; nothing grows with the
   month but the table.
3. What got its verdict after the reading began is left out: the AEAT's page may be older than it. What is on its way is
   no difference either.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from django.db import transaction

from common.ids import uuid7
from verifactu import held
from verifactu.client import Client
from verifactu.models import Discrepancy, Installation
from verifactu.queries import pages_at_aeat
from verifactu.states import DISCREPANCY_MOVES
from verifactu.xml import RangoFechaExpedicion
from workflows.rows import sql

WRITTEN_AT_ONCE = 500
Kind: TypeAlias = Discrepancy.Kind
Proposal: TypeAlias = Discrepancy.Proposal


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison of one month of one chain found."""

    month: str
    """yyyy-mm"""
    ours: int
    """Invoices issued in the month whose last record the AEAT accepted."""
    theirs: int
    """Invoices that the AEAT showed."""
    found: dict[str, int]
    """Differences by kind, those that a person dismissed before left out."""
    dismissed: int = 0
    on_its_way: int = 0
    """Records that wait for their verdict."""
    last: tuple[str, str, str] | None = None
    """Number, huella and stamp of the AEAT's last record of the month by its stamp."""

    @property
    def differs(self) -> int:
        """How many differences are open."""
        return sum(self.found.values())


class _Difference(NamedTuple):
    kind: Kind
    proposal: Proposal
    record: UUID | None
    emisor: str
    num_serie: str
    fecha: str
    ours: dict[str, Any]
    theirs: dict[str, Any]


def compare_month(
    client: Client,
    installation: Installation,
    month: str,
    *,
    now: Callable[[], datetime],
    progress: Callable[[int], None] = lambda read: None,
) -> Compared:
    """Compare the invoices of a month (yyyy-mm) and keep the differences; `progress` is told how many were read.

    :raises QueryFailed: when the AEAT cannot be asked; nothing was written then.
    """
    began = now()
    held.clear()
    read = 0
    for asked, issued in _questions(installation, month):
        for page in pages_at_aeat(client, installation, asked[:4], asked[5:], issued=issued):
            held.add(page)
            read += len(page)
            progress(read)
    held.ready()
    return _keep(installation, month, began)


def months(first: str, last: str) -> Iterator[str]:
    """Yield the months (yyyy-mm) from `first` to `last`, both included."""
    year, month = int(first[:4]), int(first[5:])
    while (name := f"{year:04}-{month:02}") <= last:
        yield name
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def month_of(day: date) -> str:
    """Return the month of a day as yyyy-mm."""
    return f"{day:%Y-%m}"


def first_month(installation: Installation) -> str | None:
    """Return the month of the first record of a chain; None when it has none."""
    rows = sql("SELECT generated_at FROM verifactu_record WHERE installation_id = %s ORDER BY seq LIMIT 1",
               [installation.pk])  # fmt: skip
    # Issued a few hours before in some zone: a month too early costs one empty answer, one too late an invoice.
    return month_of((rows[0][0].astimezone(UTC) - timedelta(days=1)).date()) if rows else None


def _questions(installation: Installation, month: str) -> Iterator[tuple[str, RangoFechaExpedicion | None]]:
    """Yield the months to be asked, the others only for what was issued in this one."""
    yield month, None
    year, number = int(month[:4]), int(month[5:])
    following = date(year + number // 12, number % 12 + 1, 1)
    issued = RangoFechaExpedicion(Desde=f"01-{number:02}-{year}", Hasta=f"{following - timedelta(days=1):%d-%m-%Y}")
    for other in held.months_of_operation(installation, month):
        if other != month:
            yield other, issued


def _keep(installation: Installation, month: str, began: datetime) -> Compared:
    """Write what differs and close what does not any more; return the figures."""
    found: dict[str, int] = {}
    dismissed = 0
    # A server-side cursor wants a transaction, which ends with the last chunk; nothing remote happens in it.
    with transaction.atomic():
        # Two comparisons at once would tell the same difference twice.
        sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"verifactu:reconcile:{installation.pk}"])
        for chunk in _chunks(_differences(installation, month, began)):
            told, left = _write(installation, month, chunk, began)
            dismissed += left
            for kind in told:
                found[kind] = found.get(kind, 0) + 1
        _close_the_rest(installation, month, began)
        ours, on_its_way = held.count_ours(installation, month)
    return Compared(
        month=month, ours=ours, theirs=held.count(), found=found, dismissed=dismissed, on_its_way=on_its_way,
        last=held.last(),
    )  # fmt: skip


def _differences(installation: Installation, month: str, began: datetime) -> Iterator[_Difference]:
    for one in held.missing(installation, month, began):
        ours = {"seq": one.seq, "operation": one.operation, "state": one.state, "huella": one.huella}
        proposal = Proposal.RESEND if one.may_begin else Proposal.LOOK
        yield _Difference(Kind.MISSING, proposal, one.id, one.emisor, one.num_serie, one.fecha, ours, {})
    for row in held.different(installation, began):
        yield _judged(row)


def _judged(row: held.Row) -> _Difference:
    """Return what differs about an invoice that the AEAT shows, and what can be done about it."""
    theirs = {
        "estado": row.estado, "code": row.code, "text": row.description, "huella": row.their_huella,
        "presented": row.presented, "peticion": row.peticion, "generated": row.generated, "importe": row.importe,
    }  # fmt: skip
    ours = {"seq": row.seq, "operation": row.operation, "state": row.state, "code": row.our_code, "huella": row.huella}
    if row.id is None:
        ours = {"seq": row.last_seq, "huella": row.last_huella} if row.known else {}
        kind = Kind.HUELLA if row.known else Kind.UNKNOWN_HERE
        return _Difference(kind, Proposal.LOOK, row.last_id, row.emisor, row.num_serie, row.fecha, ours, theirs)
    if row.last_seq is not None and row.seq is not None and row.last_seq > row.seq:
        ours = {"seq": row.last_seq, "huella": row.last_huella, "theirs_is_seq": row.seq}
        return _Difference(Kind.HUELLA, Proposal.LOOK, row.last_id, row.emisor, row.num_serie, row.fecha, ours, theirs)
    # Annulled there by something else than a record of ours: a verdict that no record of ours can take.
    can_adopt = (row.operation == "Anulacion") == (row.estado == "Anulado")
    proposal = Proposal.ADOPT if can_adopt else Proposal.LOOK
    return _Difference(Kind.VERDICT, proposal, row.id, row.emisor, row.num_serie, row.fecha, ours, theirs)


def _chunks(differences: Iterator[_Difference]) -> Iterator[list[_Difference]]:
    while chunk := list(islice(differences, WRITTEN_AT_ONCE)):
        yield chunk


def _write(installation: Installation, month: str, chunk: list[_Difference], began: datetime) -> tuple[list[Kind], int]:
    """Keep a chunk: new rows, or the sight of known ones; return the kinds told, and how many were dismissed."""
    known = {
        (row.num_serie, row.fecha_expedicion, row.kind): row
        for row in Discrepancy.objects.filter(
            installation=installation, num_serie__in={one.num_serie for one in chunk}, state__in=("open", "approved")
        )
    }
    left = {
        (row.num_serie, row.fecha_expedicion, row.kind, row.theirs.get("huella"), row.theirs.get("estado"))
        for row in Discrepancy.objects.filter(
            installation=installation, num_serie__in={one.num_serie for one in chunk}, state="dismissed"
        )
    }
    told, new, dismissed = [], [], 0
    for one in chunk:
        row = known.get((one.num_serie, one.fecha, one.kind))
        if row:
            # An approved repair that did not help is a difference like any other.
            back = {"state": DISCREPANCY_MOVES.target("come_back")} if row.state == "approved" else {}
            Discrepancy.objects.filter(pk=row.pk, state=row.state).update(seen_at=began, **back)
            told.append(one.kind)
        elif (one.num_serie, one.fecha, one.kind, one.theirs.get("huella"), one.theirs.get("estado")) in left:
            dismissed += 1
        else:
            new.append(
                Discrepancy(
                    id=uuid7(),
                    installation=installation,
                    month=month,
                    id_emisor=one.emisor,
                    num_serie=one.num_serie,
                    fecha_expedicion=one.fecha,
                    kind=one.kind,
                    record_id=one.record,
                    ours=one.ours,
                    theirs=one.theirs,
                    proposal=one.proposal,
                    found_at=began,
                    seen_at=began,
                )
            )
            told.append(one.kind)
    Discrepancy.objects.bulk_create(new)
    return told, dismissed


def _close_the_rest(installation: Installation, month: str, began: datetime) -> None:
    """Close what was open in this month and is not seen any more, unless its record is still on its way."""
    rest = Discrepancy.objects.filter(installation=installation, month=month, seen_at__lt=began).exclude(
        record__state__in=("pending", "in_flight", "unknown")
    )
    rest.filter(state="approved").update(state=DISCREPANCY_MOVES.target("prove"))
    rest.filter(state="open").update(state=DISCREPANCY_MOVES.target("vanish"))
