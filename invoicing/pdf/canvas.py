"""Drawing on pages: texts, lines, rectangles and paths, measured in points from the upper left corner."""

from invoicing.pdf.typeface import Typeface, faces
from invoicing.pdf.writer import Pdf

MM = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
Colour = str
"""#rrggbb."""


class Canvas:
    """The pages of one document; draws on the newest one, or on the one that it went back to."""

    def __init__(self) -> None:
        self.regular, self.bold = faces()
        self.pages: list[list[str]] = []
        self._used: dict[str, set[int]] = {self.regular.name: set(), self.bold.name: set()}
        self._shown: dict[str, dict[int, int]] = {self.regular.name: {}, self.bold.name: {}}
        self._page: list[str] = []
        self._colour = ""

    def new_page(self) -> None:
        self.pages.append([])
        self.go_back(len(self.pages) - 1)

    def go_back(self, index: int) -> None:
        """Draw on a page that was left."""
        self._page, self._colour = self.pages[index], ""

    def face(self, bold: bool) -> Typeface:
        return self.bold if bold else self.regular

    def text(
        self, x: float, y: float, text: str, size: float, colour: Colour, *, bold: bool = False, align: str = "left",
        turn: tuple[float, float] = (1, 0),
    ) -> None:  # fmt: skip
        """Write one line whose baseline is at `y`; `x` is its left end, its right end or its middle.

        `turn` is the direction of writing: cosine and sine.
        """
        face = self.face(bold)
        text = face.drawable(text)
        if not text:
            return
        if align != "left":
            width = face.width(text, size) / (1 if align == "right" else 2)
            x, y = x - width * turn[0], y + width * turn[1]
        glyphs = face.glyphs(text)
        shown = self._shown[face.name]
        for glyph, char in zip(glyphs, text, strict=True):
            shown.setdefault(glyph, ord(char))
        self._used[face.name].update(glyphs)
        cosine, sine = turn
        matrix = f"{_n(cosine)} {_n(sine)} {_n(-sine)} {_n(cosine)} {_n(x)} {_n(HEIGHT - y)}"
        codes = "".join(f"{glyph:04X}" for glyph in glyphs)
        font = "F2" if bold else "F1"
        self._ink(colour)
        self._put(f"BT /{font} {_n(size)} Tf {matrix} Tm <{codes}> Tj ET")

    def rule(self, x: float, y: float, width: float, thickness: float, colour: Colour) -> None:
        """Draw a horizontal line whose upper edge is at `y`."""
        self.box(x, y, width, thickness, colour)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        self._ink(colour)
        self._put(f"{_n(x)} {_n(HEIGHT - y - height)} {_n(width)} {_n(height)} re f")

    def frame(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        red, green, blue = rgb(colour)
        self._put(f"q {red} {green} {blue} RG 1 w {_n(x)} {_n(HEIGHT - y - height)} {_n(width)} {_n(height)} re S Q")

    def raw(self, operators: str) -> None:
        """Add operators in PDF's own coordinates, between q and Q."""
        self._put(f"q {operators} Q")

    def modules(self, rows: "list[list[tuple[int, int]]]", x: float, y: float, module: float) -> None:
        """Draw the black runs of a symbol, one path: row by row, (first module, how many)."""
        path = [f"0 0 0 rg {_n(module)} 0 0 {_n(-module)} {_n(x)} {_n(HEIGHT - y)} cm"]
        for row, runs in enumerate(rows):
            path += [f"{first} {row} {count} 1 re" for first, count in runs]
        self.raw("\n".join([*path, "f"]))

    def close(self, pdf: Pdf, images: dict[str, int]) -> int:
        """Write pages and fonts into the file and return the number of the page tree."""
        fonts = " ".join(
            f"/{name} {number} 0 R"
            for name, face in (("F1", self.regular), ("F2", self.bold))
            if (number := self._font(pdf, face))
        )
        pictures = " ".join(f"/{name} {number} 0 R" for name, number in images.items())
        resources = f"<< /Font << {fonts} >> /XObject << {pictures} >> >>"
        tree = pdf.reserve()
        kids = []
        for operators in self.pages:
            content = pdf.stream("\n".join(operators).encode())
            kids.append(
                pdf.add(
                    f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {_n(WIDTH)} {_n(HEIGHT)}] "
                    f"/Resources {resources} /Contents {content} 0 R >>".encode()
                )
            )
        every = " ".join(f"{kid} 0 R" for kid in kids)
        pdf.put(tree, f"<< /Type /Pages /Kids [{every}] /Count {len(kids)} >>".encode())
        return tree

    def _font(self, pdf: Pdf, face: Typeface) -> int:
        """Embed the font's used glyphs; 0 when there are none (ISO 32000-1, 9.7: composite fonts)."""
        used = sorted(self._used[face.name])
        if not used:
            return 0
        tag = "".join(chr(65 + (hash_ >> shift & 15)) for hash_ in [sum(used)] for shift in range(0, 24, 4))
        name = f"{tag}+{face.name}"
        data = face.subset(used)
        file = pdf.stream(data, f"/Length1 {len(data)}".encode())
        box = " ".join(str(face.scaled(value)) for value in face.box)
        descriptor = pdf.add(
            f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 "
            f"/Ascent {face.scaled(face.ascent)} /Descent {face.scaled(face.descent)} /CapHeight 727 /StemV 90 "
            f"/FontFile2 {file} 0 R >>".encode()
        )
        widths = " ".join(f"{glyph} [{face.advance(glyph)}]" for glyph in used)
        descendant = pdf.add(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDToGIDMap /Identity "
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
            f"/FontDescriptor {descriptor} 0 R /DW 0 /W [{widths}] >>".encode()
        )
        unicode = pdf.stream(_to_unicode(self._shown[face.name]).encode())
        return pdf.add(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
            f"/DescendantFonts [{descendant} 0 R] /ToUnicode {unicode} 0 R >>".encode()
        )

    def _ink(self, colour: Colour) -> None:
        if colour != self._colour:
            red, green, blue = rgb(colour)
            self._put(f"{red} {green} {blue} rg")
            self._colour = colour

    def _put(self, operators: str) -> None:
        self._page.append(operators)


def rgb(colour: Colour) -> tuple[str, str, str]:
    """Return a colour as PDF writes it.

    :raises ValueError: for anything but #rrggbb.
    """
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"not a colour: {colour!r}")
    red, green, blue = (_n(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return red, green, blue


def _n(value: float) -> str:
    """Return a number as PDF reads it: no exponent, three decimals."""
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"


def _to_unicode(shown: dict[int, int]) -> str:
    """Return the table by which a reader finds the text again (ISO 32000-1, 9.10.3)."""
    pairs = [f"<{glyph:04X}> <{chr(char).encode('utf-16-be').hex().upper()}>" for glyph, char in sorted(shown.items())]
    # At most a hundred entries stand in one section.
    sections = [pairs[at : at + 100] for at in range(0, len(pairs), 100)]
    body = "\n".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in sections)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    )
