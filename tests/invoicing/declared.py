"""Invoices of any kind with real records: chained, sealed, held against the AEAT's schema and rules as they are made.

The invoice's own row is written here; what the AEAT is told of it goes through the product's chain.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from common import clock
from common.ids import uuid7
from invoicing.models import Company, Invoice, InvoiceLine, Series
from invoicing.values import TaxShare
from verifactu import chain
from verifactu.models import Record
from verifactu.records import (
    DetalleDesglose,
    IDFactura,
    IDOtro,
    ImporteRectificacion,
    PersonaFisicaJuridica,
    RegistroAlta,
    fecha,
    fecha_hora_huso,
    importe,
    tipo,
)
from workflows.encoding import encode

SOLER = PersonaFisicaJuridica(NombreRazon="Ferretería Soler SL", NIF="B12345674")
FRENCH = PersonaFisicaJuridica(NombreRazon="Boulangerie Dupont", IDOtro=IDOtro(IDType="02", ID="FR40303265045"))
ITALIAN = PersonaFisicaJuridica(NombreRazon="Officina Rossi", IDOtro=IDOtro(IDType="02", ID="IT00743110157"))
AMERICAN = PersonaFisicaJuridica(NombreRazon="Smith Inc", IDOtro=IDOtro(CodigoPais="US", IDType="04", ID="12-3456789"))

CHUNK = 2000


def row(
    base: str, rate: str = "", tax: str = "", *, surcharge: tuple[str, str] | None = None, **codes: str
) -> TaxShare:
    """Return a row of a breakdown, S1 where nothing else is said."""
    return TaxShare(
        base=Decimal(base),
        rate=Decimal(rate) if rate else None,
        tax=Decimal(tax) if tax else None,
        surcharge_rate=Decimal(surcharge[0]) if surcharge else None,
        surcharge=Decimal(surcharge[1]) if surcharge else None,
        **(codes or {"calificacion": "S1"}),
    )


def declare(
    company: Company,
    kind: str,
    day: date,
    *rows: TaxShare,
    to: PersonaFisicaJuridica | None = SOLER,
    operation: date | None = None,
    rectifies: tuple[Invoice, ...] = (),
    substitutes: tuple[Invoice, ...] = (),
    replaced: tuple[str, str, str] | None = None,
    state: str = "issued",
    **more: Any,
) -> Invoice:
    """Write an invoice of a day and append its record; `more` are further columns of the invoice."""
    series, _ = Series.objects.get_or_create(
        company=company, environment=settings.AEAT_ENVIRONMENT, kind="corrective" if kind[0] == "R" else "complete",
        year=day.year, defaults={"code": "R" if kind[0] == "R" else "A"},
    )  # fmt: skip
    Series.objects.filter(pk=series.pk).update(next_number=series.next_number + 1)
    tax = sum(((each.tax or 0) + (each.surcharge or 0) for each in rows), Decimal(0))
    base = sum((each.base for each in rows), Decimal(0))
    with transaction.atomic():
        head = chain.lock(tenant=company.tenant)
        stamp = head.stamp(clock.now())
        number = f"{series}-{series.next_number:06d}"
        invoice = Invoice(
            id=uuid7(), company=company, series=series, number=series.next_number, num_serie=number, tipo=kind,
            issue_date=day, operation_date=operation, issued_at=stamp, environment=settings.AEAT_ENVIRONMENT,
            issuer_name=company.taxpayer.name, issuer_nif=company.taxpayer.nif, issuer_address=company.postal_lines,
            recipient_name=to.NombreRazon if to else "", recipient_nif=_identity(to), shares=encode(rows),
            base_total=base, tax_total=tax, total=base + tax, platform_tax=tax, rounding=Decimal("0.00"),
            qr_url="https://example.com/qr", record_id=uuid7(), purpose=f"test {number}",
            method="" if kind[0] != "R" else "S" if replaced else "I", **_columns(replaced), **more,
        )  # fmt: skip
        line = InvoiceLine(
            invoice=invoice, position=1, description="Género", quantity=Decimal(1), unit_price=base,
            discount=Decimal(0), rate=None, base=base, gross=base + tax,
        )  # fmt: skip
        invoice.new_lines = [line]
        registro = _registro(invoice, rows, to, head, rectifies, substitutes, replaced, fecha_hora_huso(stamp))
        invoice.seal = invoice.compute_seal()
        chain.append(
            head, registro, id=_id(invoice.record_id), stamp=stamp, covers=invoice.seal,
            answer_token=f"invoice:{invoice.pk}", now=stamp,
        )  # fmt: skip
        invoice.save()
        line.save()
    accept(invoice.record_id)
    if state != "issued":
        Invoice.objects.filter(pk=invoice.pk).update(state=state)
    return Invoice.objects.get(pk=invoice.pk)


def accept(record: Any, verdict: str = "accepted") -> None:
    """Have the AEAT answer for a record."""
    for state in ("in_flight", verdict):
        Record.objects.filter(pk=record).update(state=state)


def many(company: Company, count: int, *, first: date, a_day: int = 1000) -> None:
    """Write `count` invoices like one that was declared: 100 euros at 21 % and 50 at 10 %, with records that are read.

    Nobody chained the copies; a book does not look at chains.
    """
    one = declare(company, "F1", first, row("100", "21", "21"), row("50", "10", "5"))
    record = one.record
    for start in range(1, count, CHUNK):
        records, invoices = [], []
        for n in range(start, min(start + CHUNK, count)):
            on = first + timedelta(days=n // a_day)
            number = f"{one.series}-{one.number + n:06d}"
            copy = Record(
                installation=record.installation, seq=record.seq + n, operation="Alta", id_emisor=record.id_emisor,
                num_serie=number, fecha_expedicion=fecha(on), tipo_factura="F1", importe_total=record.importe_total,
                huella=f"{n:064X}", huella_anterior="F" * 64, generated_at=record.generated_at, state="accepted",
                xml=record.xml.replace(one.num_serie, number).replace(record.fecha_expedicion, fecha(on)),
            )  # fmt: skip
            values = {f.attname: getattr(one, f.attname) for f in Invoice._meta.concrete_fields if f.name != "seal"}
            invoice = Invoice(**{**values, "id": uuid7(), "number": one.number + n, "num_serie": number,
                                 "issue_date": on, "purpose": f"test {number}", "record_id": copy.pk})  # fmt: skip
            invoice.new_lines = []
            records.append(copy)
            invoices.append(invoice)
        Record.objects.bulk_create(records)
        Invoice.objects.bulk_create(invoices)


def _id(value: Any) -> UUID:
    assert isinstance(value, UUID)
    return value


def _columns(replaced: tuple[str, str, str] | None) -> dict[str, Decimal | None]:
    if replaced is None:
        return {}
    base, tax, surcharge = (Decimal(each) if each else None for each in replaced)
    return {"replaced_base": base, "replaced_tax": tax, "replaced_surcharge": surcharge}


def _identity(to: PersonaFisicaJuridica | None) -> str:
    if to is None:
        return ""
    return to.IDOtro.ID if to.IDOtro else to.NIF


def _named(invoices: tuple[Invoice, ...]) -> tuple[IDFactura, ...]:
    return tuple(IDFactura(IDEmisorFactura=each.issuer_nif, NumSerieFactura=each.num_serie,
                           FechaExpedicionFactura=fecha(each.issue_date)) for each in invoices)  # fmt: skip


def _registro(
    invoice: Invoice,
    rows: tuple[TaxShare, ...],
    to: PersonaFisicaJuridica | None,
    head: chain.Head,
    rectifies: tuple[Invoice, ...],
    substitutes: tuple[Invoice, ...],
    replaced: tuple[str, str, str] | None,
    stamp: str,
) -> RegistroAlta:
    return RegistroAlta(
        IDFactura=_named((invoice,))[0],
        NombreRazonEmisor=invoice.issuer_name,
        TipoFactura=invoice.tipo,
        TipoRectificativa="" if invoice.tipo[0] != "R" else "S" if replaced else "I",
        FacturasRectificadas=_named(rectifies),
        FacturasSustituidas=_named(substitutes),
        ImporteRectificacion=ImporteRectificacion(
            BaseRectificada=replaced[0], CuotaRectificada=replaced[1], CuotaRecargoRectificado=replaced[2]
        )
        if replaced
        else None,
        FechaOperacion=fecha(invoice.operation_date) if invoice.operation_date else "",
        DescripcionOperacion="Género",
        Destinatarios=(to,) if to else (),
        Desglose=tuple(_detalle(each) for each in rows),
        CuotaTotal=importe(invoice.tax_total),
        ImporteTotal=importe(invoice.total),
        Encadenamiento=head.encadenamiento(),
        SistemaInformatico=head.sistema(),
        FechaHoraHusoGenRegistro=stamp,
    )


def _detalle(share: TaxShare) -> DetalleDesglose:
    return DetalleDesglose(
        Impuesto=share.impuesto,
        ClaveRegimen=share.clave_regimen,
        CalificacionOperacion=share.calificacion,
        OperacionExenta=share.exencion,
        TipoImpositivo=tipo(share.rate) if share.rate is not None else "",
        BaseImponibleOimporteNoSujeto=importe(share.base),
        CuotaRepercutida=importe(share.tax) if share.tax is not None else "",
        TipoRecargoEquivalencia=tipo(share.surcharge_rate) if share.surcharge_rate is not None else "",
        CuotaRecargoEquivalencia=importe(share.surcharge) if share.surcharge is not None else "",
    )
