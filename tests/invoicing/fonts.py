"""A machine's fonts, made for a test: which ones there are must not depend on the machine that the tests run on."""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen


def fontconfig(folder: Path, letters: str = "") -> Path:
    """Return Fontconfig's configuration of a machine with one font of these letters, or with none at all."""
    if letters:
        _font(folder / "foreign.ttf", letters)
    file = folder / "fonts.conf"
    file.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
        f"<fontconfig><dir>{folder}</dir><cachedir>{folder / 'cache'}</cachedir></fontconfig>"
    )
    return file


def _font(file: Path, letters: str) -> None:
    """Write a font in which each letter is a bar, of a height of its own."""
    names = [".notdef", *(f"uni{ord(letter):04X}" for letter in letters)]
    shapes = {}
    for place, name in enumerate(names):
        pen = TTGlyphPen(None)
        points = [(100, 0), (100, 300 + 20 * place), (800, 300 + 20 * place), (800, 0)]
        pen.moveTo(points[0])
        for point in points[1:]:
            pen.lineTo(point)
        pen.closePath()
        shapes[name] = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): f"uni{ord(letter):04X}" for letter in letters})
    builder.setupGlyf(shapes)
    builder.setupHorizontalMetrics(dict.fromkeys(names, (900, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Foreign", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(file)
