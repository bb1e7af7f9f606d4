"""The lines of the breakdown: qualification, rates, amounts (VAL 1.2.2, Desglose; verifactu.md 4.4)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from verifactu.codes import Impuesto
from verifactu.records import DetalleDesglose, RegistroAlta
from verifactu.rules.facts import COMPLETE, TOLERANCE, amount, is_iva, is_iva_or_igic, lines, reference_date, tax

RATES = frozenset(map(Decimal, ("0", "2", "4", "5", "7.5", "10", "21")))
SURCHARGES = frozenset(map(Decimal, ("0", "0.26", "0.5", "0.62", "1", "1.4", "1.75", "5.2")))

# (rate, code, first day, last day): rates that the law knew for a while only.
_PASSING_RATES = (
    (Decimal(5), "1194", date(2022, 7, 1), date(2024, 9, 30)),
    (Decimal(2), "1235", date(2024, 10, 1), date(2024, 12, 31)),
    (Decimal("7.5"), "1236", date(2024, 10, 1), date(2024, 12, 31)),
)
# (rate, surcharges that may accompany it, code otherwise). 5 % and 0 % depend on the date, below.
_PAIRS = {
    Decimal(21): (frozenset({Decimal("5.2"), Decimal("1.75")}), "1162"),
    Decimal(10): (frozenset({Decimal("1.4")}), "1163"),
    Decimal("7.5"): (frozenset({Decimal(1)}), "1169"),
    Decimal(4): (frozenset({Decimal("0.5")}), "1164"),
    Decimal(2): (frozenset({Decimal("0.26")}), "1166"),
}
_RATE_FIELDS = ("TipoImpositivo", "CuotaRepercutida", "TipoRecargoEquivalencia", "CuotaRecargoEquivalencia")


def qualification(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1195, 1196: a line is either qualified or exempt."""
    for line, field in lines(r):
        if not line.CalificacionOperacion and not line.OperacionExenta:
            yield "1195", field
        if line.CalificacionOperacion and line.OperacionExenta:
            yield "1196", field


def rates(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1124, 1194, 1235, 1236: the rates of IVA, each in its time; other taxes' rates the AEAT does not check."""
    when = reference_date(r)
    for line, field in lines(r):
        rate = amount(line.TipoImpositivo)
        if rate is None or not _charged_iva(line):
            continue
        if rate not in RATES:
            yield "1124", f"{field}/TipoImpositivo"
        for passing, code, first, last in _PASSING_RATES:
            if rate == passing and when and not first <= when <= last:
                yield code, f"{field}/TipoImpositivo"


def surcharge(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1284, 1281, 1127, 1160 to 1170, 1277: recargo de equivalencia, with its rate, only with S1."""
    when = reference_date(r)
    for line, block in lines(r):
        field = f"{block}/TipoRecargoEquivalencia"
        if bool(line.TipoRecargoEquivalencia) != bool(line.CuotaRecargoEquivalencia):
            yield "1284", field
        if not line.TipoRecargoEquivalencia and not line.CuotaRecargoEquivalencia:
            continue
        if line.CalificacionOperacion != "S1":
            # An exempt line and one of IVA that is not subject are told by 1238 and 1237.
            if not line.OperacionExenta and not (is_iva(line) and line.CalificacionOperacion in ("N1", "N2")):
                yield "1281", field
            continue
        rate, extra = amount(line.TipoImpositivo), amount(line.TipoRecargoEquivalencia)
        if rate is None or extra is None or not is_iva(line):
            continue
        if extra not in SURCHARGES:
            yield "1127", field
            continue
        code = _wrong_pair(rate, extra, when)
        if code:
            yield code, field


def without_charge(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1197, 1198, 1237, 1238, 1207: a line whose issuer charges no tax states none."""
    for line, field in lines(r):
        given = [name for name in _RATE_FIELDS if getattr(line, name)]
        if line.OperacionExenta:
            if given:
                yield "1238", f"{field}/{given[0]}"
        elif line.CalificacionOperacion == "S2":
            if r.TipoFactura not in COMPLETE:
                yield "1197", f"{field}/CalificacionOperacion"
            if amount(line.TipoImpositivo) != 0 or amount(line.CuotaRepercutida) != 0:
                yield "1198", f"{field}/TipoImpositivo"
        elif line.CalificacionOperacion in ("N1", "N2"):
            if is_iva(line):
                if given:
                    yield "1237", f"{field}/{given[0]}"
            elif amount(line.CuotaRepercutida):
                yield "1207", f"{field}/CuotaRepercutida"


def exemptions(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1182, 1199, 1289: the causes that a tax, a regime and a recipient admit."""
    for line, block in lines(r):
        field = f"{block}/OperacionExenta"
        if line.OperacionExenta in ("E7", "E8") and tax(line) != Impuesto.IGIC:
            yield "1182", field
        if line.OperacionExenta in ("E2", "E3") and line.ClaveRegimen == "01" and is_iva_or_igic(line):
            yield "1199", field
        if line.OperacionExenta == "E5" and is_iva(line) and any(who.NIF for who in r.Destinatarios):
            yield "1289", field


def charged(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1208, 1209, 1143, 1140, 1142, 1144: with S1 there is a rate and a tax, and the tax follows from the base.

    The product is not checked in a correction by differences nor in R2 and R3, whose base may be untouched.
    """
    free = r.TipoRectificativa == "I" or r.TipoFactura in ("R2", "R3")
    for line, field in lines(r):
        if line.CalificacionOperacion != "S1":
            continue
        at_cost = bool(line.BaseImponibleACoste)
        rate, cuota = amount(line.TipoImpositivo), amount(line.CuotaRepercutida)
        base = amount(line.BaseImponibleACoste if at_cost else line.BaseImponibleOimporteNoSujeto)
        if rate is None or cuota is None:
            yield "1209" if at_cost else "1208", f"{field}/CuotaRepercutida"
            continue
        if free or base is None:
            continue
        if base * cuota < 0:
            yield "1140" if at_cost else "1143", f"{field}/CuotaRepercutida"
        elif abs(cuota - base * rate / 100) > TOLERANCE:
            yield "1144" if at_cost else "1142", f"{field}/CuotaRepercutida"


def cost_base(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1257: a base at cost belongs to groups of entities, to IPSI and to other taxes."""
    for line, field in lines(r):
        if not line.BaseImponibleACoste or line.ClaveRegimen == "06":
            continue
        if tax(line) not in (Impuesto.IPSI, Impuesto.OTROS):
            yield "1257", f"{field}/BaseImponibleACoste"


def _charged_iva(line: DetalleDesglose) -> bool:
    return is_iva(line) and line.CalificacionOperacion == "S1"


def _wrong_pair(rate: Decimal, extra: Decimal, when: date | None) -> str:
    """Return the code for a surcharge that does not belong to the rate on that day, or nothing."""
    if rate in _PAIRS:
        admitted, code = _PAIRS[rate]
        return "" if extra in admitted else code
    if when is None:
        return ""
    if rate == 5:
        if extra == Decimal("0.5"):
            return "" if date(2022, 7, 1) <= when <= date(2022, 12, 31) else "1167"
        if extra == Decimal("0.62"):
            return "" if date(2023, 1, 1) <= when <= date(2024, 9, 30) else "1168"
        return "1160"
    if rate == 0:
        if when >= date(2024, 10, 1):
            # ERR asks for 0.26; VAL has no such rule. We emit no surcharge on 0 %; whoever does must please ERR.
            return "" if extra == Decimal("0.26") else "1170"
        if when >= date(2023, 1, 1):
            return "" if extra == 0 else "1165"
        return "1277"
    return ""


RULES = (qualification, rates, surcharge, without_charge, exemptions, charged, cost_base)
