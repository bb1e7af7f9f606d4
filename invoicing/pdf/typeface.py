"""One of our fonts as the composer needs it: how wide a text is, and a font file with only the glyphs of a document.

Reads what scripts/make_fonts.py writes: TrueType with a format 4 `cmap`, no layout tables, no hints. Without kerning
and ligatures a text is as wide as its letters together, which is what makes composing cheap.
"""

import struct
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

from invoicing.pdf.formats import clean

FOLDER = Path(__file__).resolve().parent.parent.parent / "templates" / "invoice" / "fonts"

_KEPT = (b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp")
"""The tables that a PDF wants of an embedded TrueType font (ISO 32000-1, 9.9)."""


class Typeface:
    """A font file, parsed once."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self._tables = dict(_tables(data))
        head, hhea = self._tables[b"head"], self._tables[b"hhea"]
        self.unit: int = struct.unpack_from(">H", head, 18)[0]
        self.box = struct.unpack_from(">4h", head, 36)
        self.ascent, self.descent = struct.unpack_from(">2h", hhea, 4)
        self._count: int = struct.unpack_from(">H", self._tables[b"maxp"], 4)[0]
        self._metrics: list[tuple[int, int]] = self._read_metrics(struct.unpack_from(">H", hhea, 34)[0])
        self._glyphs = _cmap(self._tables[b"cmap"])
        self._places = self._read_places(struct.unpack_from(">h", head, 50)[0])
        self._advances = {char: self._metrics[glyph][0] for char, glyph in self._glyphs.items()}

    def covers(self, text: str) -> bool:
        """Return whether every letter of the text is here; signs without a glyph are left out when it is drawn."""
        return all(ord(char) in self._glyphs or not _is_letter(char) for char in text)

    def plainer(self, text: str) -> str:
        """Return the text with what has no glyph in the letters it stands for (Unicode's NFKC), where they have one.

        A ligature is its letters, a circled figure the figure, a letter of an ornamental alphabet the letter. What
        stands for no letters and is none (an emoji) is left out.
        """
        if all(ord(char) in self._glyphs for char in text):
            return text
        return "".join(char if ord(char) in self._glyphs else self._plain(char) for char in text)

    def _plain(self, char: str) -> str:
        instead = unicodedata.normalize("NFKC", char)
        if all(ord(each) in self._glyphs for each in instead):
            return instead
        return "" if unicodedata.category(char) in ("So", "Sk", "Sc", "Sm", "Co", "Cn") else char

    def drawable(self, text: str) -> str:
        """Return the text without the signs that have no glyph (emoji, mostly)."""
        if all(ord(char) in self._glyphs for char in text):
            return text
        return "".join(char for char in text if ord(char) in self._glyphs)

    def glyphs(self, text: str) -> list[int]:
        return [self._glyphs.get(ord(char), 0) for char in text]

    def width(self, text: str, size: float) -> float:
        """Return how wide a text is, in the unit of `size`."""
        advances = self._advances
        return sum(advances.get(ord(char), 0) for char in text) * size / self.unit

    def advance(self, glyph: int) -> int:
        """Return a glyph's width in thousandths of the size."""
        return round(self._metrics[glyph][0] * 1000 / self.unit)

    def scaled(self, value: int) -> int:
        """Return a measure of the font in thousandths of the size."""
        return round(value * 1000 / self.unit)

    def subset(self, used: Iterable[int]) -> bytes:
        """Return a font file in which every glyph keeps its number and only those used keep their shape."""
        kept = self._with_parts(used)
        glyf, loca, hmtx = bytearray(), [0], bytearray()
        data = self._tables[b"glyf"]
        for glyph in range(self._count):
            if glyph in kept:
                first, last = self._places[glyph]
                glyf += data[first:last]
                glyf += b"\0" * (-len(glyf) % 4)
                hmtx += struct.pack(">Hh", *self._metrics[glyph])
            else:
                hmtx += b"\0\0\0\0"
            loca.append(len(glyf))
        head = bytearray(self._tables[b"head"])
        struct.pack_into(">I", head, 8, 0)
        struct.pack_into(">h", head, 50, 1)
        hhea = bytearray(self._tables[b"hhea"])
        struct.pack_into(">H", hhea, 34, self._count)
        tables = {
            **{tag: self._tables[tag] for tag in _KEPT},
            b"glyf": bytes(glyf),
            b"head": bytes(head),
            b"hhea": bytes(hhea),
            b"hmtx": bytes(hmtx),
            b"loca": struct.pack(f">{len(loca)}I", *loca),
        }
        return _file(tables)

    def _read_metrics(self, count: int) -> list[tuple[int, int]]:
        data = self._tables[b"hmtx"]
        pairs = list(struct.iter_unpack(">Hh", data[: 4 * count]))
        rest = struct.unpack_from(f">{self._count - count}h", data, 4 * count)
        return [*pairs, *((pairs[-1][0], bearing) for bearing in rest)]

    def _read_places(self, long: int) -> list[tuple[int, int]]:
        data = self._tables[b"loca"]
        places = struct.unpack_from(f">{self._count + 1}{'I' if long else 'H'}", data)
        if not long:
            places = tuple(place * 2 for place in places)
        return list(pairwise(places))

    def _with_parts(self, used: Iterable[int]) -> set[int]:
        """Return the glyphs and those that they are composed of (OpenType, glyf: composite glyphs)."""
        kept, open_ = {0}, [0, *used]
        while open_:
            glyph = open_.pop()
            kept.add(glyph)
            open_ += [part for part in self._parts(glyph) if part not in kept]
        return kept

    def _parts(self, glyph: int) -> list[int]:
        first, last = self._places[glyph]
        data = self._tables[b"glyf"][first:last]
        if not data or struct.unpack_from(">h", data)[0] >= 0:
            return []
        parts, at, more = [], 10, True
        while more:
            flags, part = struct.unpack_from(">HH", data, at)
            parts.append(part)
            at += 4 + (4 if flags & 1 else 2) + (2 if flags & 8 else 4 if flags & 64 else 8 if flags & 128 else 0)
            more = bool(flags & 32)
        return parts


@cache
def faces() -> tuple[Typeface, Typeface]:
    """Return the regular and the bold font, read once."""
    return (
        Typeface((FOLDER / "encadena-sans-400.ttf").read_bytes(), "Encadena-Sans"),
        Typeface((FOLDER / "encadena-sans-700.ttf").read_bytes(), "Encadena-Sans-Bold"),
    )


def printable(text: str) -> str:
    """Return a text from outside as a page can show it: clean, and plainer where our fonts lack a sign."""
    told = clean(text)
    plain = faces()[0].plainer(told)
    return plain if plain == told else clean(plain)


def _is_letter(char: str) -> bool:
    """Tell whether leaving the character out would change a name: a letter, a mark on one, or a figure."""
    category = unicodedata.category(char)
    # The selectors that ask for a colour picture are marks to Unicode.
    return category[0] in "LMN" and not 0xFE00 <= ord(char) <= 0xFE0F and ord(char) != 0x20E3


def _tables(data: bytes) -> Iterable[tuple[bytes, bytes]]:
    for index in range(struct.unpack_from(">H", data, 4)[0]):
        tag, _, offset, length = struct.unpack_from(">4s3I", data, 12 + 16 * index)
        yield tag, data[offset : offset + length]


def _cmap(table: bytes) -> dict[int, int]:
    """Return character -> glyph from the format 4 subtable of Windows' Unicode encoding (3, 1)."""
    for index in range(struct.unpack_from(">H", table, 2)[0]):
        platform, encoding, offset = struct.unpack_from(">HHI", table, 4 + 8 * index)
        if (platform, encoding) == (3, 1):
            break
    else:
        raise ValueError("the font has no Unicode cmap; make it with scripts/make_fonts.py")
    count = struct.unpack_from(">H", table, offset + 6)[0] // 2
    at = offset + 14
    ends = struct.unpack_from(f">{count}H", table, at)
    starts = struct.unpack_from(f">{count}H", table, at + 2 * count + 2)
    deltas = struct.unpack_from(f">{count}H", table, at + 4 * count + 2)
    ranges_at = at + 6 * count + 2
    ranges = struct.unpack_from(f">{count}H", table, ranges_at)
    found: dict[int, int] = {}
    for index, (start, end, delta, place) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
        for char in range(start, min(end, 0xFFFE) + 1):
            if not place:
                glyph = (char + delta) & 0xFFFF
            else:
                glyph = struct.unpack_from(">H", table, ranges_at + 2 * index + place + 2 * (char - start))[0]
                glyph = (glyph + delta) & 0xFFFF if glyph else 0
            if glyph:
                found[char] = glyph
    return found


def _file(tables: dict[bytes, bytes]) -> bytes:
    """Return the tables as one font file (OpenType, table directory)."""
    count = len(tables)
    power = count.bit_length() - 1
    header = struct.pack(">IHHHH", 0x00010000, count, 16 << power, power, (count - (1 << power)) * 16)
    directory, body, at = b"", b"", 12 + 16 * count
    for tag in sorted(tables):
        data = tables[tag] + b"\0" * (-len(tables[tag]) % 4)
        total = sum(struct.unpack(f">{len(data) // 4}I", data)) & 0xFFFFFFFF
        directory += struct.pack(">4s3I", tag, total, at + len(body), len(tables[tag]))
        body += data
    return header + directory + body
