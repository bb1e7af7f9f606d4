"""Records of a chain, thousands of them, drawn by a seed: every kind of invoice, tax, person and link, all sound.

The same seed gives the same records for ever. A record is drawn around a theme, because the rules tie kind, recipient,
regime and dates together; what the theme leaves free is drawn apart, rarely enough that plain invoices remain plain.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from zoneinfo import ZoneInfo

from tests.verifactu.peers import people
from verifactu.huella import sealed
from verifactu.records import (
    DetalleDesglose,
    Encadenamiento,
    IDFactura,
    IDFacturaAnulada,
    ImporteRectificacion,
    PersonaFisicaJuridica,
    PrimerRegistro,
    Registro,
    RegistroAlta,
    RegistroAnterior,
    RegistroAnulacion,
    SistemaInformatico,
)

TODAY = date(2028, 1, 1)
"""No record is made after it."""

_FIRST = datetime(2024, 10, 28, 12)  # noqa: DTZ001 (its zone is drawn)
_ZONES = (ZoneInfo("Europe/Madrid"), ZoneInfo("Atlantic/Canary"))
_NUMBER = "".join(sorted(set(map(chr, range(33, 127))) - set("<>\"'=")))
_WORDS = ("Manta de lana", "Miel 500 g", "Envío 24-48 h", "Café & té", 'Llave 1/2"', "<sin nombre>", "Ñandú ½", "東京")
_SURCHARGES = {"21.00": ("5.20", "1.75"), "10.00": ("1.40",), "4.00": ("0.50",)}
_CENT = Decimal("0.01")

# Kind of invoice -> the themes that its rules admit.
_THEMES = {
    "F1": ("plain", "plain", "plain", "mixed", "foreign", "eu goods", "export", "public works", "collections", "group"),
    "F2": ("plain", "plain", "mixed"),
    "F3": ("plain", "mixed"),
    "R1": ("plain", "mixed", "foreign", "group"),
    "R2": ("plain",),
    "R3": ("plain",),
    "R4": ("plain", "mixed", "foreign"),
    "R5": ("plain", "mixed"),
}


def chain(seed: int, count: int) -> Iterator[Registro]:
    """Draw `count` records, each linked to the one before; the first one is declared as such."""
    link: Encadenamiento = PrimerRegistro()
    for number in range(count):
        r = Random(f"{seed}:{number}")
        drawn: Registro = _anulacion(r, number, link) if r.random() < 0.15 else _alta(r, number, link)
        if r.random() < 0.02:
            drawn = replace(drawn, Encadenamiento=PrimerRegistro())  # a chain that begins here
        registro = sealed(drawn)
        yield registro
        link = following(registro)


def following(registro: Registro) -> RegistroAnterior:
    """Return the link of whatever comes next."""
    emisor, numero, fecha = identity(registro)
    return RegistroAnterior(
        IDEmisorFactura=emisor, NumSerieFactura=numero, FechaExpedicionFactura=fecha, Huella=registro.Huella
    )


def identity(registro: Registro) -> tuple[str, str, str]:
    """Return issuer, number and date of the invoice that a record speaks of."""
    if isinstance(registro, RegistroAlta):
        issued = registro.IDFactura
        return issued.IDEmisorFactura, issued.NumSerieFactura, issued.FechaExpedicionFactura
    annulled = registro.IDFactura
    return (
        annulled.IDEmisorFacturaAnulada,
        annulled.NumSerieFacturaAnulada,
        annulled.FechaExpedicionFacturaAnulada,
    )


def _alta(r: Random, number: int, link: Encadenamiento) -> RegistroAlta:
    tipo = r.choice(("F1", "F1", "F2", "F2", "F3", "R1", "R1", "R2", "R3", "R4", "R5"))
    theme = r.choice(_THEMES[tipo])
    stamp = _stamp(r, number)
    issued = stamp.date() - timedelta(days=r.choice((0, 0, 0, 1, 29)))
    issued = max(issued, _FIRST.date())
    correction = r.choice("IS") if tipo.startswith("R") else ""
    lines = _lines(r, tipo, theme, issued, differences=correction == "I")
    taxes = sum((_number(line.CuotaRepercutida) + _number(line.CuotaRecargoEquivalencia) for line in lines), Decimal(0))
    total = taxes + sum((_number(line.BaseImponibleOimporteNoSujeto) for line in lines), Decimal(0))
    recipients = () if tipo in ("F2", "R5") else _recipients(r, tipo, theme)
    by = r.choice(("T", "D")) if recipients and r.random() < 0.08 else ""
    rejected = r.choice(("", "N", "S", "X")) if r.random() < 0.1 else None
    return RegistroAlta(
        IDFactura=IDFactura(
            IDEmisorFactura=people.ISSUER, NumSerieFactura=_num_serie(r, number), FechaExpedicionFactura=_fecha(issued)
        ),
        RefExterna=f"pedido {number}" if r.random() < 0.2 else "",
        NombreRazonEmisor="Almacenes La Encina & Hijos SL",
        Subsanacion="" if rejected is None else "S",
        RechazoPrevio=rejected or "",
        TipoFactura=tipo,
        TipoRectificativa=correction,
        FacturasRectificadas=_references(r, issued) if correction and r.random() < 0.4 else (),
        FacturasSustituidas=_references(r, issued) if tipo == "F3" and r.random() < 0.7 else (),
        ImporteRectificacion=ImporteRectificacion(BaseRectificada=_amount(r, 900), CuotaRectificada=_amount(r, 200))
        if correction == "S"
        else None,
        FechaOperacion=_operation(r, theme, issued),
        DescripcionOperacion=", ".join(r.sample(_WORDS, r.randint(1, 4))),
        FacturaSimplificadaArt7273="S" if recipients and r.random() < 0.05 else "",
        FacturaSinIdentifDestinatarioArt61d="S" if not recipients and r.random() < 0.05 else "",
        Macrodato="S" if abs(total) >= 100_000_000 else "",
        EmitidaPorTerceroODestinatario=by,
        Tercero=people.third_party(r) if by == "T" else None,
        Destinatarios=recipients,
        Cupon="S" if tipo in ("R1", "R5") and r.random() < 0.1 else "",
        Desglose=lines,
        CuotaTotal=f"{taxes:.2f}",
        ImporteTotal=f"{total:.2f}",
        Encadenamiento=link,
        SistemaInformatico=_system(r),
        FechaHoraHusoGenRegistro=stamp.isoformat(timespec="seconds"),
        NumRegistroAcuerdoFacturacion="202600000000001" if r.random() < 0.03 else "",
        IdAcuerdoSistemaInformatico="RESOLUCION 1" if r.random() < 0.03 else "",
    )


def _anulacion(r: Random, number: int, link: Encadenamiento) -> RegistroAnulacion:
    stamp = _stamp(r, number)
    by = r.choice(("E", "D", "T")) if r.random() < 0.2 else ""
    return RegistroAnulacion(
        IDFactura=IDFacturaAnulada(
            IDEmisorFacturaAnulada=people.ISSUER,
            NumSerieFacturaAnulada=_num_serie(r, number),
            FechaExpedicionFacturaAnulada=_fecha(stamp.date()),
        ),
        RefExterna=f"pedido {number}" if r.random() < 0.2 else "",
        SinRegistroPrevio="S" if r.random() < 0.2 else "",
        RechazoPrevio="S" if r.random() < 0.2 else "",
        GeneradoPor=by,
        Generador=(people.spanish(r) if by == "E" else people.third_party(r)) if by else None,
        Encadenamiento=link,
        SistemaInformatico=_system(r),
        FechaHoraHusoGenRegistro=stamp.isoformat(timespec="seconds"),
    )


def _recipients(r: Random, tipo: str, theme: str) -> tuple[PersonaFisicaJuridica, ...]:
    count = 1 if r.random() < 0.9 else r.randint(2, 4)
    if theme == "public works":
        return tuple(people.public_body(r) for _ in range(count))
    if theme in ("foreign", "eu goods", "export"):
        make = {"eu goods": people.eu_company, "export": people.abroad, "foreign": people.foreigner}[theme]
        return tuple(make(r) for _ in range(count))
    if tipo in ("R2", "R3") and r.random() < 0.2:
        return (people.uncensored(r),)
    return tuple(people.spanish(r) for _ in range(count))


def _lines(r: Random, tipo: str, theme: str, issued: date, *, differences: bool) -> tuple[DetalleDesglose, ...]:
    count = r.choice((1, 1, 1, 2, 2, 3, 12))
    sign = -1 if differences and r.random() < 0.7 else 1
    largest = 400_000_000 if theme == "plain" and r.random() < 0.02 else 5000
    if tipo == "F2":
        largest = 2000 // count
    return tuple(_line(r, tipo, theme, issued, _amount(r, largest, sign)) for _ in range(count))


def _line(r: Random, tipo: str, theme: str, issued: date, base: str) -> DetalleDesglose:
    if theme == "public works":
        return _charged(r, base, regime=r.choice(("14", "15")))
    if theme == "group":
        line = _charged(r, base, regime="06", surcharge=False)
        return replace(line, BaseImponibleACoste=line.BaseImponibleOimporteNoSujeto)
    if theme == "collections":
        return _free(base, ClaveRegimen="10", CalificacionOperacion="N1")
    if theme == "eu goods":
        return _free(base, ClaveRegimen="01", OperacionExenta="E5")
    if theme == "export":
        return _free(base, ClaveRegimen="02", OperacionExenta=r.choice(("E2", "E3")))
    if theme in ("mixed", "foreign") and r.random() < 0.6:
        return _unusual(r, tipo, base)
    passing = ("2.00", "7.50") if issued <= date(2024, 12, 31) else ()
    regime = r.choice(("01", "01", "01", "18", "20", "07"))
    rate = r.choice(("21.00", "21.00", "10.00", "4.00", "0.00", *passing))
    return _charged(r, base, regime=regime, rate=rate)


def _charged(
    r: Random,
    base: str,
    *,
    regime: str,
    rate: str = "21.00",
    tax: str = "01",
    surcharge: bool = True,
) -> DetalleDesglose:
    extras = _SURCHARGES.get(rate, ()) if surcharge and tax == "01" and r.random() < 0.15 else ()
    extra = r.choice(extras) if extras else ""
    return DetalleDesglose(
        Impuesto=tax,
        ClaveRegimen=regime,
        CalificacionOperacion="S1",
        TipoImpositivo=rate,
        BaseImponibleOimporteNoSujeto=base,
        CuotaRepercutida=_percent(base, rate),
        TipoRecargoEquivalencia=extra,
        CuotaRecargoEquivalencia=_percent(base, extra) if extra else "",
    )


def _unusual(r: Random, tipo: str, base: str) -> DetalleDesglose:
    """Return a line that is not plainly charged IVA."""
    kinds = ["E", "N", "N", "IGIC", "IGIC exempt", "IPSI", "other", "gold", "used", "08"]
    if tipo not in ("F2", "R5"):
        kinds.append("S2")
    match r.choice(kinds):
        case "E":
            return _free(base, ClaveRegimen="01", OperacionExenta=r.choice(("E1", "E4", "E6")))
        case "N":
            return _free(base, ClaveRegimen=r.choice(("01", "17")), CalificacionOperacion=r.choice(("N1", "N2")))
        case "IGIC":
            return _charged(r, base, regime=r.choice(("01", "18", "21")), rate=r.choice(("7.00", "9.50")), tax="03")
        case "IGIC exempt":
            return replace(_free(base, ClaveRegimen="19", OperacionExenta=r.choice(("E7", "E8"))), Impuesto="03")
        case "IPSI":
            return _charged(r, base, regime=r.choice(("01", "11")), rate="4.00", tax="02")
        case "other":
            return _charged(r, base, regime="", rate="3.00", tax="05")
        case "gold":
            return _free(base, ClaveRegimen="04", OperacionExenta="E6")
        case "used":
            return _charged(r, base, regime=r.choice(("03", "05", "09")), surcharge=False)
        case "08":
            return _free(base, ClaveRegimen="08", CalificacionOperacion="N2")
        case _:
            reverse = _free(base, ClaveRegimen="01", CalificacionOperacion="S2")
            return replace(reverse, TipoImpositivo="0.00", CuotaRepercutida="0.00")


def _free(base: str, **words: str) -> DetalleDesglose:
    return DetalleDesglose(Impuesto="01", BaseImponibleOimporteNoSujeto=base, **words)


def _operation(r: Random, theme: str, issued: date) -> str:
    if theme == "public works":
        return _fecha(issued + timedelta(days=r.randint(1, 60)))
    return _fecha(issued - timedelta(days=r.randint(1, 20))) if issued.year > 2024 and r.random() < 0.15 else ""


def _references(r: Random, issued: date) -> tuple[IDFactura, ...]:
    return tuple(
        IDFactura(
            IDEmisorFactura=people.ISSUER,
            NumSerieFactura=_num_serie(r, n),
            FechaExpedicionFactura=_fecha(issued - timedelta(days=n)),
        )
        for n in range(r.randint(1, 3))
    )


def _system(r: Random) -> SistemaInformatico:
    return SistemaInformatico(
        NombreRazon="Productora de Programas SL",
        NIF="B12345674",
        NombreSistemaInformatico="Encadena",
        IdSistemaInformatico=r.choice(("EN", "E1", "77")),
        Version="0.1.0",
        NumeroInstalacion="20270101T090000Z-AB12",
        TipoUsoPosibleSoloVerifactu="S",
        TipoUsoPosibleMultiOT="S",
        IndicadorMultiplesOT=r.choice("SN"),
    )


def _stamp(r: Random, number: int) -> datetime:
    """Return a moment that follows those before it, in a zone of Spain; over years and both clocks."""
    moment = _FIRST + timedelta(minutes=(number * 97) % 1_600_000, seconds=r.randint(0, 59))
    return moment.replace(tzinfo=r.choice(_ZONES))


def _num_serie(r: Random, number: int) -> str:
    if r.random() < 0.7:
        return f"{r.choice(('F2027-', 'A/', ''))}{number:06d}"
    length = r.randint(1, 60)
    inner = "".join(r.choice(_NUMBER + " ") for _ in range(length))
    return inner.strip() or "1"


def _fecha(day: date) -> str:
    return f"{day.day:02d}-{day.month:02d}-{day.year}"


def _amount(r: Random, largest: int, sign: int = 1) -> str:
    return f"{sign * Decimal(r.randint(1, largest * 100)) / 100:.2f}"


def _percent(base: str, rate: str) -> str:
    return str((Decimal(base) * Decimal(rate) / 100).quantize(_CENT, ROUND_HALF_UP) + 0)


def _number(text: str) -> Decimal:
    return Decimal(text or 0)
