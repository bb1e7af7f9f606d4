"""How a declared row counts in the tax's returns: one word for it, from the codes of its record. Pure."""

from enum import StrEnum

from invoicing.books.reading import Effect

VAT_NUMBER = "02"


class Treatment(StrEnum):
    """What the returns tell apart; the value is the Spanish name under which what has no box is shown."""

    CHARGED = "sujetas, con IVA repercutido"
    REVERSE = "sujetas, con inversión del sujeto pasivo"
    EU = "entregas y servicios intracomunitarios"
    EXPORT = "exportaciones y asimiladas"
    EXEMPT = "exentas sin derecho a deducción (art. 20)"
    EXEMPT_OTHER = "exentas por otras causas (E6)"
    PLACE = "no sujetas por reglas de localización"
    OSS = "no sujetas, en ventanilla única"
    OSS_CHARGED = "sujetas, en ventanilla única"
    OUTSIDE = "no sujetas por los arts. 7, 14 y otros (N1)"
    CASH = "criterio de caja"
    USED = "bienes usados, arte y antigüedades"
    TRAVEL = "agencias de viajes"
    SIMPLIFIED = "régimen simplificado"
    FARMING = "agricultura, ganadería y pesca"
    RETAIL = "minoristas en recargo de equivalencia"
    OTHER_TAX = "IGIC, IPSI u otro impuesto"


_REGIMES = {
    "07": Treatment.CASH, "18": Treatment.RETAIL, "19": Treatment.FARMING, "20": Treatment.SIMPLIFIED,
}  # fmt: skip
"""Regimes (L8A) that decide by themselves how a charged row counts."""
_MARGINS = {"03": Treatment.USED, "05": Treatment.TRAVEL}
_EXEMPT = {
    "E1": Treatment.EXEMPT, "E2": Treatment.EXPORT, "E3": Treatment.EXPORT, "E4": Treatment.EXPORT,
    "E5": Treatment.EU, "E6": Treatment.EXEMPT_OTHER,
}  # fmt: skip


def treatment(effect: Effect) -> Treatment:
    """Return how a row counts.

    Services to a company of another member state are told from other operations located elsewhere by its VAT number
    (IDType 02), the only thing in a record that does.
    """
    share = effect.share
    if share.impuesto != "01":
        return Treatment.OTHER_TAX
    if share.exencion:
        return _EXEMPT[share.exencion]
    if share.calificacion == "S2":
        return Treatment.REVERSE
    if share.calificacion == "S1":
        if share.regimen == "17":
            return Treatment.OSS_CHARGED
        return _REGIMES.get(share.regimen) or _MARGINS.get(share.regimen, Treatment.CHARGED)
    if share.regimen == "17":
        return Treatment.OSS
    if share.calificacion == "N1":
        return Treatment.OUTSIDE
    return Treatment.EU if effect.of.id_type == VAT_NUMBER and share.regimen != "08" else Treatment.PLACE


def operation_key(effect: Effect) -> str:
    """Return the key of modelo 349: E for goods (art. 25), S for services, empty for what is not declared there."""
    if treatment(effect) != Treatment.EU or effect.of.id_type != VAT_NUMBER:
        return ""
    return "E" if effect.share.exencion == "E5" else "S"
