"""Setting texts into the room there is: lines of a paragraph, a size that fits, widths and edges of columns."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from invoicing.pdf.canvas import MM
from invoicing.pdf.sheet import Column
from invoicing.pdf.typeface import Typeface

GUTTER = 3.0
"""Millimetres between a figure and its neighbour's."""


def wrap(face: Typeface, text: str, size: float, width: float) -> list[str]:
    """Return the text in lines that are no wider; a word that is wider by itself is cut."""
    if not text:
        return []
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if face.width(longer, size) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _cut(face, word, size, width)
        lines += full
    return [*lines, line]


def _cut(face: Typeface, word: str, size: float, width: float) -> list[str]:
    """Return a word in pieces that are no wider, each of one letter at least."""
    pieces, first, used = [], 0, 0.0
    for at, char in enumerate(word):
        wide = face.width(char, size)
        if used + wide > width and at > first:
            pieces.append(word[first:at])
            first, used = at, 0.0
        used += wide
    return [*pieces, word[first:]]


def fitting(face: Typeface, text: str, size: float, width: float) -> float:
    """Return the size, or the smaller one at which the text is no wider."""
    needed = face.width(text, size)
    return size if needed <= width else size * width / needed


def roomy(
    face: Typeface,
    columns: tuple[Column, ...],
    rows: Sequence[Sequence[str]],
    sizes: tuple[float, float],
    *,
    spare: float,
) -> tuple[Column, ...]:
    """Return the columns, those of figures as wide as their widest text needs, within `spare` mm for all together.

    `sizes` are those of the headings and of the texts. What is still too wide is set smaller (`fitting`).
    """
    growth = []
    for index, column in enumerate(columns):
        texts = {row[index] for row in rows} if column.width else set()
        widest = max((face.width(text, sizes[1]) for text in texts), default=0.0)
        heading = max(face.width(text, sizes[0]) for text in column.heading) if column.width else 0.0
        growth.append(max(0.0, max(widest, heading) / MM + GUTTER - column.width) if column.width else 0.0)
    wanted = sum(growth)
    if not wanted:
        return columns
    part = min(1.0, spare / wanted)
    return tuple(
        msgspec.structs.replace(column, width=column.width + more * part)
        for column, more in zip(columns, growth, strict=True)
    )


@lru_cache(maxsize=64)
def edges(columns: tuple[Column, ...], left: float, right: float) -> list[tuple[float, float]]:
    """Return where each column begins and ends."""
    rest = right - left - sum(column.width for column in columns) * MM
    found, x = [], left
    for column in columns:
        width = column.width * MM or rest
        found.append((x, x + width))
        x += width
    return found
