"""django-verifactu as a judge: our record in its vocabulary, and what it makes of it.

Only its `aeat` package is imported: by its own promise that core imports no Django, so neither its models nor its
settings are needed here.
"""

from datetime import date, datetime
from decimal import Decimal

from django_verifactu.aeat import codes, domain, qr, validation
from django_verifactu.aeat.records import build_cancellation_record, build_registration_record
from lxml import etree

from verifactu.records import (
    DetalleDesglose,
    Encadenamiento,
    IDFactura,
    PersonaFisicaJuridica,
    Registro,
    RegistroAlta,
    RegistroAnterior,
    RegistroAnulacion,
    SistemaInformatico,
)


def built(registro: Registro) -> etree._Element:
    """Return the record as django-verifactu builds it from the same facts: its own totals, texts, link and huella.

    :raises django_verifactu.aeat.violations.ValidationError: when it finds the record unsound.
    """
    common = {
        "software": _software(registro.SistemaInformatico),
        "previous": _previous(registro.Encadenamiento),
        "generated_at": datetime.fromisoformat(registro.FechaHoraHusoGenRegistro),
    }
    if isinstance(registro, RegistroAlta):
        return build_registration_record(invoice=invoice(registro), **common)
    return build_cancellation_record(cancellation=_cancellation(registro), **common)


def violations(registro: RegistroAlta, *, today: date) -> set[str]:
    """Return the codes of the rules that django-verifactu finds broken."""
    found = validation.validate_invoice(invoice(registro), today)
    found += validation.validate_chain(_previous(registro.Encadenamiento))
    found += validation.validate_software(_software(registro.SistemaInformatico), today)
    return {str(violation.code) for violation in found}


def qr_url(record: etree._Element, *, production: bool) -> str:
    """Return the address that it prints for a record of its own."""
    url: str = qr.qr_url(record, production=production)
    return url


def invoice(r: RegistroAlta) -> domain.Invoice:
    """Translate an alta."""
    amounts = r.ImporteRectificacion
    return domain.Invoice(
        issuer_tax_id=r.IDFactura.IDEmisorFactura,
        issuer_name=r.NombreRazonEmisor,
        invoice_number=r.IDFactura.NumSerieFactura,
        issue_date=_day(r.IDFactura.FechaExpedicionFactura),
        description=r.DescripcionOperacion,
        recipients=tuple(map(_party, r.Destinatarios)),
        lines=tuple(map(_line, r.Desglose)),
        operation_date=_day(r.FechaOperacion) if r.FechaOperacion else None,
        invoice_type=codes.InvoiceType(r.TipoFactura),
        correction_type=codes.CorrectionType(r.TipoRectificativa) if r.TipoRectificativa else None,
        corrected_invoices=tuple(map(_reference, r.FacturasRectificadas)),
        replaced_invoices=tuple(map(_reference, r.FacturasSustituidas)),
        corrected_amounts=domain.CorrectedAmounts(Decimal(amounts.BaseRectificada), Decimal(amounts.CuotaRectificada))
        if amounts
        else None,
        simplified_art_72_73=r.FacturaSimplificadaArt7273 == "S",
        without_recipient_art_61d=r.FacturaSinIdentifDestinatarioArt61d == "S",
        coupon=r.Cupon == "S",
        external_reference=r.RefExterna or None,
        issued_by=codes.IssuedBy(r.EmitidaPorTerceroODestinatario) if r.EmitidaPorTerceroODestinatario else None,
        third_party=_party(r.Tercero) if r.Tercero else None,
        billing_agreement=r.NumRegistroAcuerdoFacturacion or None,
        system_agreement=r.IdAcuerdoSistemaInformatico or None,
        amendment=r.Subsanacion == "S",
        previous_rejection=codes.PreviousRejection(r.RechazoPrevio) if r.RechazoPrevio else None,
    )


def _cancellation(r: RegistroAnulacion) -> domain.Cancellation:
    return domain.Cancellation(
        issuer_tax_id=r.IDFactura.IDEmisorFacturaAnulada,
        invoice_number=r.IDFactura.NumSerieFacturaAnulada,
        issue_date=_day(r.IDFactura.FechaExpedicionFacturaAnulada),
        external_reference=r.RefExterna or None,
        without_previous_record=r.SinRegistroPrevio == "S",
        previous_rejection=r.RechazoPrevio == "S",
        generated_by=codes.GeneratedBy(r.GeneradoPor) if r.GeneradoPor else None,
        generator=_party(r.Generador) if r.Generador else None,
    )


def _line(line: DetalleDesglose) -> domain.TaxLine:
    qualified, exempt = line.CalificacionOperacion, line.OperacionExenta
    return domain.TaxLine(
        base=Decimal(line.BaseImponibleOimporteNoSujeto),
        rate=_amount(line.TipoImpositivo),
        tax=_amount(line.CuotaRepercutida),
        tax_type=codes.TaxType(line.Impuesto),
        regime=codes.RegimeKey(line.ClaveRegimen) if line.ClaveRegimen else None,
        qualification=codes.OperationQualification(qualified) if qualified else None,
        exemption=codes.ExemptionCause(exempt) if exempt else None,
        base_at_cost=_amount(line.BaseImponibleACoste),
        surcharge_rate=_amount(line.TipoRecargoEquivalencia),
        surcharge=_amount(line.CuotaRecargoEquivalencia),
    )


def _party(who: PersonaFisicaJuridica) -> domain.Party:
    other = who.IDOtro
    foreign = domain.ForeignId(codes.IdType(other.IDType), other.ID, other.CodigoPais or None) if other else None
    return domain.Party(who.NombreRazon, tax_id=who.NIF or None, foreign_id=foreign)


def _software(s: SistemaInformatico) -> domain.BillingSoftware:
    return domain.BillingSoftware(
        producer=domain.Party(s.NombreRazon, tax_id=s.NIF),
        name=s.NombreSistemaInformatico,
        system_id=s.IdSistemaInformatico,
        version=s.Version,
        installation_number=s.NumeroInstalacion,
        multiple_taxpayers_possible=s.TipoUsoPosibleMultiOT == "S",
        multiple_taxpayers=s.IndicadorMultiplesOT == "S",
    )


def _previous(link: Encadenamiento) -> domain.PreviousRecord | None:
    if not isinstance(link, RegistroAnterior):
        return None
    return domain.PreviousRecord(
        link.IDEmisorFactura, link.NumSerieFactura, _day(link.FechaExpedicionFactura), link.Huella
    )


def _reference(id: IDFactura) -> domain.InvoiceId:
    return domain.InvoiceId(id.IDEmisorFactura, id.NumSerieFactura, _day(id.FechaExpedicionFactura))


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _day(text: str) -> date:
    return date(int(text[6:]), int(text[3:5]), int(text[:2]))
