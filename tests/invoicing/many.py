"""Many invoices at once, sealed and chained rows of every kind that an export meets, without issuing each."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings

from invoicing.models import Company, Invoice, InvoiceLine, Series
from invoicing.values import TaxShare
from verifactu.models import Installation, Record
from workflows.encoding import encode

NAMES = (
    "Lucía Ferrer", "Ferretería Soler SL", '=HYPERLINK("http://malo.example";"clic")', "+34 600 000 000", "@ana",
    "-1+1", 'La "Parada"; Hijos', "Línea\nrota", "\tTabulado", "O'Neill & Söhne 🧾", "",
)  # fmt: skip
"""Customers, some of whom are up to no good, and one unknown."""
STATES = ("acknowledged", "issued", "acknowledged_with_errors", "rejected", "rectified")
CHUNK = 2000


def many_invoices(
    company: Company, count: int, *, first: date, a_day: int = 1000, code: str = "M", environment: str = ""
) -> None:
    """Write `count` invoices dated from `first` on, so many a day, in a series of their own."""
    installation = Installation.objects.get(taxpayer=company.taxpayer, active=True)
    before = Record.objects.filter(installation=installation).count()
    series = Series.objects.create(
        company=company, environment=environment or settings.AEAT_ENVIRONMENT, kind="complete", code=code,
        year=first.year, first_number=1, next_number=count + 1,
    )  # fmt: skip
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        made = [_invoice(company, series, installation, n, before, first, a_day) for n in numbers]
        Record.objects.bulk_create([record for _, record, _ in made])
        Invoice.objects.bulk_create([invoice for invoice, _, _ in made])
        InvoiceLine.objects.bulk_create([line for _, _, line in made])


def _invoice(
    company: Company, series: Series, installation: Installation, n: int, before: int, first: date, a_day: int
) -> tuple[Invoice, Record, InvoiceLine]:
    day = first + timedelta(days=n // a_day)
    at = datetime.combine(day, time(12), UTC) + timedelta(seconds=n % a_day)
    sign = -1 if n % 50 == 49 else 1
    base = Decimal(sign * (1000 + 37 * n % 99_000)) / 100
    exempt = n % 20 == 7
    tax = Decimal("0.00") if exempt else (base * Decimal("0.21")).quantize(Decimal("0.01"))
    taxed = TaxShare(calificacion="S1", rate=Decimal(21), base=base, tax=tax)
    share = TaxShare(exencion="E1", base=base) if exempt else taxed
    number = f"{series}-{n + 1:06d}"
    tipo = "R5" if sign < 0 else "F1" if NAMES[n % len(NAMES)] else "F2"
    huella = hashlib.sha256(number.encode()).hexdigest().upper()
    record = Record(
        installation=installation, seq=before + n + 1, operation="Alta", id_emisor=company.taxpayer.nif,
        num_serie=number, fecha_expedicion=f"{day:%d-%m-%Y}", tipo_factura=tipo, importe_total=f"{base + tax:.2f}",
        huella=huella, huella_anterior="" if before + n == 0 else "F" * 64, generated_at=at,
        xml=f"<RegistroAlta>{number}</RegistroAlta>", state="accepted", csv=f"A-{n:08d}" if n % 5 != 1 else "",
        verdict_at=at,
    )  # fmt: skip
    invoice = Invoice(
        company=company, series=series, number=n + 1, num_serie=number, tipo=tipo, issue_date=day,
        operation_date=day - timedelta(days=1) if n % 3 == 0 else None, issued_at=at,
        environment=series.environment, issuer_name=company.taxpayer.name, issuer_nif=company.taxpayer.nif,
        issuer_address=company.postal_lines, recipient_name=NAMES[n % len(NAMES)],
        recipient_nif="B12345674" if n % 2 else "", shares=encode((share,)), base_total=base, tax_total=tax,
        total=base + tax, platform_tax=tax, rounding=Decimal("0.00"), qr_url="https://example.com/qr", record=record,
        state=STATES[n % len(STATES)],
    )  # fmt: skip
    line = InvoiceLine(
        invoice=invoice, position=1, description="Género", quantity=Decimal(1), unit_price=base, discount=Decimal(0),
        rate=None if exempt else Decimal(21), base=base, gross=base + tax,
    )  # fmt: skip
    invoice.new_lines = [line]
    return invoice, record, line
