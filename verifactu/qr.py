"""The verification address of an invoice and its QR symbol (AEAT, "Código QR y URL de cotejo" 0.5.0, 10/12/2025).

The four values are the texts of the record: the AEAT finds the invoice by them, the amount included.
"""

from io import BytesIO
from urllib.parse import quote

import segno

PRODUCTION = "https://www2.agenciatributaria.gob.es/wlpl/TIKE-CONT/ValidarQR"
TEST = "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR"
_BASE = {"production": PRODUCTION, "test": TEST, "simulator": TEST}

QUIET_ZONE = 4
"""Modules of white that ISO/IEC 18004 asks for on each side of the symbol."""


def url(*, environment: str, nif: str, num_serie: str, fecha: str, importe: str) -> str:
    """Return the address at which the AEAT confirms the invoice.

    `fecha` is dd-mm-yyyy and `importe` the ImporteTotal, both exactly as in the record. Anything but production carries
    the AEAT's test host, the simulator too: a test invoice must never look verifiable.

    :raises ValueError: for an environment that is not production, test or simulator.
    """
    if environment not in _BASE:
        raise ValueError(f"unknown environment {environment!r}: production, test or simulator")
    fields = (
        ("nif", nif),
        ("numserie", num_serie),
        ("fecha", fecha),
        ("importe", importe),
    )
    # safe="" because "/" is a character of invoice numbers and not of the path; the service decodes form-urlencoding.
    return _BASE[environment] + "?" + "&".join(f"{name}={quote(text, safe='')}" for name, text in fields)


def svg(url: str, *, quiet_zone: bool = True) -> str:
    """Return the address as one inline `<svg>` element whose size is left to CSS.

    Error correction M, never a Micro QR, and M is not raised when there is room, so that one address always gives one
    symbol. The box is in modules: with `quiet_zone` it holds four white modules on each side (at 30-40 mm of symbol
    that is more than the 2 mm of the specification); without it the page must leave them.
    """
    symbol = _symbol(url)
    image = BytesIO()
    symbol.save(
        image,
        kind="svg",
        border=QUIET_ZONE if quiet_zone else 0,
        xmldecl=False,
        svgns=True,
        omitsize=True,
        nl=False,
        light="#fff",
    )
    return image.getvalue().decode()


def runs(url: str) -> tuple[list[list[tuple[int, int]]], int]:
    """Return the symbol of `svg` as its black runs, row by row (first module, how many), and its side in modules."""
    rows = []
    for row in _symbol(url).matrix:
        text, found, at = bytes(row), [], 0
        while (first := text.find(1, at)) >= 0:
            at = text.find(0, first)
            at = len(text) if at < 0 else at
            found.append((first, at - first))
        rows.append(found)
    return rows, len(rows)


def _symbol(url: str) -> segno.QRCode:
    return segno.make(url, error="m", micro=False, boost_error=False)
