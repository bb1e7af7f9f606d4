"""An issued invoice as the plain values that fill its printed page."""

from invoicing.mentions import mention
from invoicing.models import Invoice
from invoicing.values import PricedLine, PrintedInvoice, PrintedParty, TaxShare
from workflows.encoding import decode

TITLES = {
    "F1": "Factura", "F2": "Factura simplificada", "F3": "Factura en sustitución de simplificadas",
    "R1": "Factura rectificativa", "R2": "Factura rectificativa", "R3": "Factura rectificativa",
    "R4": "Factura rectificativa", "R5": "Factura rectificativa",
}  # fmt: skip


def printed(invoice: Invoice) -> PrintedInvoice:
    """Return what is printed; everything comes from the frozen rows (two queries)."""
    return PrintedInvoice(
        title=TITLES[invoice.tipo],
        number=invoice.num_serie,
        series=str(invoice.series),
        tipo=invoice.tipo,
        issue_date=invoice.issue_date,
        operation_date=invoice.operation_date,
        issuer=PrintedParty(name=invoice.issuer_name, tax_id=invoice.issuer_nif, address=tuple(invoice.issuer_address)),
        recipient=PrintedParty(
            name=invoice.recipient_name,
            tax_id=invoice.recipient_nif,
            address=tuple(invoice.recipient_address),
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
    )
