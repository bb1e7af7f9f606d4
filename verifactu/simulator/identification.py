"""The service behind the other address of the doors: whether NIFs and names are in the census (VNifV2).

What is known of the AEAT's is written down in verifactu/identification.py; here it is played, with a census of our own.
"""

import unicodedata
from xml.sax.saxutils import escape

from verifactu.simulator.census import Census, Entry, well_formed
from verifactu.simulator.messages import Refused, opened
from verifactu.simulator.reading import local, text

PATH = "/wlpl/BURT-JDIT/ws/VNifV2SOAP"
MOST = 10_000
"""Taxpayers that one request may ask about; those beyond are NO PROCESADO."""
_CONTRACT = "http://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/burt/jdit/ws/"
_NATURAL_PERSON = frozenset("0123456789KLMXYZ")


def answer(request: bytes, census: Census) -> bytes:
    """Return the answer to a request.

    :raises Refused: for one that is not of this service.
    :raises OSError: when the census cannot be read.
    """
    content = opened(request)
    if content.tag != f"{{{_CONTRACT}VNifV2Ent.xsd}}VNifV2Ent" or len(content) == 0:
        raise Refused("4102", f"{local(content)} no es una operación de este servicio")
    lines = []
    for position, asked in enumerate(content):
        nif, name = text(asked, "Nif").upper(), text(asked, "Nombre")
        told, result = identify(nif, name, census) if position < MOST else (name, "NO PROCESADO")
        lines.append(
            f"<VNifV2Sal:Contribuyente><VNifV2Sal:Nif>{escape(nif)}</VNifV2Sal:Nif>"
            f"<VNifV2Sal:Nombre>{escape(told)}</VNifV2Sal:Nombre>"
            f"<VNifV2Sal:Resultado>{result}</VNifV2Sal:Resultado></VNifV2Sal:Contribuyente>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
        f'<VNifV2Sal:VNifV2Sal xmlns:VNifV2Sal="{_CONTRACT}VNifV2Sal.xsd">{"".join(lines)}</VNifV2Sal:VNifV2Sal>'
        "</env:Body></env:Envelope>"
    ).encode()


def identify(nif: str, name: str, census: Census) -> tuple[str, str]:
    """Return the name and the result that the census gives for a pair."""
    entry = census.find(nif) if well_formed(nif) else None
    if entry is None:
        return name, "NO IDENTIFICADO"
    if nif[0] not in _NATURAL_PERSON:
        return entry.name or name, f"IDENTIFICADO{f'-{entry.state}' if entry.state else ''}"
    return _person(entry, name)


def _person(entry: Entry, name: str) -> tuple[str, str]:
    """Compare the words of a name, whatever their order, case and accents; half of them make it similar."""
    known, given = _words(entry.name), _words(name)
    if not given:
        return name, "NO IDENTIFICADO"
    if not known or known == given:
        return name, "IDENTIFICADO"
    if 2 * len(known & given) >= max(len(known), len(given)):
        return entry.name, "NO IDENTIFICADO-SIMILAR"
    return name, "NO IDENTIFICADO"


def _words(name: str) -> frozenset[str]:
    bare = "".join(letter for letter in unicodedata.normalize("NFD", name.upper()) if not unicodedata.combining(letter))
    return frozenset("".join(letter if letter.isalnum() else " " for letter in bare).split())
