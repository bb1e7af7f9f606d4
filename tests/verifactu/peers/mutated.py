"""Sound altas with one or two facts changed to others that the vocabulary knows, so that rules break one by one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.verifactu.peers import people
from verifactu.huella import sealed
from verifactu.records import DetalleDesglose, ImporteRectificacion, RegistroAlta

_REPLACED = ImporteRectificacion(BaseRectificada="100.00", CuotaRectificada="21.00")
_LARGE = Decimal(100_000_000)


def mutated(r: Random, registro: RegistroAlta) -> RegistroAlta:
    """Change one or two facts; what follows from them (totals, Macrodato, huella) follows."""
    for _ in range(r.choice((1, 1, 2))):
        registro = replace(registro, **r.choice(_CHANGES)(r, registro))
    return sealed(_totalled(registro))


def _totalled(registro: RegistroAlta) -> RegistroAlta:
    taxes, total = Decimal(0), Decimal(0)
    for line in registro.Desglose:
        taxes += _number(line.CuotaRepercutida) + _number(line.CuotaRecargoEquivalencia)
        total += _number(line.BaseImponibleOimporteNoSujeto)
    total += taxes
    return replace(
        registro,
        CuotaTotal=f"{taxes:.2f}",
        ImporteTotal=f"{total:.2f}",
        Macrodato="S" if abs(total) >= _LARGE else "",
    )


def _kind(r: Random, _: RegistroAlta) -> dict[str, Any]:
    return {"TipoFactura": r.choice(["F1", "F2", "F3", "R1", "R2", "R3", "R4", "R5"])}


def _correction(r: Random, _: RegistroAlta) -> dict[str, Any]:
    return {"TipoRectificativa": r.choice(("", "I", "S")), "ImporteRectificacion": r.choice((None, _REPLACED))}


def _references(r: Random, registro: RegistroAlta) -> dict[str, Any]:
    return {r.choice(("FacturasRectificadas", "FacturasSustituidas")): r.choice(((), (registro.IDFactura,)))}


def _recipients(r: Random, _: RegistroAlta) -> dict[str, Any]:
    makers = (people.spanish, people.eu_company, people.abroad, people.uncensored, people.public_body)
    return {"Destinatarios": r.choice(((), (r.choice(makers)(r),), (people.spanish(r), people.eu_company(r))))}


def _identity(r: Random, registro: RegistroAlta) -> dict[str, Any]:
    changed = []
    for who in registro.Destinatarios:
        if who.NIF:
            changed.append(replace(who, NIF=r.choice((who.NIF[:-1] + r.choice("AB1"), "12345678", "X1234567L"))))
        elif who.IDOtro:
            other = replace(
                who.IDOtro,
                IDType=r.choice(("02", "03", "04", "07")),
                CodigoPais=r.choice(("", "ES", "DE", "US")),
                ID=r.choice((who.IDOtro.ID, "DE123456789", "DE12345678", "XI123456789", "12345678Z", "B12345674")),
            )
            changed.append(replace(who, IDOtro=other))
    return {"Destinatarios": tuple(changed)}


def _issued_by(r: Random, registro: RegistroAlta) -> dict[str, Any]:
    who = r.choice((None, people.third_party(r), people.uncensored(r), replace(people.spanish(r), NIF=people.ISSUER)))
    return {"EmitidaPorTerceroODestinatario": r.choice(("", "T", "D")), "Tercero": who}


def _flags(r: Random, _: RegistroAlta) -> dict[str, Any]:
    marks = ("FacturaSimplificadaArt7273", "FacturaSinIdentifDestinatarioArt61d", "Cupon")
    return {r.choice(marks): "S"}


def _lifecycle(r: Random, _: RegistroAlta) -> dict[str, Any]:
    return {"Subsanacion": r.choice(("", "S")), "RechazoPrevio": r.choice(("", "N", "S", "X"))}


def _dates(r: Random, registro: RegistroAlta) -> dict[str, Any]:
    day = date.fromisoformat(registro.FechaHoraHusoGenRegistro[:10])
    if r.random() < 0.4:
        issued = day + timedelta(days=r.choice((-900, -30, 0, 1, 40)))
        return {"IDFactura": replace(registro.IDFactura, FechaExpedicionFactura=_fecha(issued))}
    operation = day + timedelta(days=r.choice((-9000, -3000, -1200, -400, -1, 0, 1, 300, 900)))
    return {"FechaOperacion": _fecha(operation)}


def _number_of_the_invoice(r: Random, registro: RegistroAlta) -> dict[str, Any]:
    number = r.choice(("A<1", "Ñ1", "A=1", "1" * 61, "", "A\t1", " A1", "A1 ", "A 1"))
    return {"IDFactura": replace(registro.IDFactura, NumSerieFactura=number)}


def _line(r: Random, registro: RegistroAlta) -> dict[str, Any]:
    lines = list(registro.Desglose)
    at = r.randrange(len(lines))
    lines[at] = replace(lines[at], **_line_change(r, lines[at]))
    return {"Desglose": tuple(lines)}


def _line_change(r: Random, line: DetalleDesglose) -> dict[str, str]:
    cuota = line.CuotaRepercutida or "1.00"
    return r.choice(
        (
            {"Impuesto": r.choice(("01", "02", "03", "05"))},
            {"ClaveRegimen": r.choice(("", *(f"{n:02d}" for n in (*range(1, 12), 14, 15, 17, 18, 19, 20, 21))))},
            {"CalificacionOperacion": r.choice(("", "S1", "S2", "N1", "N2"))},
            {"OperacionExenta": r.choice(("", *(f"E{n}" for n in range(1, 9))))},
            {"TipoImpositivo": r.choice(("", "0.00", "2.00", "4.00", "5.00", "7.50", "10.00", "20.00", "21.00"))},
            {"CuotaRepercutida": r.choice(("", "0.00", f"-{cuota}".replace("--", ""), f"{Decimal(cuota) + 11:.2f}"))},
            {"TipoRecargoEquivalencia": r.choice(("", "0.00", "0.26", "0.50", "0.62", "1.40", "1.75", "5.20", "3.00"))},
            {"CuotaRecargoEquivalencia": r.choice(("", "1.00"))},
            {"TipoRecargoEquivalencia": r.choice(("0.50", "1.40", "5.20")), "CuotaRecargoEquivalencia": "1.00"},
            {"BaseImponibleACoste": r.choice(("", line.BaseImponibleOimporteNoSujeto, "7777.00"))},
        )
    )


def _number(text: str) -> Decimal:
    return Decimal(text or 0)


def _fecha(day: date) -> str:
    return f"{day.day:02d}-{day.month:02d}-{day.year}"


_CHANGES: tuple[Callable[[Random, RegistroAlta], dict[str, Any]], ...] = (
    _kind, _correction, _references, _recipients, _identity, _issued_by, _flags, _lifecycle, _dates,
    _number_of_the_invoice, _line, _line, _line, _line,
)  # fmt: skip
