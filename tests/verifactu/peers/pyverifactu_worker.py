"""A process of its own in which `verifactu` is pyverifactu: both packages claim that name.

Started with `python -I`, so that this repository is not on the path. A line of JSON in is one record (its attributes
by the AEAT's names); a line of JSON out is what pyverifactu makes of it: `huella`, `xml`, or the `error` raised.
"""

import json
import sys
from datetime import datetime
from typing import Any

from verifactu.models.computer_system import ComputerSystem
from verifactu.models.records import (
    BreakdownDetails,
    CancellationRecord,
    FiscalIdentifier,
    ForeignFiscalIdentifier,
    InvoiceIdentifier,
    RegistrationRecord,
)
from verifactu.services.aeat_client import AeatClient


def main() -> None:
    """Answer line by line until the input ends."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def answer(registro: dict[str, Any]) -> dict[str, str]:
    """Return huella and XML of one record, or the error; an error of the XML leaves the huella."""
    told: dict[str, str] = {}
    try:
        made = alta(registro) if "Desglose" in registro else anulacion(registro)
        made.hash = made.calculate_hash()
        told["huella"] = made.hash
        told["xml"] = client(registro)._build_xml_request([made])
    except (ValueError, AttributeError) as error:  # pydantic's refusals are ValueErrors
        told["error"] = f"{type(error).__name__}: {error}"
    return told


def alta(r: dict[str, Any]) -> Any:
    """Translate an alta."""
    amounts = r["ImporteRectificacion"] or {}
    return RegistrationRecord(
        **common(r),
        invoice_id=reference(r["IDFactura"]),
        issuer_name=r["NombreRazonEmisor"],
        invoice_type=r["TipoFactura"],
        description=r["DescripcionOperacion"],
        recipients=[person(who) for who in r["Destinatarios"]],
        corrective_type=r["TipoRectificativa"] or None,
        corrected_invoices=[reference(id) for id in r["FacturasRectificadas"]],
        replaced_invoices=[reference(id) for id in r["FacturasSustituidas"]],
        corrected_base_amount=amounts.get("BaseRectificada"),
        corrected_tax_amount=amounts.get("CuotaRectificada"),
        breakdown=[
            BreakdownDetails(
                tax_type=line["Impuesto"],
                regime_type=line["ClaveRegimen"],
                operation_type=line["CalificacionOperacion"] or line["OperacionExenta"],
                tax_rate=line["TipoImpositivo"] or None,
                base_amount=line["BaseImponibleOimporteNoSujeto"],
                tax_amount=line["CuotaRepercutida"] or None,
            )
            for line in r["Desglose"]
        ],
        total_tax_amount=r["CuotaTotal"],
        total_amount=r["ImporteTotal"],
    )


def anulacion(r: dict[str, Any]) -> Any:
    """Translate an anulación."""
    id = r["IDFactura"]
    annulled = InvoiceIdentifier(
        issuer_id=id["IDEmisorFacturaAnulada"],
        invoice_number=id["NumSerieFacturaAnulada"],
        issue_date=day(id["FechaExpedicionFacturaAnulada"]),
    )
    return CancellationRecord(**common(r), invoice_id=annulled, without_prior_record=r["SinRegistroPrevio"] == "S")


def common(r: dict[str, Any]) -> dict[str, Any]:
    """Return what both kinds of record have."""
    link = r["Encadenamiento"]
    return {
        "previous_invoice_id": reference(link) if link else None,
        "previous_hash": link["Huella"] if link else None,
        "hashed_at": datetime.fromisoformat(r["FechaHoraHusoGenRegistro"]),
        "previous_rejection": r["RechazoPrevio"] or None,
        "correction": r.get("Subsanacion") or None,
        "external_reference": r["RefExterna"] or None,
    }


def person(who: dict[str, Any]) -> Any:
    """Translate a recipient."""
    other = who["IDOtro"]
    if not other:
        return FiscalIdentifier(name=who["NombreRazon"], nif=who["NIF"])
    return ForeignFiscalIdentifier(
        name=who["NombreRazon"], country=other["CodigoPais"], type=other["IDType"], value=other["ID"]
    )


def reference(id: dict[str, Any]) -> Any:
    """Translate the identity of an invoice."""
    return InvoiceIdentifier(
        issuer_id=id["IDEmisorFactura"],
        invoice_number=id["NumSerieFactura"],
        issue_date=day(id["FechaExpedicionFactura"]),
    )


def client(r: dict[str, Any]) -> Any:
    """Return the client that writes the XML; it is never asked to send."""
    s = r["SistemaInformatico"]
    system = ComputerSystem(
        vendor_name=s["NombreRazon"],
        vendor_nif=s["NIF"],
        name=s["NombreSistemaInformatico"],
        id=s["IdSistemaInformatico"],
        version=s["Version"],
        installation_number=s["NumeroInstalacion"],
        only_supports_verifactu=s["TipoUsoPosibleSoloVerifactu"] == "S",
        supports_multiple_taxpayers=s["TipoUsoPosibleMultiOT"] == "S",
        has_multiple_taxpayers=s["IndicadorMultiplesOT"] == "S",
    )
    return AeatClient(system, FiscalIdentifier(name="Almacenes La Encina SL", nif="B12345674"))


def day(text: str) -> datetime:
    """Return a date as pyverifactu takes it."""
    return datetime(int(text[6:]), int(text[3:5]), int(text[:2]))  # noqa: DTZ001 (it wants it so)


if __name__ == "__main__":
    main()
