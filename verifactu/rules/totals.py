"""What the breakdown adds up to (VAL 1.2.2, F2, CuotaTotal, ImporteTotal; verifactu.md 4.4)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from verifactu.records import RegistroAlta
from verifactu.rules.facts import TOLERANCE, amount, zero_if_absent

SIMPLIFIED_LIMIT = Decimal(3000)

# With these regimes the totals need not follow from the lines.
_FREE_REGIMES = frozenset({"03", "05", "06", "08", "09"})


def simplified_limit(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1150: an F2 stays under 3,000 euros unless an authorisation or article 6.1.d lifts the limit."""
    if r.TipoFactura != "F2" or r.NumRegistroAcuerdoFacturacion or r.FacturaSinIdentifDestinatarioArt61d == "S":
        return
    total = sum(
        (
            zero_if_absent(line.BaseImponibleOimporteNoSujeto) + zero_if_absent(line.CuotaRepercutida)
            for line in r.Desglose
        ),
        Decimal(0),
    )
    if total > SIMPLIFIED_LIMIT + TOLERANCE:
        yield "1150", "ImporteTotal"


def tax_total(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """2006: CuotaTotal is the sum of taxes and surcharges."""
    total = amount(r.CuotaTotal)
    if total is not None and not _free(r) and abs(total - _taxes(r)) > TOLERANCE:
        yield "2006", "CuotaTotal"


def grand_total(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """2005: ImporteTotal is the sum of bases, taxes and surcharges; neither withholdings nor suplidos touch it."""
    total = amount(r.ImporteTotal)
    bases = sum((zero_if_absent(line.BaseImponibleOimporteNoSujeto) for line in r.Desglose), Decimal(0))
    if total is not None and not _free(r) and abs(total - bases - _taxes(r)) > TOLERANCE:
        yield "2005", "ImporteTotal"


def _taxes(r: RegistroAlta) -> Decimal:
    return sum(
        (zero_if_absent(line.CuotaRepercutida) + zero_if_absent(line.CuotaRecargoEquivalencia) for line in r.Desglose),
        Decimal(0),
    )


def _free(r: RegistroAlta) -> bool:
    return any(line.ClaveRegimen in _FREE_REGIMES for line in r.Desglose)


RULES = (simplified_limit, tax_total, grand_total)
