"""The invoice's lines, which may go on over pages, and the figures under them."""

from collections.abc import Sequence

import msgspec

from invoicing.pdf.canvas import MM
from invoicing.pdf.pen import ASCENT, BODY, GREY, INK, LARGE, LEADING, LEFT, RIGHT, RULE, SMALL, Pen
from invoicing.pdf.setting import edges as edges_of
from invoicing.pdf.setting import fitting, roomy, wrap
from invoicing.pdf.sheet import Column, Row, Sheet
from invoicing.pdf.typeface import Typeface

Edges = Sequence[tuple[float, float]]

_TEXT = 48.0
"""Millimetres that the description keeps, however wide the figures are."""
_SHARE, _SHARE_NAME = 8.0, 22.0
"""Size of the breakdown, and the millimetres that the name of its rows keeps."""
_PAGE = (RIGHT - LEFT) / MM
_SUMS, _BETWEEN = 70 * MM, 3 * MM
_ABOVE_FIGURES = 8 * MM
_CARRIED = BODY * LEADING + 3.7 * MM


class _Figures(msgspec.Struct, frozen=True):
    """What stands under the lines, measured before it is drawn: it never stands on a page without any line."""

    columns: tuple[Column, ...]
    edges: Edges
    right: float
    names: Sequence[Sequence[str]]
    """The first cell of each row of the breakdown, in lines."""
    heights: Sequence[float]
    stacked: bool
    """The sums stand under the breakdown, which has figures too wide for their being beside it."""
    height: float


class Tables(Pen):
    """Draws the lines, and under the last of them, on its page, the breakdown beside the sums."""

    def lines(self) -> None:
        self.y += 8 * MM
        sheet = self.sheet
        figures = self._measured()
        columns = line_columns(self.canvas.regular, sheet)
        edges = edges_of(columns, LEFT, RIGHT)
        self.room(30 * MM)
        self._table_head(columns, edges, RIGHT)
        width = edges[0][1] - edges[0][0] - 4 * MM
        for index, row in enumerate(sheet.rows):
            lines = wrap(self.canvas.regular, row.cells[0], BODY, width)
            below = wrap(self.canvas.regular, row.below, SMALL, width)
            height = len(lines) * BODY * LEADING + len(below) * SMALL * LEADING + 3.7 * MM
            last = index == len(sheet.rows) - 1
            after = _ABOVE_FIGURES + figures.height if last else _CARRIED
            if self.y + height + after > self.bottom and index:
                so_far = sheet.rows[index - 1].sum_so_far
                self._carried(sheet.carried_on, so_far)
                self.new_page()
                self._table_head(columns, edges, RIGHT)
                self._carried(sheet.brought, so_far)
            self._row(row, columns, edges, lines, below)
        self._figures(figures)

    def _table_head(self, columns: Sequence[Column], edges: Edges, right: float) -> None:
        count = max(len(column.heading) for column in columns)
        leading = SMALL * 1.25
        for column, (left, end) in zip(columns, edges, strict=True):
            y = self.y + (count - len(column.heading)) * leading + SMALL * ASCENT
            for text in column.heading:
                size = fitting(self.canvas.regular, text, SMALL, end - left - 1 * MM)
                if column.width:
                    self.canvas.text(end, y, text, size, GREY, align="right")
                else:
                    self.canvas.text(left, y, text, size, GREY)
                y += leading
        self.y += count * leading + 1.6 * MM
        self.canvas.rule(edges[0][0], self.y, right - edges[0][0], 0.8, INK)
        self.y += 0.8

    def _row(
        self, row: Row, columns: Sequence[Column], edges: Edges, lines: Sequence[str], below: Sequence[str]
    ) -> None:
        self.y += 1.9 * MM
        base = self.y + BODY * ASCENT + BODY * (LEADING - 1.21) / 2
        for text, (left, right) in zip(row.cells[1:], edges[1:], strict=True):
            size = fitting(self.canvas.regular, text, BODY, right - left - 1 * MM)
            self.canvas.text(right, base, text, size, INK, align="right")
        for texts, size, colour in ((lines, BODY, INK), (below, SMALL, GREY)):
            for text in texts:
                if self.y + size * LEADING > self.bottom:  # longer than what a page leaves
                    self.new_page()
                    self._table_head(columns, edges, RIGHT)
                    self.y += 1.9 * MM
                self.line(text, edges[0][0], size, colour)
        self.y += 1.8 * MM
        self.canvas.rule(LEFT, self.y - 0.4, RIGHT - LEFT, 0.4, RULE)

    def _carried(self, label: str, amount: str) -> None:
        base = self.y + 1.9 * MM + BODY * ASCENT
        self.canvas.text(RIGHT - 40 * MM, base, label, BODY, GREY, align="right")
        self.canvas.text(RIGHT, base, amount, BODY, INK, bold=True, align="right")
        self.y += _CARRIED

    # --- below the lines ---------------------------------------------------------------------------------------

    def _measured(self) -> _Figures:
        sheet, face = self.sheet, self.canvas.regular
        gap = 6 * MM if len(sheet.breakdown_columns) > 4 else 10 * MM
        right = RIGHT - _SUMS - gap
        columns = roomy(face, sheet.breakdown_columns, sheet.breakdown, (SMALL, _SHARE), spare=_PAGE)
        stacked = (right - LEFT) / MM - sum(column.width for column in columns) < _SHARE_NAME
        if stacked:
            right = RIGHT
        edges = edges_of(columns, LEFT, right)
        names = [wrap(face, row[0], _SHARE, edges[0][1] - edges[0][0] - 1 * MM) for row in sheet.breakdown]
        heights = [len(lines) * _SHARE * LEADING + 1.4 * MM for lines in names]
        shares, sums = sum(heights) + SMALL * 2.5 + 3 * MM, sum(_height_of_sum(one.strong) for one in sheet.sums)
        height = shares + _BETWEEN + sums if stacked else max(shares, sums)
        return _Figures(columns, edges, right, names, heights, stacked, height)

    def _figures(self, figures: _Figures) -> None:
        self.y += _ABOVE_FIGURES
        self.room(figures.height)
        top, edges = self.y, figures.edges
        self._table_head(figures.columns, edges, figures.right)
        for row, lines, height in zip(self.sheet.breakdown, figures.names, figures.heights, strict=True):
            base = self.y + 1.4 * MM + _SHARE * ASCENT
            for index, line in enumerate(lines):
                self.canvas.text(LEFT, base + index * _SHARE * LEADING, line, _SHARE, INK)
            for text, (left, end) in zip(row[1:], edges[1:], strict=True):
                size = fitting(self.canvas.regular, text, _SHARE, end - left - 1 * MM)
                self.canvas.text(end, base, text, size, INK, align="right")
            self.y += height
        left_bottom = self.y
        self.y = self.y + _BETWEEN if figures.stacked else top
        self._sums(RIGHT - _SUMS)
        self.y = max(left_bottom, self.y)

    def _sums(self, left: float) -> None:
        for one in self.sheet.sums:
            face = self.canvas.face(one.strong)
            # Label and figure shrink together, so that neither becomes too small to read beside the other.
            room = RIGHT - left - 3 * MM
            size = fitting(face, one.label + one.value, LARGE if one.strong else BODY, room)
            if one.strong:
                self.canvas.rule(left, self.y + 1.4 * MM, RIGHT - left, 0.8, self.sheet.letterhead.accent)
            above = 3.2 * MM if one.strong else 0.9 * MM
            base = self.y + above + (LARGE if one.strong else BODY) * ASCENT
            self.canvas.text(left, base, one.label, size, INK, bold=one.strong)
            self.canvas.text(RIGHT, base, one.value, size, INK, bold=one.strong, align="right")
            self.y += _height_of_sum(one.strong)


def line_columns(face: Typeface, sheet: Sheet) -> tuple[Column, ...]:
    """Return the columns of the lines, as wide as their figures need."""
    spare = _PAGE - sum(column.width for column in sheet.columns) - _TEXT
    return roomy(face, sheet.columns, [row.cells for row in sheet.rows], (SMALL, BODY), spare=max(0.0, spare))


def _height_of_sum(strong: bool) -> float:
    return LARGE * LEADING + 4.4 * MM if strong else BODY * LEADING + 1.8 * MM
