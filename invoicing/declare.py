"""Invoice -> RegistroAlta: the single meeting point of the two vocabularies."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from invoicing.models import Invoice
from invoicing.values import TaxShare
from verifactu.chain import Head
from verifactu.records import (
    DetalleDesglose,
    IDFactura,
    ImporteRectificacion,
    PersonaFisicaJuridica,
    RegistroAlta,
    fecha,
    fecha_hora_huso,
    importe,
    texto,
    tipo,
)

MACRODATO = 100_000_000
"""Euros from which a record must say that it is large (verifactu.md 3, codes 1138 and 1139)."""


def registro_alta(
    invoice: Invoice, shares: Sequence[TaxShare], *, head: Head, stamp: datetime, zone: str, description: str
) -> RegistroAlta:
    """Return the record of `invoice`, linked to `head`; date and stamp come from one instant in the issuer's zone."""
    return RegistroAlta(
        IDFactura=IDFactura(
            IDEmisorFactura=invoice.issuer_nif,
            NumSerieFactura=invoice.num_serie,
            FechaExpedicionFactura=fecha(invoice.issue_date),
        ),
        RefExterna=str(invoice.pk),
        NombreRazonEmisor=texto(invoice.issuer_name, 120),
        TipoFactura=invoice.tipo,
        TipoRectificativa=invoice.method,
        FacturasRectificadas=_named(invoice, "rectifies"),
        FacturasSustituidas=_named(invoice, "substitutes"),
        ImporteRectificacion=_importe_rectificacion(invoice),
        FechaOperacion=fecha(invoice.operation_date) if invoice.operation_date else "",
        DescripcionOperacion=texto(description, 500),
        FacturaSimplificadaArt7273="S" if invoice.qualified else "",
        Macrodato="S" if abs(invoice.total) >= MACRODATO else "",
        Destinatarios=_destinatarios(invoice),
        Desglose=tuple(_detalle(share) for share in shares),
        CuotaTotal=importe(invoice.tax_total),
        ImporteTotal=importe(invoice.total),
        Encadenamiento=head.encadenamiento(),
        SistemaInformatico=head.sistema(),
        FechaHoraHusoGenRegistro=fecha_hora_huso(stamp.astimezone(ZoneInfo(zone))),
    )


def _destinatarios(invoice: Invoice) -> tuple[PersonaFisicaJuridica, ...]:
    if not invoice.recipient_nif:
        return ()
    return (PersonaFisicaJuridica(NombreRazon=texto(invoice.recipient_name, 120), NIF=invoice.recipient_nif),)


def _named(invoice: Invoice, relation: str) -> tuple[IDFactura, ...]:
    return tuple(
        IDFactura(
            IDEmisorFactura=each.nif,
            NumSerieFactura=each.num_serie,
            FechaExpedicionFactura=fecha(each.issue_date),
        )
        for each in invoice.sealed_references
        if each.relation == relation
    )


def _importe_rectificacion(invoice: Invoice) -> ImporteRectificacion | None:
    if invoice.replaced_base is None or invoice.replaced_tax is None:
        return None
    surcharge = invoice.replaced_surcharge
    return ImporteRectificacion(
        BaseRectificada=importe(invoice.replaced_base),
        CuotaRectificada=importe(invoice.replaced_tax),
        CuotaRecargoRectificado="" if surcharge is None else importe(surcharge),
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
