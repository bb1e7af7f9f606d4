"""A company's logo: judged when it is uploaded, drawn on every page one.

What is kept is never the uploaded file. A picture is decoded and written anew; of a drawing only its shapes are read
and written anew as plain paths, so that no script, no reference and no surprise of the format is left to trust.
"""

import re
import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from lxml import etree
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from invoicing.pdf.drawing import redraw

LARGEST_FILE = 1024 * 1024
LARGEST_PICTURE = 16_000_000
"""Pixels that are decoded at all: a small file may unfold into gigabytes."""
LARGEST_KEPT = (1000, 500)
"""Pixels of the picture that is kept: 60 mm at 400 dpi."""
FAINT = 240
"""Of 255: what is lighter than that cannot be told from paper."""


OPERATORS = {"M": "m", "L": "l", "C": "c", "Z": "h"}
"""A command of a kept path -> PDF's operator, which comes after its numbers."""


def judge(data: bytes) -> bytes:
    """Return what is kept of an uploaded PNG, JPEG or SVG.

    :raises ValidationError: with what is wrong and what would do.
    """
    if len(data) > LARGEST_FILE:
        raise ValidationError(_("El logotipo pesa más de 1 MB; súbalo más pequeño."))
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return _picture(data)
    if re.match(rb"(\xef\xbb\xbf)?\s*<(\?xml|!--|!DOCTYPE|svg)", data[:200]):
        return redraw(data)
    raise ValidationError(_("El logotipo no es un PNG, un JPEG ni un SVG; lo que cuenta es el contenido del fichero."))


def is_drawing(logo: bytes) -> bool:
    """Return whether a kept logo is an SVG."""
    return logo.startswith(b"<svg")


def size(logo: bytes) -> tuple[float, float]:
    """Return width and height of a kept logo, in units of its own."""
    if is_drawing(logo):
        box = re.search(rb'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', logo)
        if box is None:
            raise ValueError("a kept drawing tells its size")
        return float(box[1]), float(box[2])
    width, height = struct.unpack_from(">II", logo, 16)
    return width, height


# --- drawing it ------------------------------------------------------------------------------------------------


def image(logo: bytes) -> tuple[bytes, bytes]:
    """Return the picture's entries and data for the PDF, which reads a PNG's own compression."""
    width, height = struct.unpack_from(">II", logo, 16)
    data, at = b"", 8
    while at < len(logo):
        length, kind = struct.unpack_from(">I4s", logo, at)
        if kind == b"IDAT":
            data += logo[at + 8 : at + 8 + length]
        at += 12 + length
    entries = (
        f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB /BitsPerComponent 8 "
        f"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors 3 /BitsPerComponent 8 /Columns {width} >>"
    )
    return entries.encode(), data


def operators(logo: bytes) -> Iterator[str]:
    """Yield the drawing as PDF operators, in its own coordinates."""
    for path in etree.fromstring(logo).iterchildren():
        for command, numbers in re.findall(r"([MLCZ])([-0-9. ]*)", str(path.get("d"))):
            yield f"{numbers.strip()} {OPERATORS[command]}"
        if path.get("stroke"):
            yield f"{_ink(path.get('stroke'))} RG {path.get('stroke-width')} w S"
        else:
            yield f"{_ink(path.get('fill'))} rg {'f*' if path.get('fill-rule') else 'f'}"


def _ink(colour: Any) -> str:
    return " ".join(f"{int(colour[at : at + 2], 16) / 255:.3f}" for at in (1, 3, 5))


# --- pictures --------------------------------------------------------------------------------------------------


def _picture(data: bytes) -> bytes:
    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > LARGEST_PICTURE or not picture.width or not picture.height:
                raise ValidationError(_("El logotipo tiene demasiados píxeles; 1000 por 500 bastan."))
            # WeasyPrint, where it is loaded too, lets half a picture pass in the whole process.
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            picture.load()
            # A photograph that was taken upright says so beside its pixels.
            upright = _eight_bits(ImageOps.exif_transpose(picture)).convert("RGBA")
            # An archive knows no transparency worth its trouble: paper is white.
            paper = Image.new("RGBA", upright.size, "white")
            paper.alpha_composite(upright)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise ValidationError(_("El logotipo está dañado o no es lo que dice ser.")) from None
    flat = paper.convert("RGB")
    if not any(flat.convert("L").histogram()[:FAINT]):
        raise ValidationError(_("El logotipo no se ve sobre papel blanco; suba la versión para fondo claro."))
    flat.thumbnail(LARGEST_KEPT)
    kept = BytesIO()
    flat.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return the picture with channels of eight bits: the rest of it knows no others, and would make sixteen white."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    return picture
