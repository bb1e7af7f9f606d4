"""Which document an order asks for: complete or simplified, and after its invoice what corrects it. Pure."""

from datetime import date
from decimal import Decimal

import msgspec

from invoicing import as_invoiced, languages, recipients
from invoicing.advances import Parts, next_in_parts
from invoicing.cases import (
    F2_LIMIT,
    F2_LIMIT_OF_LISTED_ACTIVITIES,
    Case,
    CompanyPolicy,
    Decision,
    identified,
    kind_in,
    nothing,
    operation_date,
    price_of,
    vat_standing,
)
from invoicing.holds import Action, Hold, hold
from invoicing.issued import Issued
from invoicing.rectifying import Asked, next_document
from invoicing.values import OrderContent, Party, Priced, Wanted
from verifactu.codes import TipoFactura

WITHOUT_NIF = "Sin NIF y hasta el límite: simplificada."
LOCATED_ELSEWHERE = "Localizada fuera: el destinatario no ha de identificarse (art. 6.1.d RD 1619/2012)."


def document(case: Case, priced: Priced, operation: date | None) -> Wanted | Hold:
    """Choose between a complete and a simplified invoice (fiscal-policy.md, When and what to invoice)."""
    buyer, limit = case.content.buyer, f2_limit(case.company)
    reference = case.content.invoiced_elsewhere
    note = f"Otro sistema la numeró {reference}." if reference else ""
    above = priced.paid > limit
    if case.simplified or not buyer.tax_id:
        if needs := recipients.needs_recipient(priced):
            return hold("complete_invoice_required", treatment=needs)
        unnamed = above and recipients.located_elsewhere(priced) and buyer.name and recipients.complete(buyer.address)
        if above and not unnamed:
            return hold("nif_required", total=priced.total, limit=limit)
        return Wanted(
            tipo=TipoFactura.F2.value,
            recipient=msgspec.structs.replace(buyer, tax_id="", id_type="", id_country="") if unnamed else None,
            email=buyer.email,
            language=languages.choose(case.content, case.company.language),
            priced=priced,
            operation_date=operation,
            note=" ".join(filter(None, (LOCATED_ELSEWHERE if unnamed else WITHOUT_NIF, note))),
        )
    without = (Action.ISSUE_SIMPLIFIED,) if above else ()
    if held := recipients.trouble(buyer, without, accepted=case.accepted):
        return held
    qualified = case.company.qualified_simplified and not above
    why = "Con NIF y hasta el límite: simplificada cualificada." if qualified else "Con NIF: completa."
    return Wanted(
        tipo=TipoFactura.F1.value,
        qualified=qualified,
        recipient=recipients.as_known(buyer),
        email=buyer.email,
        language=languages.choose(case.content, case.company.language),
        priced=priced,
        operation_date=operation,
        note=" ".join(filter(None, (why, note))),
    )


def f2_limit(company: CompanyPolicy) -> Decimal:
    """Return up to what total (euros with tax) a simplified invoice may be issued: never more than the law allows."""
    return min(company.f2_limit, F2_LIMIT_OF_LISTED_ACTIVITIES if company.f2_activity else F2_LIMIT)


def after_issue(case: Case, issued: Issued) -> Decision:
    """Bring what is issued, of the sale or in advance of it, in line with what the order has become since."""
    case, sale = identified(case), issued.documents[0]
    named = tuple(each.recipient.tax_id for each in issued.documents if each.recipient)
    if isinstance(vat := vat_standing(case, named), Decision):
        return vat
    refunds = as_invoiced.refunds_of(case.content.refunds, sale)
    content = msgspec.structs.replace(case.content, refunds=refunds)
    case = msgspec.structs.replace(case, content=content)

    def reprice(content: OrderContent) -> Priced:
        return price_of(case, content, vat, sale.exchange)

    def choose(priced: Priced, content: OrderContent) -> Wanted | Hold:
        return document(msgspec.structs.replace(case, content=content), priced, None)

    def trouble(buyer: Party) -> Hold | None:
        return recipients.trouble(buyer, (Action.ISSUE_SIMPLIFIED,), accepted=case.accepted)

    asked = Asked(
        content=case.content,
        version=case.version,
        issued=issued,
        reprice=reprice,
        choose=choose,
        recipient_trouble=trouble,
        kind=kind_in(case, case.content, vat),
        asks=case.connection.asks,
    )
    found = next_document(asked) if issued.of("sale") else next_in_parts(asked, _parts(case))
    if isinstance(found, Hold):
        return Decision(action="hold", hold=found)
    if found is None:
        return nothing("Ya facturado, y nada fiscal cambió.")
    return Decision(action="issue", document=found, more=True)


def _parts(case: Case) -> Parts:
    """Return what is known of payments in part."""
    connection = case.connection
    return Parts(
        invoiced=connection.part_payments == "invoice" and connection.trigger == "paid",
        operation=operation_date(case.content, connection.trigger, case.company.zone, case.today),
        accepted=case.accepted,
    )
