"""ClaveRegimen: which tax knows which, and what each asks for (VAL 1.2.2, ClaveRegimen; verifactu.md 4.5)."""

from collections.abc import Iterator
from datetime import date

from verifactu.codes import REGIMENES, Impuesto
from verifactu.records import DetalleDesglose, RegistroAlta
from verifactu.rules.facts import amount, day, is_iva, is_iva_or_igic, lines, tax

IPSI_NEEDS_REGIME = date(2027, 1, 1)
"""Until the day before, an IPSI line without regime is taken with error 2009."""


def known(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1245, 1246, 1260: a regime of its tax, mandatory but for other taxes, which have none."""
    for line, block in lines(r):
        field = f"{block}/ClaveRegimen"
        if not line.ClaveRegimen:
            if is_iva_or_igic(line) or (tax(line) == Impuesto.IPSI and today >= IPSI_NEEDS_REGIME):
                yield "1245", field
        elif tax(line) == Impuesto.OTROS:
            yield "1260", field
        elif line.ClaveRegimen not in REGIMENES.get(tax(line), frozenset()):
            yield "1246", field


def qualification_of_regime(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1286, 1200, 1201, 1203, 1252, 1293: the qualifications and exemptions that a regime admits."""
    for line, field in lines(r):
        if not is_iva_or_igic(line):
            continue
        code = _wrong_qualification(line)
        if code:
            yield code, f"{field}/ClaveRegimen"


def group_of_entities(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1202: regime 06 states a base at cost, in a complete invoice."""
    for line, field in lines(r):
        if line.ClaveRegimen != "06" or not is_iva_or_igic(line):
            continue
        if r.TipoFactura in ("F2", "F3", "R5") or not line.BaseImponibleACoste:
            yield "1202", f"{field}/ClaveRegimen"


def collections_for_others(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1205: regime 10 is N1, in an F1, to recipients with NIF."""
    for line, field in lines(r):
        if line.ClaveRegimen != "10" or not is_iva_or_igic(line):
            continue
        if line.CalificacionOperacion != "N1" or r.TipoFactura != "F1" or not all(w.NIF for w in r.Destinatarios):
            yield "1205", f"{field}/ClaveRegimen"


def business_premises(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1206: the lease of business premises is taxed at 21 %."""
    for line, field in lines(r):
        if line.ClaveRegimen == "11" and is_iva(line) and amount(line.TipoImpositivo) != 21:
            yield "1206", f"{field}/TipoImpositivo"


def works_certificates(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1147, 1148, 1149: regime 14 bills public bodies before the operation takes place."""
    if not any(line.ClaveRegimen == "14" and is_iva_or_igic(line) for line in r.Desglose):
        return
    operation, issued = day(r.FechaOperacion), day(r.IDFactura.FechaExpedicionFactura)
    if operation is None or (issued and operation <= issued):
        yield "1147", "FechaOperacion"
    if r.TipoFactura not in ("F1", "R1", "R2", "R3", "R4"):
        yield "1148", "TipoFactura"
    if any(who.NIF[:1] not in ("P", "Q", "S", "V") for who in r.Destinatarios):
        yield "1149", "Destinatarios"


def ipsi_without_regime(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """Yield 2009 while it is still no more than an accepted error; a warning, not a rule."""
    for line, field in lines(r):
        if tax(line) == Impuesto.IPSI and not line.ClaveRegimen and today < IPSI_NEEDS_REGIME:
            yield "2009", f"{field}/ClaveRegimen"


def _wrong_qualification(line: DetalleDesglose) -> str:
    qualified, exempt = line.CalificacionOperacion, line.OperacionExenta
    match line.ClaveRegimen:
        case "02":
            return "" if exempt else "1286"
        case "03":
            return "" if qualified in ("", "S1") else "1200"
        case "04":
            return "" if exempt or qualified == "S2" else "1201"
        case "07":
            barred = qualified in ("S2", "N1", "N2") or exempt in ("E2", "E3", "E4", "E5")
            return "1203" if barred else ""
        case "08":
            return "" if qualified == "N2" else "1252"
        case "20" if tax(line) == Impuesto.IGIC:
            return "" if qualified == "N2" else "1293"
        case _:
            return ""


RULES = (
    known,
    qualification_of_regime,
    group_of_entities,
    collections_for_others,
    business_premises,
    works_certificates,
)
