"""The sheet on paper: where each text stands, and the file that holds them.

An invoice is a head, a table that may go on over pages, and a few blocks below it. Composing just that takes a tenth
of what a page language takes for the same sheet, and its cost grows with the lines, not faster
(docs/decisions/0015-pages.md). `pen.py` goes down the page, `tables.py` has the lines and their figures; the rest is
here.
"""

from invoicing.pdf import logo
from invoicing.pdf.canvas import HEIGHT, MM, Canvas
from invoicing.pdf.pen import ASCENT, BODY, FOOTER, GREY, INK, LARGE, LEADING, LEFT, RIGHT, SMALL, TITLE
from invoicing.pdf.setting import wrap
from invoicing.pdf.sheet import Block, Sheet
from invoicing.pdf.tables import Tables
from invoicing.pdf.words import QR_ABOVE, QR_BELOW
from invoicing.pdf.writer import Pdf, finish_archive
from invoicing.values import PrintedInvoice
from verifactu import qr

QR_SIDE = 35.0
"""Millimetres between the outer modules: 30 to 40 are allowed (AEAT, QR and verification service 0.5.0, section on
size), and the middle leaves room to printers that scale."""

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


class _Composer(Tables):
    def all(self) -> None:
        self.new_page()
        self._head()
        self._facts()
        self._relations()
        self.lines()
        self._notes()
        self._feet()

    # --- page one ----------------------------------------------------------------------------------------------

    def _head(self) -> None:
        bottom = self._symbol()
        width = RIGHT - LEFT - _QR_COLUMN - 6 * MM
        self._logo()
        self.paragraph(self.sheet.issuer.name, LEFT, width, LARGE, INK, bold=True)
        self.y += 1 * MM
        for line in self.sheet.issuer.lines:
            self.paragraph(line, LEFT, width, BODY, INK)
        self.y += 7 * MM
        self._title(width)
        self.y = max(self.y, bottom)

    def _title(self, width: float) -> None:
        sheet, canvas = self.sheet, self.canvas
        size = min(TITLE, TITLE * width / canvas.bold.width(sheet.title, TITLE))
        self.line(sheet.title, LEFT, size, INK, bold=True, leading=1.15)
        if sheet.title_in_spanish:
            self.line(sheet.title_in_spanish, LEFT, BODY, GREY)
        self.y += 0.8 * MM
        top = self.y
        self.paragraph(sheet.number, LEFT, width, LARGE, sheet.letterhead.accent)
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
        for label, value in self.sheet.facts:
            self.y += 0.7 * MM
            base = self.y + BODY * ASCENT + BODY * (LEADING - 1.21) / 2
            self.canvas.text(RIGHT - half, base, label, BODY, GREY)
            room = half - self.canvas.regular.width(label, BODY) - 3 * MM
            lines = wrap(self.canvas.regular, value, BODY, room)
            for line in lines:
                self.canvas.text(RIGHT, base, line, BODY, INK, align="right")
                base += BODY * LEADING
            self.y += BODY * LEADING * len(lines) + 0.7 * MM
        right_bottom, self.y = self.y, top
        page = len(self.canvas.pages)
        if self.sheet.recipient:
            self._recipient(self.sheet.recipient, RIGHT - LEFT - half - 10 * MM)
        if len(self.canvas.pages) == page:
            self.y = max(right_bottom, self.y)

    def _recipient(self, block: Block, width: float) -> None:
        self.line(self.sheet.recipient_heading, LEFT, SMALL, GREY)
        self.y += 1 * MM
        # An address is as long as its shop lets it be.
        self.paragraph(block.name, LEFT, width, BODY, INK, bold=True, breaks=True)
        for line in block.lines:
            self.paragraph(line, LEFT, width, BODY, INK, breaks=True)

    def _relations(self) -> None:
        if not self.sheet.relations:
            return
        self.y += 6 * MM
        self.canvas.rule(LEFT, self.y, RIGHT - LEFT, 0.8, self.sheet.letterhead.accent)
        self.y += 2 * MM
        indent = max(self.canvas.regular.width(label, BODY) for label, _ in self.sheet.relations) + 5 * MM
        for label, text in self.sheet.relations:
            self.room(BODY * LEADING)
            start = self.y
            self.line(label, LEFT, BODY, GREY)
            self.y = start
            self.paragraph(text, LEFT + indent, RIGHT - LEFT - indent, BODY, INK, breaks=True)

    # --- below the tables ---------------------------------------------------------------------------------------

    def _notes(self) -> None:
        self.y += 8 * MM
        if self.sheet.payment:
            self.room(2 * BODY * LEADING)
            self.line(self.sheet.payment[0], LEFT, SMALL, GREY)
            for text in self.sheet.payment[1:]:
                self.paragraph(text, LEFT, RIGHT - LEFT, BODY, INK, breaks=True)
            self.y += 3 * MM
        for note in self.sheet.notes:
            self.paragraph(note, LEFT, RIGHT - LEFT, 8, "#3c4750", breaks=True)
            self.y += 1 * MM

    def _feet(self) -> None:
        count = len(self.canvas.pages)
        for index in range(count):
            self.canvas.go_back(index)
            y = HEIGHT - 13 * MM
            text = self.sheet.page_of.format(index + 1, count)
            self.canvas.text(RIGHT, y, text, SMALL, GREY, align="right")
            for line in reversed(self.running):
                self.canvas.text(LEFT, y, line, SMALL, GREY)
                y -= SMALL * 1.3
            y += SMALL * 1.3 - FOOTER * 1.3 - 0.6 * MM
            for line in reversed(self.footer):
                self.canvas.text(LEFT, y, line, FOOTER, GREY)
                y -= FOOTER * 1.3
