"""pyverifactu as a judge, in a process of its own, because its import name is `verifactu` too."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from itertools import islice
from pathlib import Path

from verifactu.records import DetalleDesglose, PrimerRegistro, Registro, RegistroAlta

_WORKER = Path(__file__).with_name("pyverifactu_worker.py")
_REGIMES = {f"{n:02d}" for n in (*range(1, 12), 14, 15, 17, 18, 19, 20)}
_HALF = Decimal("0.5")


_AT_ONCE = 8
"""Records asked about before the first answer is read: the pipes hold them, and two processes take turns less often."""


class Pyverifactu:
    """Asks the process: for each record `huella` and `xml`, or `error` with what it raised on the way."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def answer(self, registro: Registro) -> dict[str, str]:
        """Ask about one record."""
        return next(told for _, told in self.answers([registro]))

    def answers(self, records: Iterable[Registro]) -> Iterator[tuple[Registro, dict[str, str]]]:
        """Ask about one record after another, and yield each with its answer."""
        assert self._process.stdin
        assert self._process.stdout
        rest = iter(records)
        while asked := list(islice(rest, _AT_ONCE)):
            for registro in asked:
                self._process.stdin.write(json.dumps(asdict(registro) | {"Huella": ""}) + "\n")
            self._process.stdin.flush()
            # All of them are read before one is yielded: whoever stops in between leaves no answer to others behind.
            yield from zip(asked, [json.loads(self._process.stdout.readline()) for _ in asked], strict=True)


@contextmanager
def pyverifactu() -> Iterator[Pyverifactu]:
    """Start the process, and end it with its input."""
    command = [sys.executable, "-I", str(_WORKER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Pyverifactu(process)


def hashes(registro: Registro) -> bool:
    """Tell whether pyverifactu can say it at all; what it cannot stands in docs/decisions/0012."""
    if not isinstance(registro, RegistroAlta):
        return not isinstance(registro.Encadenamiento, PrimerRegistro)
    if registro.Subsanacion == "S" and registro.RechazoPrevio == "N":
        return False
    return all(map(_country_abroad, registro.Destinatarios)) and _sums_without_surcharge(registro)


def writes(registro: Registro) -> bool:
    """Tell whether pyverifactu writes every element of the record, where the schema wants it."""
    if not isinstance(registro, RegistroAlta) or not hashes(registro):
        return False
    unwritten = (
        registro.RefExterna, registro.Subsanacion, registro.RechazoPrevio, registro.FacturasRectificadas,
        registro.FacturasSustituidas, registro.ImporteRectificacion, registro.FechaOperacion,
        registro.FacturaSimplificadaArt7273, registro.FacturaSinIdentifDestinatarioArt61d, registro.Macrodato,
        registro.EmitidaPorTerceroODestinatario, registro.Cupon, registro.NumRegistroAcuerdoFacturacion,
        registro.IdAcuerdoSistemaInformatico,
    )  # fmt: skip
    return (
        not any(unwritten)
        and all(who.NIF for who in registro.Destinatarios)
        and all(line.TipoImpositivo and not line.BaseImponibleACoste for line in registro.Desglose)
    )


def _country_abroad(who: object) -> bool:
    other = getattr(who, "IDOtro", None)
    return other is None or other.CodigoPais not in ("", "ES")


def _ends_in_half_a_cent(line: DetalleDesglose) -> bool:
    cents = Decimal(line.BaseImponibleOimporteNoSujeto) * Decimal(line.TipoImpositivo)
    return cents % 1 in (_HALF, -_HALF)


def _sums_without_surcharge(registro: RegistroAlta) -> bool:
    """Its lines know no surcharge, and its floating point goes wrong at half a cent and at very large sums."""
    for line in registro.Desglose:
        if line.ClaveRegimen not in _REGIMES or line.OperacionExenta in ("E7", "E8"):
            return False
        if line.CuotaRecargoEquivalencia:
            return False
        if line.TipoImpositivo and _ends_in_half_a_cent(line):
            return False
    return abs(Decimal(registro.ImporteTotal)) < 10**9
