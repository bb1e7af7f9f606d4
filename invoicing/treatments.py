"""What a person, a setting or an order may say of a line, as short codes; and the regimes of an issuer. Pure.

A code is an exemption (E1…), S2, N1, N2, or S1:21, a rate whose tax is inside the amount.
"""

from datetime import date
from decimal import Decimal, InvalidOperation

import msgspec

from invoicing.rates import charged_rate
from verifactu.codes import (
    CalificacionOperacion,
    ClaveRegimenIGIC,
    ClaveRegimenIPSI,
    ClaveRegimenIVA,
    Impuesto,
    OperacionExenta,
)


class Treatment(msgspec.Struct, frozen=True, kw_only=True):
    """How a line is declared; lines that are declared alike make one row of the breakdown."""

    impuesto: str = Impuesto.IVA.value
    clave_regimen: str = ClaveRegimenIVA.GENERAL.value
    calificacion: str = ""
    exencion: str = ""
    rate: Decimal | None = None
    surcharge_rate: Decimal | None = None
    foreign_rate: Decimal | None = None
    """The rate of another member state, whose tax is no part of the invoice's total."""
    inside: bool = False
    """Whether the amount holds the tax, whatever the order says of its prices: the shop charged none."""
    whole: bool = False
    """Whether what was paid is declared whole and no tax is shown (second-hand goods)."""
    mention: str = ""
    because: str = ""

    @property
    def declared(self) -> tuple[object, ...]:
        """What tells one row from another."""
        return (
            self.impuesto, self.clave_regimen, self.calificacion, self.exencion, self.rate, self.surcharge_rate,
            self.foreign_rate, self.whole,
        )  # fmt: skip


REGIMES: dict[str, dict[str, tuple[str, str]]] = {
    Impuesto.IVA.value: {
        "general": (ClaveRegimenIVA.GENERAL.value, ""),
        "cash": (ClaveRegimenIVA.CRITERIO_CAJA.value, "cash_accounting"),
        # Only when the issuer is in it, unconfirmed: peers put it also where the buyer is (fiscal-policy.md, Taxes).
        "surcharge": (ClaveRegimenIVA.RECARGO_EQUIVALENCIA.value, ""),
        "simplified": (ClaveRegimenIVA.SIMPLIFICADO.value, ""),
    },
    Impuesto.IGIC.value: {
        "general": (ClaveRegimenIGIC.GENERAL.value, ""),
        "cash": (ClaveRegimenIGIC.CRITERIO_CAJA.value, "cash_accounting"),
        "simplified": (ClaveRegimenIGIC.SIMPLIFICADO.value, ""),
        "retail": (ClaveRegimenIGIC.COMERCIANTE_MINORISTA.value, ""),
        "small": (ClaveRegimenIGIC.PEQUENO_EMPRESARIO.value, ""),
    },
    Impuesto.IPSI.value: {
        "general": (ClaveRegimenIPSI.GENERAL.value, ""),
        "simplified": (ClaveRegimenIPSI.ESTIMACION_OBJETIVA.value, ""),
        "ceuta_73": (ClaveRegimenIPSI.ORDENANZA_CEUTA.value, ""),
    },
}
"""Tax -> regime of the issuer (Company.regime) -> (ClaveRegimen of its sales at home, mention)."""

EXEMPT_REGIMES: dict[tuple[str, str], Treatment] = {
    (Impuesto.IGIC.value, regime): Treatment(
        impuesto=Impuesto.IGIC.value,
        clave_regimen=key.value,
        exencion=OperacionExenta.E1.value,
        mention=mention,
        because="exempt_by_regime",
    )
    for regime, key, mention in (
        ("retail", ClaveRegimenIGIC.COMERCIANTE_MINORISTA, "retail_trader"),
        ("small", ClaveRegimenIGIC.PEQUENO_EMPRESARIO, "small_business"),
    )
}
"""Regimes whose issuer charges no tax at home: what comes untaxed is exempt, not of unknown cause. Unconfirmed."""

_EXEMPTIONS = {
    Impuesto.IVA.value: ("E1", "E2", "E3", "E4", "E6"),
    Impuesto.IGIC.value: ("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8"),
    Impuesto.IPSI.value: ("E1", "E2", "E3", "E4", "E6"),
}
"""What may be chosen. E5 of the IVA may not: it follows from a VAT number that VIES knows."""
_COMMON_RATES = {
    Impuesto.IVA.value: ("21", "10", "4"),
    Impuesto.IGIC.value: ("7", "3", "0", "9.5", "15", "20"),
    Impuesto.IPSI.value: ("0.5", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"),
}
NAMES = {
    "S1": ("{rate} %, dentro del importe", "{rate} %, inside the amount"),
    "S2": ("inversión del sujeto pasivo", "reverse charge"),
    "N1": ("no sujeta", "not subject"),
    "N2": ("no sujeta por reglas de localización", "not subject: place of supply elsewhere"),
}


def codes(impuesto: str = Impuesto.IVA.value) -> tuple[str, ...]:
    """Return the codes that may be chosen under a tax, the commonest first."""
    rates = tuple(f"S1:{rate}" for rate in _COMMON_RATES[impuesto])
    return (*rates, *_EXEMPTIONS[impuesto], "S2", "N1", "N2")


def named(code: str, language: str = "es") -> str:
    """Return a code in words."""
    kind, _, rate = code.partition(":")
    if kind in NAMES:
        return NAMES[kind][language == "en"].format(rate=rate)
    if kind in OperacionExenta.__members__:
        return f"{kind}: {OperacionExenta(kind).nombre}" if language != "en" else f"exempt ({kind})"
    return code


def by_code(code: str, impuesto: str, on: date) -> Treatment:
    """Return what a code means under the issuer's tax on a day.

    :raises ValueError: when it is no code, or no rate of that day.
    """
    kind, _, text = code.partition(":")
    if kind == "S1":
        return Treatment(impuesto=impuesto, calificacion="S1", rate=_rate(text, impuesto, on), inside=True)
    if text or code not in codes(impuesto):
        raise ValueError(f"{code!r} is no treatment; choose one of {', '.join(codes(impuesto))}")
    match code:
        case "S2":
            return Treatment(impuesto=impuesto, calificacion="S2", rate=Decimal(0), mention="reverse_charge")
        case "N1":
            mention = "not_subject" if impuesto == Impuesto.IVA else "not_subject_other"
            return Treatment(impuesto=impuesto, calificacion=CalificacionOperacion.N1.value, mention=mention)
        case "N2":
            names = {Impuesto.IVA: "elsewhere", Impuesto.IGIC: "elsewhere_igic", Impuesto.IPSI: "elsewhere_ipsi"}
            mention = names[Impuesto(impuesto)]
            return Treatment(impuesto=impuesto, calificacion=CalificacionOperacion.N2.value, mention=mention)
    return Treatment(
        impuesto=impuesto,
        # E2 and E3 are not admitted under regime 01 (1199); IPSI has no regime of export.
        clave_regimen="02" if code in ("E2", "E3") and impuesto != Impuesto.IPSI else "01",
        exencion=code,
        mention=_exemption_mention(code, impuesto),
    )


def _rate(text: str, impuesto: str, on: date) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no rate") from None
    if not rate.is_finite() or not charged_rate(rate, on, impuesto):
        raise ValueError(f"{text} % is no rate on {on.isoformat()}")
    return rate


def _exemption_mention(code: str, impuesto: str) -> str:
    exports = {Impuesto.IVA: "export", Impuesto.IGIC: "igic_export", Impuesto.IPSI: "ipsi_export"}
    if code == "E2":
        return exports[Impuesto(impuesto)]
    return f"exempt_{code}" if impuesto == Impuesto.IVA and code in ("E1", "E3", "E4") else "exempt"
