"""Elements into values: the frozen classes of `verifactu.records` name their elements, so they are also the plan."""

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from lxml import etree

T = TypeVar("T")

_TRIMMED = "".join(map(chr, range(33)))


def trim(text: str | None) -> str:
    """Return the text without what Java's `trim` takes off: every character up to the space (verifactu.md 5.1)."""
    return (text or "").strip(_TRIMMED)


def local(element: etree._Element) -> str:
    """Return the element's name without namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: etree._Element, *path: str) -> etree._Element | None:
    """Return the first descendant along the local names of `path`."""
    found: etree._Element | None = element
    for name in path:
        found = next((item for item in found if local(item) == name), None) if found is not None else None
    return found


def text(element: etree._Element, *path: str) -> str:
    """Return the trimmed text along `path`; empty when there is no such element."""
    found = child(element, *path)
    return trim(found.text) if found is not None else ""


def read(kind: type[T], element: etree._Element) -> T:
    """Return the element as a value of that class, its texts trimmed. The schema has already passed the element."""
    plan = _plan(kind)  # type: ignore[arg-type]
    values = {}
    for item in element:
        name = local(item)
        reader = plan.get(name)
        if reader is not None:
            values[name] = reader(item)
    return kind(**values)


@cache
def _plan(kind: type[Any]) -> dict[str, Callable[[etree._Element], Any]]:
    return {field.name: _reader(field.type) for field in fields(kind)}


def _reader(kind: Any) -> Callable[[etree._Element], Any]:
    if kind is str:
        return lambda element: trim(element.text)
    if is_dataclass(kind):
        return lambda element: read(kind, element)  # type: ignore[arg-type]
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return lambda element: tuple(read(item, each) for each in element)
    if isinstance(kind, types.UnionType):
        options = [option for option in get_args(kind) if option is not types.NoneType]
        if len(options) == 1:
            return _reader(options[0])
        # A choice is told by the name of the element inside: PrimerRegistro or RegistroAnterior.
        by_name = {option.__name__: option for option in options}
        return lambda element: read(by_name[local(element[0])], element[0])
    raise TypeError(f"no reader for {kind}")
