"""After a restore: lock, compare with the AEAT and the PDF store, and open again or go on in a new installation.

equal   everything that ever left the house is here: the chain is opened and goes on
lost    the AEAT, a PDF or a letter knows invoices that the database does not. A person confirms; then the company
        goes on in a new installation (PrimerRegistro), its series above the highest number known anywhere, and the
        numbers that are lost stand as gaps in the ledger (fiscal-policy.md, Restore)
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction

from invoicing import numbering
from invoicing.companies import install
from invoicing.evidence import numbers_in_mails, numbers_in_pdfs
from invoicing.models import Company, Gap, Invoice, Series
from verifactu import locks
from verifactu.channel import client_for
from verifactu.models import Discrepancy, Installation, Record
from verifactu.reconciliation import Compared, compare_month, month_of, months
from verifactu.states import DISCREPANCY_MOVES
from verifactu.submission import wake
from workflows import control
from workflows.errors import WrongState
from workflows.models import Process

_NUMBER = re.compile(r"(?P<code>.+?)(?P<year>20\d\d)-(?P<number>\d{6,9})")


class Comparison(msgspec.Struct, kw_only=True):
    """What the comparison of one chain came to."""

    installation: str
    ours: tuple[int, str, str]
    """Our head: its place in the chain, number and huella."""
    theirs: tuple[str, str, str] | None
    """The AEAT's last record by its stamp: number, huella and stamp."""
    ahead: bool
    """Whether more of the chain left the house than is here, as the witness saw it."""
    compared: tuple[Compared, ...]
    lost: dict[str, str]
    """Numbers that are known elsewhere and not here -> aeat, pdf, mail, person, witness."""

    @property
    def whole(self) -> bool:
        """Whether nothing that left the house is missing here."""
        return not self.lost and not self.ahead


class Went(msgspec.Struct, kw_only=True):
    """How a company went on in a new installation."""

    installation: str
    gaps: dict[str, tuple[int, int]]
    """Series -> first and last number left out."""
    unplaced: list[str]
    """Lost numbers that belong to no series of ours."""


def lock(companies: Iterable[Company], *, reason: str, actor: str, now: datetime) -> list[Installation]:
    """Close every chain of the companies in the present environment; return those that were open."""
    return [
        chain
        for company in companies
        for chain in chains(company)
        if locks.close(chain, reason=reason, actor=actor, now=now)
    ]


def lock_what_moved(*, now: datetime) -> None:
    """Close every chain when the database was restored elsewhere, and note that this is known.

    From then on each is opened by its own comparison.
    """
    if locks.moved():
        with transaction.atomic():
            lock(
                Company.objects.select_related("taxpayer"),
                reason="la base de datos se ha restaurado en otro lugar", actor="reconcile_aeat", now=now,
            )  # fmt: skip
            locks.settle_down(now=now)


def chains(company: Company) -> list[Installation]:
    """Return all chains of a company in the present environment, those without a record too."""
    found = Installation.objects.select_related("taxpayer").filter(
        taxpayer=company.taxpayer_id, environment=settings.AEAT_ENVIRONMENT
    )
    return list(found.order_by("created_at"))


def compare(
    company: Company,
    chain: Installation,
    *,
    known: Iterable[str] = (),
    now: Callable[[], datetime],
    progress: Callable[[str], Callable[[int], None]] = lambda month: lambda read: None,
) -> Comparison:
    """Compare heads and invoices of one chain with the AEAT and with what else left the house.

    :param known: numbers that a person knows from customers' letters.
    :raises QueryFailed: when the AEAT cannot be asked; nothing is opened then.
    """
    client = client_for(chain)
    since = (chain.head_stamp or chain.created_at).date().replace(day=1)
    compared = []
    # From the month before: an invoice may be filed under the month of its operation.
    for month in months(month_of(since - timedelta(days=1)), month_of(now().date() + timedelta(days=1))):
        compared.append(compare_month(client, chain, month, now=now, progress=progress(month)))
    lasts = [month.last for month in compared if month.last]
    seen = locks.more_than_here(chain)
    return Comparison(
        installation=str(chain),
        ours=(chain.head_seq, chain.head_num_serie, chain.head_huella),
        theirs=max(lasts, key=lambda last: datetime.fromisoformat(last[2])) if lasts else None,
        ahead=seen is not None,
        compared=tuple(compared),
        lost=_lost(company, chain, known, [seen.num_serie] if seen else []),
    )


def open_again(company: Company, chain: Installation, comparison: Comparison, *, actor: str, now: datetime) -> int:
    """Open a chain that is whole, and send its held processes on their way; return how many.

    :raises ValueError: when something was lost.
    """
    if not comparison.whole:
        raise ValueError("a chain that lost something does not go on; begin a new installation")
    with transaction.atomic():
        chain = Installation.objects.select_for_update(no_key=True).select_related("taxpayer").get(pk=chain.pk)
        if chain.locked_at:
            locks.open_again(chain, reason="comparada con la AEAT: no falta nada", actor=actor,
                             facts=_facts(comparison), now=now)  # fmt: skip
    return _go_on(company, chain, actor=actor, now=now)


def begin_anew(company: Company, chain: Installation, comparison: Comparison, *, actor: str, now: datetime) -> Went:
    """Close the chain for ever, begin a new one, and document the numbers that are lost; one transaction."""
    with transaction.atomic():
        chain = Installation.objects.select_for_update(no_key=True).select_related("taxpayer").get(pk=chain.pk)
        gaps, unplaced = _leave_gaps(company, comparison.lost, actor=actor, now=now)
        facts = _facts(comparison) | {"gaps": str(gaps), "unplaced": ", ".join(unplaced)}
        reason = "se perdieron registros al restaurar una copia: sigue en otra instalación"
        locks.open_again(chain, reason=reason, actor=actor, facts=facts, now=now, move="replaced")
        # The taxpayer is bound already: the new installation takes the place of one whose records were sent.
        fresh = install(chain.taxpayer, now=now, confirmed_at=chain.confirmed_at or (now if chain.head_seq else None))
        # What was lost is documented now; the nightly comparison does not tell it again.
        Discrepancy.objects.filter(
            installation=chain, kind__in=("unknown_here", "huella"), state__in=DISCREPANCY_MOVES.sources("dismiss")
        ).update(
            state=DISCREPANCY_MOVES.target("dismiss"), decided_by=actor, decided_at=now, reason=f"{reason}: {fresh}"
        )
    _go_on(company, chain, actor=actor, now=now)
    return Went(installation=str(fresh), gaps=gaps, unplaced=unplaced)


def _lost(company: Company, chain: Installation, known: Iterable[str], seen: Iterable[str]) -> dict[str, str]:
    """Return the numbers that are known elsewhere and not here, each with who knows it."""
    at_aeat = Discrepancy.objects.filter(
        installation=chain, kind__in=("unknown_here", "huella"), state__in=("open", "approved")
    ).exclude(ours__has_key="theirs_is_seq")  # an earlier record of ours: they lack one, we do not
    told: dict[str, list[str]] = {}
    for number in at_aeat.values_list("num_serie", flat=True):
        told.setdefault(number, []).append("aeat")
    elsewhere = {"pdf": numbers_in_pdfs(company), "mail": numbers_in_mails(company), "person": known,
                 "witness": seen}  # fmt: skip
    for source, numbers in elsewhere.items() if chain.active else ():
        for number in numbers:
            if source not in told.setdefault(number, []):
                told[number].append(source)
    here = set(Invoice.objects.filter(company=company, num_serie__in=list(told)).values_list("num_serie", flat=True))
    # A number that is here and that the AEAT has with another huella was spent twice: the chain cannot go on either.
    documented = set(documented_numbers(company))
    return {
        number: ", ".join(sources)
        for number, sources in sorted(told.items())
        if ("aeat" in sources or number not in here) and number not in documented
    }


def documented_numbers(company: Company) -> Iterable[str]:
    """Yield the numbers of the gaps that an earlier restore left."""
    for gap in Gap.objects.filter(series__company=company).select_related("series"):
        for number in range(gap.first_number, gap.last_number + 1):
            yield numbering.text(gap.series, number)


def _leave_gaps(
    company: Company, lost: dict[str, str], *, actor: str, now: datetime
) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """Set every series above the highest number known of it, and write the gap that this leaves."""
    spent: dict[tuple[str, int], dict[int, str]] = {}
    unplaced = []
    for number in lost:
        parts = _NUMBER.fullmatch(number)
        if parts:
            spent.setdefault((parts["code"], int(parts["year"])), {})[int(parts["number"])] = number
        else:
            unplaced.append(number)
    gaps = {}
    for (code, year), numbers in sorted(spent.items()):
        series = _series(company, code, year)
        if series is None:
            unplaced += numbers.values()
            continue
        first, last = series.next_number, max(numbers)
        if last < first:
            continue  # spent here too, with another record: the difference says so
        named = {text: lost[text] for text in numbers.values()}
        Gap(
            series=series, first_number=first, last_number=last, known_from=named, actor=actor, at=now,
            reason="perdidas al restaurar una copia de seguridad",
        ).save()  # fmt: skip
        Series.objects.filter(pk=series.pk).update(next_number=last + 1)
        gaps[str(series)] = (first, last)
    return gaps, sorted(unplaced)


def _series(company: Company, code: str, year: int) -> Series | None:
    """Lock the series of that code and year, opened if the restore lost even that; None for one that is not ours."""
    environment = settings.AEAT_ENVIRONMENT
    ours = Series.objects.filter(company=company, environment=environment, code=code)
    found = ours.select_for_update(no_key=True).filter(year=year).first()
    if found:
        return found
    kind = next(iter(ours.values_list("kind", flat=True)), None) or numbering.kind_of(code, environment)
    if kind is None:
        return None
    made: Series = Series.objects.create(company=company, environment=environment, kind=kind, code=code, year=year)
    return made


def _go_on(company: Company, chain: Installation, *, actor: str, now: datetime) -> int:
    """Have what waited go on: the processes that the lock held, and the records that wait to be sent."""
    resumed = 0
    held = Process.objects.filter(
        tenant=company.tenant, state__in=("held", "failed"), error__class=locks.ChainLocked.__name__
    )
    for process in held.order_by("seq").values_list("pk", flat=True):
        try:
            control.resume(process, now=now, actor=actor, reason="comparado con la AEAT")
            resumed += 1
        except WrongState:
            continue  # somebody was first
    if Record.objects.filter(installation=chain, state="pending").exists():
        wake(chain.pk, now=now)
    return resumed


def _facts(comparison: Comparison) -> dict[str, Any]:
    seq, number, huella = comparison.ours
    return {
        "our_head": f"{seq} {number} {huella}".strip(),
        "their_last": " ".join(comparison.theirs or ()),
        "ahead": comparison.ahead,
        "months": ", ".join(month.month for month in comparison.compared),
        "lost": ", ".join(f"{number} ({source})" for number, source in comparison.lost.items()),
    }
