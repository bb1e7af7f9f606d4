"""The sheet on paper: where each text stands, and the file that holds them.

An invoice is a head, a table that may go on over pages, and a few blocks below it. Composing just that takes a tenth
of what a page language takes for the same sheet, and its cost grows with the lines, not faster
(docs/decisions/0015-pages.md). Measures are points from the upper left corner, widths of columns millimetres.
"""

from collections.abc import Sequence

from invoicing.pdf import logo
from invoicing.pdf.canvas import HEIGHT, MM, WIDTH, Canvas
from invoicing.pdf.setting import edges as edges_of
from invoicing.pdf.setting import fitting, wrap
from invoicing.pdf.sheet import Block, Column, Row, Sheet
from invoicing.pdf.words import QR_ABOVE, QR_BELOW
from invoicing.pdf.writer import Pdf, finish_archive
from invoicing.values import PrintedInvoice
from verifactu import qr

QR_SIDE = 35.0
"""Millimetres between the outer modules: 30 to 40 are allowed (AEAT, QR and verification service 0.5.0, section on
size), and the middle leaves room to printers that scale."""

LEFT, RIGHT, TOP = 18 * MM, WIDTH - 18 * MM, 15 * MM
INK, GREY, PALE, RULE = "#16202a", "#5b6770", "#eef0f2", "#d5dade"
BODY, SMALL, LARGE, TITLE = 9.0, 7.5, 12.0, 21.0
LEADING = 1.4
_ASCENT = 0.97
"""Of the line above the baseline, as a part of the size: the font's own."""
_QR_COLUMN = 50 * MM
_LOGO = (60 * MM, 18 * MM)


def compose(sheet: Sheet, printed: PrintedInvoice) -> bytes:
    """Return the invoice as PDF/A-3b with its record's XML attached."""
    canvas = Canvas()
    _Composer(canvas, sheet).all()
    pdf = Pdf()
    images: dict[str, int] = {}
    if sheet.letterhead.logo and not logo.is_drawing(sheet.letterhead.logo):
        entries, data = logo.image(sheet.letterhead.logo)
        images["Logo"] = pdf.stream(data, entries, compress=False)
    pages = canvas.close(pdf, images)
    record = printed.record_xml
    return finish_archive(
        pdf,
        pages=pages,
        language=sheet.language,
        properties={
            "Title": f"{sheet.title} {sheet.number}",
            "Author": sheet.issuer.name,
            # Where a restore finds out whose page it is (invoicing/evidence.py).
            "Keywords": sheet.qr_url,
        },
        made_at=printed.issued_at,
        attachment=(ATTACHMENT, record.encode(), f"Registro VERI*FACTU de {sheet.number}") if record else None,
    )


ATTACHMENT = "registro-verifactu.xml"


class _Composer:
    def __init__(self, canvas: Canvas, sheet: Sheet) -> None:
        self.canvas = canvas
        self.sheet = sheet
        self.y = TOP
        self.footer = [line for text in sheet.footer for line in wrap(canvas.regular, text, 7, RIGHT - LEFT)][:6]
        self.bottom = HEIGHT - 20 * MM - len(self.footer) * 7 * 1.3

    def all(self) -> None:
        self._page()
        self._head()
        self._facts()
        self._relations()
        self._lines()
        self._figures()
        self._notes()
        self._feet()

    def _page(self) -> None:
        self.canvas.new_page()
        self.y = TOP
        # First, so that all else lies on it. cos 32°, sin 32°: rising, from the middle of the page.
        for index, text in enumerate(self.sheet.watermark):
            down = (index - 0.5 * (len(self.sheet.watermark) - 1)) * 43
            x, y = WIDTH / 2 + down * 0.53, HEIGHT / 2 + down * 0.848
            size = min(34.0, 34 * 620 / self.canvas.bold.width(text, 34))
            self.canvas.text(x, y, text, size, PALE, bold=True, align="middle", turn=(0.848, 0.53))

    # --- page one ----------------------------------------------------------------------------------------------

    def _head(self) -> None:
        bottom = self._symbol()
        width = RIGHT - LEFT - _QR_COLUMN - 6 * MM
        self._logo()
        self._paragraph(self.sheet.issuer.name, LEFT, width, LARGE, INK, bold=True)
        self.y += 1 * MM
        for line in self.sheet.issuer.lines:
            self._paragraph(line, LEFT, width, BODY, INK)
        self.y += 7 * MM
        self._title(width)
        self.y = max(self.y, bottom)

    def _title(self, width: float) -> None:
        sheet, canvas = self.sheet, self.canvas
        size = min(TITLE, TITLE * width / canvas.bold.width(sheet.title, TITLE))
        self._line(sheet.title, LEFT, size, INK, bold=True, leading=1.15)
        if sheet.title_in_spanish:
            self._line(sheet.title_in_spanish, LEFT, BODY, GREY)
        self.y += 0.8 * MM
        top = self.y
        self._paragraph(sheet.number, LEFT, width, LARGE, sheet.letterhead.accent)
        if sheet.duplicate:
            text = sheet.duplicate.upper()
            x = LEFT + canvas.regular.width(sheet.number, LARGE) + 5 * MM
            wide = canvas.bold.width(text, BODY) + 4 * MM
            if x + wide > LEFT + width:
                x, top = LEFT, self.y + 1 * MM
                self.y = top + 6 * MM
            canvas.frame(x, top + 0.6 * MM, wide, 5 * MM, INK)
            canvas.text(x + 2 * MM, top + 4.2 * MM, text, BODY, INK, bold=True)

    def _logo(self) -> None:
        data = self.sheet.letterhead.logo
        if not data:
            return
        width, height = logo.size(data)
        scale = min(_LOGO[0] / width, _LOGO[1] / height)
        wide, high = width * scale, height * scale
        bottom = HEIGHT - self.y - high
        if logo.is_drawing(data):
            # The drawing counts downwards from its upper left corner.
            place = f"{scale:.5f} 0 0 {-scale:.5f} {LEFT:.3f} {bottom + high:.3f} cm"
            clip = f"0 0 {width:g} {height:g} re W n"
            self.canvas.raw("\n".join([place, clip, *logo.operators(data)]))
        else:
            self.canvas.raw(f"{wide:.3f} 0 0 {high:.3f} {LEFT:.3f} {bottom:.3f} cm /Logo Do")
        self.y += high + 4 * MM

    def _symbol(self) -> float:
        """Draw the QR with its two texts, as large as the largest of the data, and return where it ends."""
        middle = RIGHT - _QR_COLUMN / 2
        rows, modules = qr.runs(self.sheet.qr_url)
        module = QR_SIDE * MM / modules
        clear = qr.QUIET_ZONE * module
        y = self.y + LARGE * 1.2
        self.canvas.text(middle, y - LARGE * 0.25, QR_ABOVE, LARGE, INK, align="middle")
        side = modules * module
        self.canvas.box(middle - side / 2 - clear, y, side + 2 * clear, side + 2 * clear, "#ffffff")
        self.canvas.modules(rows, middle - side / 2, y + clear, module)
        y += side + 2 * clear + LARGE
        self.canvas.text(middle, y, QR_BELOW, LARGE, INK, align="middle")
        return y + LARGE * 0.4

    def _facts(self) -> None:
        self.y += 6 * MM
        top, half = self.y, 70 * MM
        if self.sheet.recipient:
            self._recipient(self.sheet.recipient, RIGHT - LEFT - half - 10 * MM)
        left_bottom, self.y = self.y, top
        for label, value in self.sheet.facts:
            self.y += 0.7 * MM
            base = self.y + BODY * _ASCENT + BODY * (LEADING - 1.21) / 2
            self.canvas.text(RIGHT - half, base, label, BODY, GREY)
            room = half - self.canvas.regular.width(label, BODY) - 3 * MM
            lines = wrap(self.canvas.regular, value, BODY, room)
            for line in lines:
                self.canvas.text(RIGHT, base, line, BODY, INK, align="right")
                base += BODY * LEADING
            self.y += BODY * LEADING * len(lines) + 0.7 * MM
        self.y = max(left_bottom, self.y)

    def _recipient(self, block: Block, width: float) -> None:
        self._line(self.sheet.recipient_heading, LEFT, SMALL, GREY)
        self.y += 1 * MM
        self._paragraph(block.name, LEFT, width, BODY, INK, bold=True)
        for line in block.lines:
            self._paragraph(line, LEFT, width, BODY, INK)

    def _relations(self) -> None:
        if not self.sheet.relations:
            return
        self.y += 6 * MM
        self.canvas.rule(LEFT, self.y, RIGHT - LEFT, 0.8, self.sheet.letterhead.accent)
        self.y += 2 * MM
        indent = max(self.canvas.regular.width(label, BODY) for label, _ in self.sheet.relations) + 5 * MM
        for label, text in self.sheet.relations:
            self._room(BODY * LEADING)
            start = self.y
            self._line(label, LEFT, BODY, GREY)
            self.y = start
            self._paragraph(text, LEFT + indent, RIGHT - LEFT - indent, BODY, INK, breaks=True)

    # --- the table ---------------------------------------------------------------------------------------------

    def _lines(self) -> None:
        self.y += 8 * MM
        sheet, edges = self.sheet, edges_of(self.sheet.columns, LEFT, RIGHT)
        row_of = self._table_head
        self._room(30 * MM)
        row_of(sheet.columns, edges, RIGHT)
        carried = BODY * LEADING + 3.7 * MM
        for index, row in enumerate(sheet.rows):
            lines = wrap(self.canvas.regular, row.cells[0], BODY, edges[0][1] - edges[0][0] - 4 * MM)
            below = wrap(self.canvas.regular, row.below, SMALL, edges[0][1] - edges[0][0] - 4 * MM)
            height = len(lines) * BODY * LEADING + len(below) * SMALL * LEADING + 3.7 * MM
            last = index == len(sheet.rows) - 1
            if self.y + height + (0 if last else carried) > self.bottom and index:
                so_far = sheet.rows[index - 1].sum_so_far
                self._carried(sheet.carried_on, so_far)
                self._page()
                row_of(sheet.columns, edges, RIGHT)
                self._carried(sheet.brought, so_far)
            self._row(row, edges, lines, below, height)

    def _table_head(self, columns: Sequence[Column], edges: Sequence[tuple[float, float]], right: float) -> None:
        count = max(len(column.heading) for column in columns)
        leading = SMALL * 1.25
        for column, (left, end) in zip(columns, edges, strict=True):
            y = self.y + (count - len(column.heading)) * leading + SMALL * _ASCENT
            for text in column.heading:
                size = fitting(self.canvas.regular, text, SMALL, end - left)
                if column.width:
                    self.canvas.text(end, y, text, size, GREY, align="right")
                else:
                    self.canvas.text(left, y, text, size, GREY)
                y += leading
        self.y += count * leading + 1.6 * MM
        self.canvas.rule(edges[0][0], self.y, right - edges[0][0], 0.8, INK)
        self.y += 0.8

    def _row(
        self, row: Row, edges: Sequence[tuple[float, float]], lines: list[str], below: list[str], height: float
    ) -> None:
        base = self.y + 1.9 * MM + BODY * _ASCENT + BODY * (LEADING - 1.21) / 2
        y = base
        for line in lines:
            self.canvas.text(edges[0][0], y, line, BODY, INK)
            y += BODY * LEADING
        for line in below:
            self.canvas.text(edges[0][0], y, line, SMALL, GREY)
            y += SMALL * LEADING
        for text, (left, right) in zip(row.cells[1:], edges[1:], strict=True):
            size = fitting(self.canvas.regular, text, BODY, right - left - 1 * MM)
            self.canvas.text(right, base, text, size, INK, align="right")
        self.y += height
        self.canvas.rule(LEFT, self.y - 0.4, RIGHT - LEFT, 0.4, RULE)

    def _carried(self, label: str, amount: str) -> None:
        base = self.y + 1.9 * MM + BODY * _ASCENT
        self.canvas.text(RIGHT - 40 * MM, base, label, BODY, GREY, align="right")
        self.canvas.text(RIGHT, base, amount, BODY, INK, bold=True, align="right")
        self.y += BODY * LEADING + 3.7 * MM

    # --- below the table ---------------------------------------------------------------------------------------

    def _figures(self) -> None:
        sheet, totals = self.sheet, 70 * MM
        gap = 6 * MM if len(sheet.breakdown_columns) > 4 else 10 * MM
        right = RIGHT - totals - gap
        edges = edges_of(sheet.breakdown_columns, LEFT, right)
        rows = [wrap(self.canvas.regular, row[0], 8, edges[0][1] - edges[0][0] - 2 * MM) for row in sheet.breakdown]
        heights = [len(lines) * 8 * LEADING + 1.4 * MM for lines in rows]
        sums = sum(_height_of_sum(one.strong) for one in sheet.sums)
        self.y += 8 * MM
        self._room(max(sum(heights) + SMALL * 2.5 + 3 * MM, sums))
        top = self.y
        self._table_head(sheet.breakdown_columns, edges, right)
        for row, lines, height in zip(sheet.breakdown, rows, heights, strict=True):
            base = self.y + 1.4 * MM + 8 * _ASCENT
            for index, line in enumerate(lines):
                self.canvas.text(LEFT, base + index * 8 * LEADING, line, 8, INK)
            for text, (left, end) in zip(row[1:], edges[1:], strict=True):
                self.canvas.text(
                    end, base, text, fitting(self.canvas.regular, text, 8, end - left - 1), INK, align="right"
                )
            self.y += height
        left_bottom, self.y = self.y, top
        self._sums(RIGHT - totals)
        self.y = max(left_bottom, self.y)

    def _sums(self, left: float) -> None:
        for one in self.sheet.sums:
            size = LARGE if one.strong else BODY
            if one.strong:
                self.canvas.rule(left, self.y + 1.4 * MM, RIGHT - left, 0.8, self.sheet.letterhead.accent)
            above = 3.2 * MM if one.strong else 0.9 * MM
            base = self.y + above + size * _ASCENT
            face = self.canvas.face(one.strong)
            room = RIGHT - left - face.width(one.value, size) - 3 * MM
            self.canvas.text(left, base, one.label, fitting(face, one.label, size, room), INK, bold=one.strong)
            self.canvas.text(RIGHT, base, one.value, size, INK, bold=one.strong, align="right")
            self.y += _height_of_sum(one.strong)

    def _notes(self) -> None:
        self.y += 8 * MM
        if self.sheet.payment:
            self._room(2 * BODY * LEADING)
            self._line(self.sheet.payment[0], LEFT, SMALL, GREY)
            for text in self.sheet.payment[1:]:
                self._paragraph(text, LEFT, RIGHT - LEFT, BODY, INK, breaks=True)
            self.y += 3 * MM
        for note in self.sheet.notes:
            self._paragraph(note, LEFT, RIGHT - LEFT, 8, "#3c4750", breaks=True)
            self.y += 1 * MM

    def _feet(self) -> None:
        count = len(self.canvas.pages)
        for index in range(count):
            y = HEIGHT - 13 * MM
            text = self.sheet.page_of.format(index + 1, count)
            room = RIGHT - LEFT - self.canvas.regular.width(text, SMALL) - 6 * MM
            running = self.sheet.running
            self.canvas.go_back(index)
            self.canvas.text(LEFT, y, running, fitting(self.canvas.regular, running, SMALL, room), GREY)
            self.canvas.text(RIGHT, y, text, SMALL, GREY, align="right")
            for number, line in enumerate(self.footer):
                self.canvas.text(LEFT, y - (len(self.footer) - number) * 7 * 1.3 - 0.6 * MM, line, 7, GREY)

    # --- pieces ------------------------------------------------------------------------------------------------

    def _room(self, height: float) -> None:
        """Go to a new page when there is less room than that."""
        if self.y + height > self.bottom:
            self._page()

    def _line(
        self, text: str, x: float, size: float, colour: str, *, bold: bool = False, leading: float = LEADING
    ) -> None:
        self.canvas.text(x, self.y + size * (_ASCENT + (leading - 1.21) / 2), text, size, colour, bold=bold)
        self.y += size * leading

    def _paragraph(
        self, text: str, x: float, width: float, size: float, colour: str, *, bold: bool = False, breaks: bool = False
    ) -> None:
        for line in wrap(self.canvas.face(bold), text, size, width):
            if breaks:
                self._room(size * LEADING)
            self._line(line, x, size, colour, bold=bold)


def _height_of_sum(strong: bool) -> float:
    return LARGE * LEADING + 4.4 * MM if strong else BODY * LEADING + 1.8 * MM
