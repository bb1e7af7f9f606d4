"""A pen on the newest page: goes down line by line, and to a new page where there is no room.

Measures are points from the upper left corner.
"""

from invoicing.pdf.canvas import HEIGHT, MM, WIDTH, Canvas
from invoicing.pdf.setting import wrap
from invoicing.pdf.sheet import Sheet

LEFT, RIGHT, TOP = 18 * MM, WIDTH - 18 * MM, 15 * MM
INK, GREY, PALE, RULE = "#16202a", "#5b6770", "#eef0f2", "#d5dade"
BODY, SMALL, LARGE, TITLE = 9.0, 7.5, 12.0, 21.0
LEADING = 1.4
ASCENT = 0.97
"""Of the line above the baseline, as a part of the size: the font's own."""
FOOTER = 7.0
"""The size of the legal footer."""


class Pen:
    """Where the next thing is drawn: `y`, on the canvas' newest page; nothing but the feet goes below `bottom`."""

    def __init__(self, canvas: Canvas, sheet: Sheet) -> None:
        self.canvas = canvas
        self.sheet = sheet
        self.y = TOP
        self.footer = [line for text in sheet.footer for line in wrap(canvas.regular, text, FOOTER, RIGHT - LEFT)]
        if len(self.footer) > 6:  # many short lines would take the page's own room
            self.footer = wrap(canvas.regular, " · ".join(sheet.footer), FOOTER, RIGHT - LEFT)
        self.running = wrap(canvas.regular, sheet.running, SMALL, RIGHT - LEFT - 25 * MM)
        self.bottom = HEIGHT - 20 * MM - len(self.footer) * FOOTER * 1.3 - (len(self.running) - 1) * SMALL * 1.3

    def new_page(self) -> None:
        self.canvas.new_page()
        self.y = TOP
        # First, so that all else lies on it. cos 32°, sin 32°: rising, from the middle of the page.
        for index, text in enumerate(self.sheet.watermark):
            down = (index - 0.5 * (len(self.sheet.watermark) - 1)) * 43
            x, y = WIDTH / 2 + down * 0.53, HEIGHT / 2 + down * 0.848
            size = min(34.0, 34 * 620 / self.canvas.bold.width(text, 34))
            self.canvas.text(x, y, text, size, PALE, bold=True, align="middle", turn=(0.848, 0.53))

    def room(self, height: float) -> None:
        """Go to a new page when there is less room than that."""
        if self.y + height > self.bottom:
            self.new_page()

    def line(
        self, text: str, x: float, size: float, colour: str, *, bold: bool = False, leading: float = LEADING
    ) -> None:
        self.canvas.text(x, self.y + size * (ASCENT + (leading - 1.21) / 2), text, size, colour, bold=bold)
        self.y += size * leading

    def paragraph(
        self, text: str, x: float, width: float, size: float, colour: str, *, bold: bool = False, breaks: bool = False
    ) -> None:
        for line in wrap(self.canvas.face(bold), text, size, width):
            if breaks:
                self.room(size * LEADING)
            self.line(line, x, size, colour, bold=bold)
