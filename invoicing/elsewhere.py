"""Orders that another system invoiced: what is given back since corrects that invoice, once it is named. Pure."""

from decimal import Decimal

import msgspec

from invoicing import languages, money, recipients
from invoicing.cases import Case, Decision, identified, price_of
from invoicing.choosing import after_issue
from invoicing.holds import Action, Unpriceable, hold
from invoicing.issued import Issued, IssuedDocument
from invoicing.values import Refund
from verifactu.codes import TipoFactura


def of_an_earlier_invoice(case: Case) -> bool:
    """Tell whether money went back, since we invoice, for an order from before: its invoice is another system's."""
    start, content = case.connection.invoice_from, case.content
    earlier = start is not None and content.placed_at < start and content.paid and not content.test
    return earlier and not content.deleted and bool(_to_rectify(case))


def _to_rectify(case: Case) -> tuple[Refund, ...]:
    """Return the refunds made since this connection invoices, without those that a person saw to."""
    start, by_hand = case.connection.invoice_from, case.issued.by_hand if case.issued else None
    seen_to = by_hand.refunds if by_hand else ()
    return tuple(
        refund
        for refund in case.content.refunds
        if refund.total and start and refund.created_at and refund.created_at >= start
        and refund.external_id not in seen_to
    )  # fmt: skip


def invoiced_elsewhere(case: Case, documents: tuple[IssuedDocument, ...] = ()) -> Decision:
    """Rectify the invoice that another system issued, once a person has named it."""
    case = identified(case)
    refunds, buyer = _to_rectify(case), case.content.buyer
    named = documents[0].rectifies[0] if documents else None
    if named is None and case.original is None:
        refunded = -sum((refund.total for refund in refunds), Decimal(0))
        return Decision(action="hold", hold=hold("original_elsewhere", refunded=refunded))
    simplified = (
        documents[0].tipo == TipoFactura.R5.value if documents else bool(case.original and case.original.simplified)
    )
    if not simplified and (held := recipients.trouble(buyer, (Action.ISSUE_SIMPLIFIED,), accepted=case.accepted)):
        return Decision(action="hold", hold=held)
    try:
        priced = price_of(case, case.content, money.Vat(recipients.needs_check(case.content)))
    except Unpriceable as error:
        return Decision(action="hold", hold=error.hold)
    foreign = IssuedDocument(
        id=None,
        purpose="sale",
        tipo=(TipoFactura.F2 if simplified else TipoFactura.F1).value,
        nif=case.company.nif,
        num_serie=named.num_serie if named else case.original.number if case.original else "",
        issue_date=named.issue_date if named else case.original.date if case.original else case.today,
        shares=priced.shares,
        exchange=priced.exchange,
        foreign=priced.foreign,
        mentions=priced.mentions,
        recipient=None if simplified else recipients.as_known(buyer),
        email=buyer.email,
        language=languages.choose(case.content, case.company.language),
    )
    content = msgspec.structs.replace(case.content, refunds=refunds, cancelled=False)
    known = Issued(documents=(foreign, *documents), settled=content, versions=(0,) * (1 + len(documents)))
    return after_issue(msgspec.structs.replace(case, content=content), known)
