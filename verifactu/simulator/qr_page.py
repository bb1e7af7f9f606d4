"""The page behind the QR code of an invoice, for a browser and as JSON (verifactu.md 6)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from re import fullmatch

from lxml import etree

from verifactu.simulator.census import well_formed
from verifactu.simulator.ledger import Ledger
from verifactu.simulator.reading import local, trim

PATH = "/wlpl/TIKE-CONT/ValidarQR"
PATH_NOT_VERIFIABLE = "/wlpl/TIKE-CONT/ValidarQRNoVerifactu"

_LONGEST_NUMBER, _MOST_DIGITS, _MOST_DECIMALS = 60, 12, 2
_RESULTS = {
    "00": ("Factura encontrada", "La factura consta en la AEAT."),
    "01": ("Factura no encontrada", "No consta ninguna factura en vigor con esos datos."),
    "02": ("Factura no verificable", "La emitió un sistema que no envía sus registros a la AEAT."),
}
_ERRORS = {
    "1001": "Falta nif",
    "1002": "Falta numserie",
    "1003": "Falta fecha",
    "1004": "Falta importe",
    "2001": "El NIF no es correcto",
    "2002": "numserie es demasiado largo",
    "2003": "numserie lleva caracteres que no se admiten",
    "2004": "La fecha no es correcta: DD-MM-AAAA",
    "2005": "El importe no tiene el formato debido",
    "2006": "El importe es demasiado largo",
    "3001": "Error técnico",
    "3002": "Se ha superado el número de consultas de un día",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What a verification is answered with."""

    content: bytes
    kind: str


def answer(asked: Mapping[str, Sequence[str]], ledger: Ledger, *, verifiable: bool, error: str = "") -> Page:
    """Answer a verification: the parameters of its address, decoded.

    :param verifiable: whether it is asked at the address of VERI*FACTU invoices.
    :param error: the code to answer with, whatever is asked.
    """
    given = {name: values[0] for name, values in asked.items()}
    codes = [error] if error else _wrong(given)
    result = "" if codes else _result(given, ledger) if verifiable else "02"
    if given.get("formato") == "json":
        return Page(_json(given, codes, result), "application/json;charset=UTF-8")
    return Page(_html(given, codes, result), "text/html;charset=UTF-8")


def _wrong(given: Mapping[str, str]) -> list[str]:
    """Return every code that the parameters deserve, in the order of the list."""
    nif, number, day, amount = (given.get(name, "") for name in ("nif", "numserie", "fecha", "importe"))
    missing = [code for code, text in (("1001", nif), ("1002", number), ("1003", day), ("1004", amount)) if not text]
    wrong = []
    if nif and not well_formed(nif):
        wrong.append("2001")
    if len(number) > _LONGEST_NUMBER:
        wrong.append("2002")
    if not all(" " <= letter <= "~" for letter in number):
        wrong.append("2003")
    if day and not _is_date(day):
        wrong.append("2004")
    if amount:
        wrong += _wrong_amount(amount)
    return missing + wrong


def _wrong_amount(text: str) -> list[str]:
    found = fullmatch(r"-?(\d+)(?:\.(\d+))?", text, flags=0)
    if found is None or not text.isascii():
        return ["2005"]
    too_long = len(found[1]) > _MOST_DIGITS or len(found[2] or "") > _MOST_DECIMALS
    return ["2006"] if too_long else []


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%d-%m-%Y")  # noqa: DTZ007 (a date, without an hour)
    except ValueError:
        return False
    return len(text) == len("31-12-2027")


def _result(given: Mapping[str, str], ledger: Ledger) -> str:
    """Return 00 when such an invoice is held and in force. The amount is part of the key: 241.4 is 241.40."""
    rows = ledger.select(
        "SELECT r.xml FROM invoice i JOIN record r ON r.id = i.record_id"
        " WHERE i.emisor = ? AND i.numero = ? AND i.fecha = ? AND i.state <> 'Anulada'",
        [given["nif"], given["numserie"], given["fecha"]],
    )
    totals = [
        Decimal(trim(item.text)) for row in rows for item in etree.fromstring(row[0]) if local(item) == "ImporteTotal"
    ]
    return "00" if Decimal(given["importe"]) in totals else "01"


def _json(given: Mapping[str, str], codes: Sequence[str], result: str) -> bytes:
    if codes:
        found: dict[str, object] = {
            "status": "KO",
            "codigo_error": ".".join(codes),
            "mensaje_error": ". ".join(_ERRORS[code] for code in codes),
        }
    else:
        shown = {name: given[name] for name in ("nif", "numserie", "fecha", "importe")}
        found = {"status": "OK", "respuesta": {**shown, "resultado": result, "mensaje": _RESULTS[result][0]}}
    return json.dumps(found, ensure_ascii=False).encode()


def _html(given: Mapping[str, str], codes: Sequence[str], result: str) -> bytes:
    title, says = _RESULTS[result] if result else ("No se puede comprobar", "")
    rows = "".join(
        f"<dt>{name}</dt><dd>{escape(given.get(name, ''))}</dd>" for name in ("nif", "numserie", "fecha", "importe")
    )
    errors = "".join(f"<li>{code}: {_ERRORS[code]}</li>" for code in codes)
    return (
        f"<!DOCTYPE html><html lang='es'><meta charset='utf-8'><title>{title}</title><body><h1>{title}</h1>"
        f"<p>{says}</p><ul>{errors}</ul><dl>{rows}</dl>"
        "<p>Simulador: nada de lo que aquí consta tiene efecto ante la AEAT.</p></body></html>"
    ).encode()
