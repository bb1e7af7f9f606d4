"""What an order asks for now: its newest version against what is issued so far, judged by the policy."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from invoicing import policy
from invoicing.capture import Forgotten, content_of, merged
from invoicing.holds import Resolution
from invoicing.issued import Beside, ByHand, Issued, IssuedDocument
from invoicing.knowing import known, tax_policy
from invoicing.models import Company, Invoice, InvoiceReference, Order, Settlement
from invoicing.policy import (
    F2_LIMIT,
    F2_LIMIT_OF_LISTED_ACTIVITIES,
    CompanyPolicy,
    ConnectionPolicy,
    Decision,
)
from invoicing.pulling import can_pull
from invoicing.remembering import Figures, Kept
from invoicing.states import ORDER_MOVES, SNAPSHOT_MOVES
from invoicing.values import Address, OrderContent, Party, Referred, TaxShare
from workflows.encoding import decode
from workflows.forgetting import NOTHING
from workflows.models import Step

SEEN_TO = (
    "A person saw to this order outside, and what it was then is redacted, so that nobody can tell what is new of it: "
    "invoice what is missing by a draft, or cancel this process."
)


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision and the version of the order that it was taken on."""

    version: int
    decision: Decision


def decide_order(order_id: UUID, answers: tuple[Resolution, ...], *, now: datetime) -> Decided:
    """Take the decision under the order's lock, with a person's answers so far, and note a hold on the order.

    :raises Forgotten: when what would have to be known of it is redacted.
    """
    order = (
        Order.objects.select_for_update(no_key=True, of=("self",))
        .select_related("current", "connection")
        .get(pk=order_id)
    )
    content = content_of(order)
    if order.current and order.current.redacted:
        raise Forgotten(Forgotten.__doc__)
    if content is None or order.current is None:
        raise LookupError(f"order {order_id} has no version to decide on")
    company = Company.objects.select_related("taxpayer").get(pk=order.company_id)
    issued, kept = issued_for(order), kept_for(order)
    given = tuple(each.answer.nif for each in kept if each.answer.nif)
    decision = policy.decide(
        content,
        company=company_policy(company),
        connection=ConnectionPolicy(
            invoice_from=order.connection.invoice_from,
            other_invoicing=order.connection.other_invoicing,
            marketplace_channels=tuple(order.connection.marketplace_channels),
            trigger=order.connection.trigger,
            part_payments=order.connection.part_payments,
            zero_totals=order.connection.zero_totals,
            asks=can_pull(order.connection),
        ),
        issued=issued,
        today=now.astimezone(ZoneInfo(company.zone)).date(),
        version=order.current.version,
        resolution=answers,
        taxes=tax_policy(company, order.connection),
        known=known(company, order.connection, content, answers, now=now, given=given),
        kept=kept,
    )
    if order.state in ("ignored", "cancelled") and decision.action != "nothing":
        _move(order, "reopen")
    if decision.action == "hold":
        _move(order, "hold")
    return Decided(version=order.current.version, decision=decision)


def leave_order(order_id: UUID, decided: Decided, *, now: datetime) -> None:
    """Note on order and snapshots that the decision was to issue nothing, and what a person saw to instead."""
    order = Order.objects.select_for_update(no_key=True, of=("self",)).select_related("current").get(pk=order_id)
    content = content_of(order)
    if decided.decision.by_hand and content:
        Settlement(
            order=order,
            version=decided.version,
            refunds=[refund.external_id for refund in content.refunds if refund.total],
            reason=decided.decision.note,
            at=now,
        ).save()
    _move(order, "cancel" if content and (content.cancelled or content.deleted) else "ignore")
    order.snapshots.filter(state__in=SNAPSHOT_MOVES.sources("process"), version__lte=decided.version).update(
        state=SNAPSHOT_MOVES.target("process")
    )


def company_policy(company: Company) -> CompanyPolicy:
    """Return what the policy asks of a company."""
    listed = bool(company.simplified_activity)
    return CompanyPolicy(
        nif=company.taxpayer.nif,
        language=company.language,
        qualified_simplified=company.qualified_simplified,
        territory=company.territory,
        zone=company.zone,
        f2_limit=F2_LIMIT_OF_LISTED_ACTIVITIES if listed else F2_LIMIT,
        f2_activity=company.simplified_activity,
        census=company.checks_census,
    )


def issued_for(order: Order) -> Issued:
    """Return the documents of an order that are in force, and how far they go."""
    invoices = list(Invoice.objects.filter(order=order).select_related("snapshot").order_by("id"))
    in_force = [invoice for invoice in invoices if invoice.state != "annulled"]
    settled = order.snapshots.filter(state="processed", kind="order").exclude(content="").order_by("-version").first()
    return Issued(
        documents=tuple(_document(invoice) for invoice in in_force),
        annulled=tuple(invoice.num_serie for invoice in invoices if invoice.state == "annulled"),
        settled=merged(settled, order.snapshots.filter(state="processed", kind="refund")) if settled else None,
        unsettled=_unsettled(in_force, after=settled.version if settled else 0),
        by_hand=_by_hand(order),
        versions=tuple(invoice.snapshot.version if invoice.snapshot else 0 for invoice in in_force),
    )


def _document(invoice: Invoice) -> IssuedDocument:
    found = figures_of(invoice)
    references = invoice.sealed_references if invoice.tipo not in ("F1", "F2") or invoice.method else []
    return IssuedDocument(
        id=invoice.pk,
        purpose=invoice.purpose,
        key=invoice.refund,
        tipo=invoice.tipo,
        method=invoice.method,
        nif=invoice.issuer_nif,
        num_serie=invoice.num_serie,
        issue_date=invoice.issue_date,
        shares=decode(invoice.shares, tuple[TaxShare, ...]),
        mentions=tuple(invoice.mentions),
        recipient=_recipient(invoice),
        qualified=invoice.qualified,
        email=invoice.recipient_email,
        language=invoice.language,
        rectifies=tuple(_referred(each) for each in references if each.relation == "rectifies"),
        substitutes=tuple(_referred(each) for each in references if each.relation == "substitutes"),
        exchange=found.exchange if found else None,
        foreign=found.foreign if found else (),
        beside=Beside(
            withholding=invoice.withholding,
            withholding_rate=found.withholding_rate if found else None,
            outlays=invoice.outlays,
            advances=found.advances if found else Decimal(0),
        ),
    )


def figures_of(invoice: Invoice) -> Figures | None:
    """Return what else was found when an invoice was priced; None for one that was issued without it."""
    return decode(invoice.figures, Figures) if invoice.figures else None


class _Said(msgspec.Struct, frozen=True):
    """What people said in a process, as its decision tells it."""

    kept: tuple[Kept, ...] = ()


class _Journaled(msgspec.Struct, frozen=True):
    decision: _Said


def kept_for(order: Order) -> tuple[Kept, ...]:
    """Return what people answered for the order so far, the oldest first.

    What led to an invoice is kept with it, for ever. What did not, because another version came first, stands in the
    journal of its process, for as long as that is kept.
    """
    invoices = Invoice.objects.filter(order=order).order_by("id").values_list("figures", flat=True)
    found = [each for figures in invoices if figures for each in decode(figures, _Said).kept]
    if order.last_version > 1:
        told = Step.objects.filter(
            process__tags__contains=[f"order:{order.pk}"], process__workflow="invoice-order",
            key__startswith="decide", done=True,
        ).exclude(output=NOTHING).order_by("process__seq", "id")  # fmt: skip
        for output in told.values_list("output", flat=True):
            found += decode(output or "", _Journaled).decision.kept
    return tuple(dict.fromkeys(found))


def _recipient(invoice: Invoice) -> Party | None:
    """Return the recipient as the invoice shows it; its address is the printed lines."""
    if not invoice.recipient_name:
        return None
    return Party(
        name=invoice.recipient_name,
        tax_id=invoice.recipient_nif,
        id_type=invoice.recipient_id_type,
        id_country=invoice.recipient_country,
        email=invoice.recipient_email,
        address=Address(lines=tuple(invoice.recipient_address)),
    )


def _referred(each: InvoiceReference) -> Referred:
    return Referred(invoice_id=each.invoice_id, nif=each.nif, num_serie=each.num_serie, issue_date=each.issue_date)


def _by_hand(order: Order) -> ByHand | None:
    """Return the newest version that a person saw to outside, with the refunds of all of them.

    :raises Forgotten: when that version is redacted.
    """
    settlements = list(order.settlements.order_by("id"))
    if not settlements:
        return None
    newest = max(settlements, key=lambda settlement: settlement.version)
    version = order.snapshots.filter(kind="order", version__lte=newest.version).order_by("-version").first()
    if version is None:
        return None
    if version.redacted:
        raise Forgotten(SEEN_TO)
    refunds = {refund for settlement in settlements for refund in settlement.refunds}
    documented = set(Invoice.objects.filter(order=order, purpose="refund").values_list("refund", flat=True))
    return ByHand(
        version=newest.version,
        content=decode(version.content, OrderContent),
        refunds=tuple(sorted(refunds - documented)),
    )


def _unsettled(invoices: list[Invoice], *, after: int) -> tuple[OrderContent, ...]:
    """Return the versions after the settled one from which documents were made, the oldest first."""
    found = {invoice.snapshot.version: invoice.snapshot for invoice in invoices if invoice.snapshot}
    return tuple(decode(found[version].content, OrderContent) for version in sorted(found) if version > after)


def _move(order: Order, move: str) -> None:
    """Move the order if it stands where the move begins; an invoiced one stays invoiced."""
    Order.objects.filter(pk=order.pk, state__in=ORDER_MOVES.sources(move)).update(state=ORDER_MOVES.target(move))
