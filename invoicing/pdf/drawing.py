"""An uploaded SVG read for its shapes and written anew: absolute paths of straight lines and cubic curves."""

import math
import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from lxml import etree
from PIL import ImageColor

MOST_POINTS = 20_000

SVG = "http://www.w3.org/2000/svg"
Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)
_INHERITED = ("fill", "stroke", "stroke-width", "fill-rule", "fill-opacity", "stroke-opacity", "display", "visibility")
_IGNORED = ("title", "desc", "metadata", "style", "defs", "namedview")
_REFUSED = ("clip-path", "mask", "filter")


def redraw(data: bytes) -> bytes:
    """Return the SVG of plain paths that draws the same shapes.

    :raises ValidationError: for what is no SVG, and for what is more than shapes in plain colours.
    """
    if b"<!ENTITY" in data:
        raise ValidationError(_("El SVG define entidades; expórtelo como «SVG simple»."))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        raise ValidationError(_("El SVG está dañado: no es XML bien formado.")) from None
    if root.tag != f"{{{SVG}}}svg":
        raise ValidationError(_("El fichero no es un SVG."))
    left, top, width, height = _view(root)
    try:
        paths = list(_paths(root, {}, (1, 0, 0, 1, -left, -top), _rules(root)))
    except (ValueError, IndexError, TypeError, OverflowError):
        raise ValidationError(_("El SVG tiene medidas, colores o trazos que no se entienden.")) from None
    if not paths:
        raise ValidationError(_("El SVG no dibuja nada."))
    if sum(path.count(" ") for path in paths) > 2 * MOST_POINTS:
        raise ValidationError(_("El SVG es demasiado complejo; simplifíquelo o suba un PNG."))
    return f'<svg xmlns="{SVG}" viewBox="0 0 {_n(width)} {_n(height)}">{"".join(paths)}</svg>'.encode()


def _view(root: Any) -> tuple[float, float, float, float]:
    try:
        if box := root.get("viewBox"):
            left, top, width, height = map(float, re.split(r"[\s,]+", box.strip()))
        else:
            left, top, width, height = 0.0, 0.0, _length(root.get("width")), _length(root.get("height"))
    except (ValueError, TypeError):
        width = height = left = top = 0.0
    if not (0 < width < 1e6 and 0 < height < 1e6 and abs(left) < 1e6 and abs(top) < 1e6):
        raise ValidationError(_("El SVG no dice su tamaño (viewBox)."))
    return left, top, width, height


def _rules(root: Any) -> dict[str, dict[str, str]]:
    """Return the declarations of the simple rules `.name{…}` that drawing programs write."""
    rules: dict[str, dict[str, str]] = {}
    for sheet in root.iter(f"{{{SVG}}}style"):
        for names, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet.text or ""):
            for name in names.split(","):
                rules.setdefault(name.strip().removeprefix("."), {}).update(_declarations(body))
    return rules


def _declarations(body: str) -> dict[str, str]:
    pairs = (item.partition(":") for item in body.split(";") if ":" in item)
    return {name.strip(): value.strip() for name, _colon, value in pairs}


def _paths(node: Any, inherited: dict[str, str], matrix: Matrix, rules: dict[str, dict[str, str]]) -> Iterator[str]:
    """Yield every shape under the node as a path of its own."""
    for child in node.iterchildren():
        if not isinstance(child.tag, str) or not child.tag.startswith(f"{{{SVG}}}"):
            continue  # a comment, or a drawing program's own notes: nothing is drawn of them
        tag = child.tag.rpartition("}")[2]
        if tag in _IGNORED:
            continue
        own = {**dict(child.attrib)}
        for name in own.get("class", "").split():
            own |= rules.get(name, {})
        own |= _declarations(own.get("style", ""))
        if any(own.get(name, "none") != "none" for name in _REFUSED):
            raise ValidationError(_("El SVG usa recortes, máscaras o filtros; aplánelo o suba un PNG."))
        style = {**inherited, **{name: own[name] for name in _INHERITED if name in own}}
        style["opacity"] = str(float(inherited.get("opacity", 1)) * float(own.get("opacity", 1)))
        if style.get("display") == "none" or style.get("visibility") == "hidden":
            continue
        placed = _times(matrix, _transform(own.get("transform", "")))
        if tag == "g":
            yield from _paths(child, style, placed, rules)
        elif shape := _shape(tag, own):
            yield from _drawn(shape, style, placed)
        else:
            raise ValidationError(
                _("El SVG contiene «%(element)s», que aquí no se dibuja: convierta los textos en trazados y aplane el "
                  "resto, o suba un PNG.") % {"element": tag}
            )  # fmt: skip


def _shape(tag: str, own: dict[str, str]) -> str:
    """Return the path data of a basic shape; nothing for what is no shape."""

    def at(name: str) -> float:
        return _length(own.get(name, "0"))

    if tag == "path":
        return own.get("d", "") or "M0 0"
    if tag == "line":
        return f"M{at('x1')} {at('y1')}L{at('x2')} {at('y2')}"
    if tag in ("polygon", "polyline"):
        return f"M{own.get('points', '0 0')}{'Z' if tag == 'polygon' else ''}"
    if tag in ("circle", "ellipse"):
        rx, ry = (at("r"), at("r")) if tag == "circle" else (at("rx"), at("ry"))
        x, y = at("cx"), at("cy")
        return f"M{x - rx} {y}A{rx} {ry} 0 1 0 {x + rx} {y}A{rx} {ry} 0 1 0 {x - rx} {y}Z"
    if tag == "rect":
        x, y, w, h = at("x"), at("y"), at("width"), at("height")
        rx = min(at("rx") or at("ry"), w / 2)
        ry = min(at("ry") or at("rx"), h / 2)
        if not rx:
            return f"M{x} {y}H{x + w}V{y + h}H{x}Z"
        return (
            f"M{x + rx} {y}H{x + w - rx}A{rx} {ry} 0 0 1 {x + w} {y + ry}V{y + h - ry}A{rx} {ry} 0 0 1 {x + w - rx} "
            f"{y + h}H{x + rx}A{rx} {ry} 0 0 1 {x} {y + h - ry}V{y + ry}A{rx} {ry} 0 0 1 {x + rx} {y}Z"
        )
    return ""


def _drawn(data: str, style: dict[str, str], matrix: Matrix) -> Iterator[str]:
    path = _flat(data, matrix)
    if not path:
        return
    if fill := _colour(style, "fill", "#000000"):
        rule = ' fill-rule="evenodd"' if style.get("fill-rule") == "evenodd" else ""
        yield f'<path d="{path}" fill="{fill}"{rule}/>'
    if stroke := _colour(style, "stroke", "none"):
        a, b, c, d, *_rest = matrix
        width = _length(style.get("stroke-width", "1")) * math.sqrt(abs(a * d - b * c))
        yield f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{_n(width)}"/>'


def _flat(data: str, matrix: Matrix) -> str:
    """Return path data with absolute M, L, C and Z only, in the drawing's own coordinates."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen  # noqa: PLC0415 (slow to load; uploads only)
    from fontTools.pens.transformPen import TransformPen  # noqa: PLC0415
    from fontTools.svgLib.path import parse_path  # noqa: PLC0415

    pen = DecomposingRecordingPen({})
    parse_path(data, TransformPen(pen, matrix))
    parts: list[str] = []
    here = (0.0, 0.0)
    for kind, points in pen.value:
        if kind in ("closePath", "endPath"):
            parts += ["Z"] if kind == "closePath" else []
            continue
        ends = _cubic(here, *points) if kind == "qCurveTo" else points
        parts.append({"moveTo": "M", "lineTo": "L"}.get(kind, "C"))
        parts += [_n(value) for point in ends for value in point]
        here = ends[-1]
    return " ".join(parts)


def _cubic(start: Point, control: Point, end: Point) -> tuple[Point, Point, Point]:
    """Return the control points and the end of the same curve of the third degree; PDF knows no other."""
    first, second = (
        (corner[0] + (control[0] - corner[0]) * 2 / 3, corner[1] + (control[1] - corner[1]) * 2 / 3)
        for corner in (start, end)
    )
    return first, second, end


def _colour(style: dict[str, str], name: str, default: str) -> str:
    """Return #rrggbb, what is translucent mixed with white; nothing for none."""
    value = style.get(name, default).strip()
    if value in ("none", "transparent"):
        return ""
    if value.startswith("url("):
        raise ValidationError(_("El SVG usa degradados o tramas; use colores lisos o suba un PNG."))
    red, green, blue = ImageColor.getrgb("black" if value == "currentColor" else value)[:3]
    opacity = min(1.0, max(0.0, float(style.get(f"{name}-opacity", 1)) * float(style["opacity"])))
    mixed = (round(channel * opacity + 255 * (1 - opacity)) for channel in (red, green, blue))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _transform(text: str) -> Matrix:
    matrix = _IDENTITY
    for name, body in re.findall(r"(\w+)\s*\(([^)]*)\)", text):
        values = [float(value) for value in re.split(r"[\s,]+", body.strip())]
        matrix = _times(matrix, _one_transform(name, values))
    return matrix


def _one_transform(name: str, values: list[float]) -> Matrix:
    if name == "matrix":
        a, b, c, d, e, f = values
        return a, b, c, d, e, f
    if name == "translate":
        return 1, 0, 0, 1, values[0], values[1] if len(values) > 1 else 0
    if name == "scale":
        return values[0], 0, 0, values[1] if len(values) > 1 else values[0], 0, 0
    if name == "rotate":
        angle = math.radians(values[0])
        turn: Matrix = (math.cos(angle), math.sin(angle), -math.sin(angle), math.cos(angle), 0, 0)
        if len(values) == 1:
            return turn
        x, y = values[1:]
        return _times(_times((1, 0, 0, 1, x, y), turn), (1, 0, 0, 1, -x, -y))
    if name == "skewX":
        return 1, 0, math.tan(math.radians(values[0])), 1, 0, 0
    if name == "skewY":
        return 1, math.tan(math.radians(values[0])), 0, 1, 0, 0
    raise ValueError(f"unknown transform {name}")


def _times(left: Matrix, right: Matrix) -> Matrix:
    a, b, c, d, e, f = left
    g, h, i, j, k, m = right
    return a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f


def _length(text: str | None) -> float:
    """Return a length in user units; other units are taken at 96 to the inch."""
    found = re.fullmatch(r"\s*([-+0-9.eE]+)\s*(px|pt|mm|cm|in)?\s*", text or "")
    if not found:
        raise ValueError(f"not a length: {text!r}")
    return float(found[1]) * {"pt": 4 / 3, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96}.get(found[2] or "", 1)


def _n(value: float) -> str:
    if not math.isfinite(value) or abs(value) > 1e7:
        raise ValueError("a measure beyond all bounds")
    return f"{value:.3f}".rstrip("0").rstrip(".")
