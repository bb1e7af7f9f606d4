"""An issued invoice as the plain values that fill its printed page."""

from decimal import Decimal
from uuid import UUID

from invoicing.causes import CAUSES
from invoicing.deciding import figures_of
from invoicing.languages import DEFAULT, address, known
from invoicing.mentions import mention
from invoicing.models import Invoice
from invoicing.models import Letterhead as LetterheadRow
from invoicing.values import (
    Deduction,
    Letterhead,
    Priced,
    PricedLine,
    PrintedInvoice,
    PrintedParty,
    PrintedReference,
    Replaced,
    TaxShare,
)
from workflows.encoding import decode

TITLES = {
    "F1": "Factura", "F2": "Factura simplificada", "F3": "Factura en sustitución de simplificadas",
    "R1": "Factura rectificativa", "R2": "Factura rectificativa", "R3": "Factura rectificativa",
    "R4": "Factura rectificativa", "R5": "Factura rectificativa",
}  # fmt: skip


def printed(invoice: Invoice, *, duplicate: bool = False) -> PrintedInvoice:
    """Return what is printed: everything comes from the frozen rows, but for how the company's paper looks.

    Four queries; `series`, `order` and `record` are better selected with the invoice.
    """
    figures = figures_of(invoice)
    return PrintedInvoice(
        title=TITLES["F2" if invoice.qualified else invoice.tipo],
        number=invoice.num_serie,
        series=str(invoice.series),
        tipo=invoice.tipo,
        issue_date=invoice.issue_date,
        operation_date=invoice.operation_date,
        issuer=PrintedParty(name=invoice.issuer_name, tax_id=invoice.issuer_nif, address=tuple(invoice.issuer_address)),
        recipient=PrintedParty(
            name=invoice.recipient_name,
            tax_id=invoice.recipient_nif,
            address=address(invoice.recipient_address, invoice.language),
            email=invoice.recipient_email,
        )
        if invoice.recipient_name
        else None,
        order_number=str(invoice.order) if invoice.order else "",
        lines=tuple(
            PricedLine(
                description=line.description,
                sku=line.sku,
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount=line.discount,
                rate=line.rate,
                base=line.base,
                gross=line.gross,
            )
            for line in invoice.lines.order_by("position")
        ),
        shares=decode(invoice.shares, tuple[TaxShare, ...]),
        tax_total=invoice.tax_total,
        total=invoice.total,
        mentions=tuple(mention(key, invoice.language) for key in invoice.mentions),
        qr_url=invoice.qr_url,
        environment=invoice.environment,
        language=invoice.language,
        method=invoice.method,
        cause=_cause(invoice),
        references=tuple(
            PrintedReference(number=other.num_serie, issue_date=other.issue_date)
            for other in invoice.references.order_by("position")
        ),
        replaced=Replaced(
            base=invoice.replaced_base,
            tax=invoice.replaced_tax or Decimal(0),
            surcharge=invoice.replaced_surcharge,
        )
        if invoice.replaced_base is not None
        else None,
        qualified=invoice.qualified,
        foreign=figures.foreign if figures else (),
        exchange=figures.exchange if figures else None,
        deductions=_deductions(invoice, figures),
        duplicate=duplicate,
        letterhead=letterhead(invoice.company_id),
        issued_at=invoice.issued_at,
        record_xml=invoice.record.xml,
    )


def letterhead(company_id: UUID) -> Letterhead:
    """Return how the company's paper looks now (one query); the house's own look where it chose none."""
    row = LetterheadRow.objects.filter(company_id=company_id).first()
    return as_printed(row) if row else Letterhead()


def as_printed(row: LetterheadRow) -> Letterhead:
    """Return the letterhead's values, of a row that may not be stored yet."""
    return Letterhead(
        accent=row.accent,
        logo=bytes(row.logo),
        footer=tuple(filter(None, map(str.strip, row.footer.splitlines()))),
        iban=row.iban,
        bank=row.bank,
    )


def _cause(invoice: Invoice) -> str:
    """Return why it corrects, in its language, with what staff wrote beside it."""
    texts = CAUSES.get(invoice.cause)
    said = texts[known(invoice.language) or DEFAULT] if texts else invoice.cause
    return ". ".join(filter(None, (said, invoice.note_for_buyer)))


def _deductions(invoice: Invoice, figures: Priced | None) -> tuple[Deduction, ...]:
    found = []
    if invoice.withholding:
        rate = figures.withholding_rate if figures else None
        found.append(Deduction(kind="withholding", amount=-invoice.withholding, rate=rate))
    if invoice.outlays:
        found.append(Deduction(kind="outlay", amount=invoice.outlays))
    if figures and figures.advances:
        found.append(Deduction(kind="advance", amount=-figures.advances))
    return tuple(found)
