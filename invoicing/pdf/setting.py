"""Setting texts into the room there is: lines of a paragraph, a size that fits, edges of columns."""

from functools import lru_cache

from invoicing.pdf.canvas import MM
from invoicing.pdf.sheet import Column
from invoicing.pdf.typeface import Typeface


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
        line = word
        while face.width(line, size) > width and len(line) > 1:
            fits = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or face.width(line[:n], size) <= width)
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line]


def fitting(face: Typeface, text: str, size: float, width: float) -> float:
    """Return the size, or the smaller one at which the text is no wider."""
    needed = face.width(text, size)
    return size if needed <= width else size * width / needed


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
