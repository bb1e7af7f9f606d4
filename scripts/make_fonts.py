"""Make the two fonts of the printed invoice from Inter's variable font: `make_fonts.py Inter-roman.var.ttf`.

Most of what a font holds are layout tables and scripts that an invoice does not use, and whoever embeds it pays for
them in every document. So they are taken off once, here. What remains are the letters of Europe's languages (Latin,
Greek, Cyrillic), the signs of an invoice and of a shop's titles, and figures of equal width: the font's `tnum` feature
applied for good, because a column of amounts needs it and nothing reads features any more.
"""

import argparse
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

TARGET = Path(__file__).resolve().parent.parent / "templates" / "invoice" / "fonts"
FAMILY = "Encadena Sans"
"""A name of our own, so that the modified font is never taken for an installed Inter."""
WEIGHTS = {400: "Regular", 700: "Bold"}
CHARACTERS = [
    *range(0x20, 0x7F),  # Basic Latin
    *range(0xA0, 0x250),  # Latin-1, Latin Extended-A and B: Spanish, Catalan, French, German, Polish, Romanian...
    *range(0x1E00, 0x1F00),  # Latin Extended Additional: Vietnamese, Welsh
    *range(0x370, 0x400),  # Greek
    *range(0x400, 0x530),  # Cyrillic
    *map(ord, "\u2009\u202f‐‑–—‘’‚“”„†‡•…‰′″‹›⁄€£¥₽₴₺№™−×÷±≈≠≤≥∞"),  # noqa: RUF001 (these signs are what is meant)
    *map(ord, "←↑→↓↔✓✗★☆♥♡●○■□▲△◆◇"),
]


def main() -> None:
    """Write both weights into templates/invoice/fonts and say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    source: Path = parser.parse_args().source
    for weight, style in WEIGHTS.items():
        font = instantiateVariableFont(TTFont(source), {"wght": weight})
        figures_of_equal_width(font)
        only_what_invoices_need(font)
        rename(font, style)
        target = TARGET / f"encadena-sans-{weight}.ttf"
        font.save(target)
        print(f"{target.name}: {target.stat().st_size} bytes, {font['maxp'].numGlyphs} glyphs")


def figures_of_equal_width(font: TTFont) -> None:
    """Let the digits be the glyphs that the feature `tnum` would put in their place."""
    table = font["GSUB"].table
    instead: dict[str, str] = {}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for subtable in table.LookupList.Lookup[index].SubTable:
                    instead |= getattr(subtable, "ExtSubTable", subtable).mapping
    for encoding in font["cmap"].tables:
        for digit in filter(encoding.cmap.__contains__, map(ord, "0123456789")):
            # Two tables may share one mapping: what is replaced already stays.
            encoding.cmap[digit] = instead.get(encoding.cmap[digit], encoding.cmap[digit])


def only_what_invoices_need(font: TTFont) -> None:
    """Drop every other glyph, the layout tables and the hints, which no PDF reader uses any more."""
    options = Options(
        hinting=False, layout_features=[], notdef_outline=True, name_IDs=[0, 1, 2, 5, 13, 14], glyph_names=False
    )
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "STAT", "MVAR", "HVAR", "avar", "DSIG", "meta"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)


def rename(font: TTFont, style: str) -> None:
    """Give the font its own name and keep the notices of copyright and licence."""
    for identifier, text in {1: FAMILY, 2: style, 4: f"{FAMILY} {style}", 6: f"EncadenaSans-{style}"}.items():
        font["name"].setName(text, identifier, 3, 1, 0x409)


if __name__ == "__main__":
    main()
