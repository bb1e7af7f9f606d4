"""PrestaShop's XML read into the very shape of its JSON.

What comes in may be hostile: no entity is resolved, no network used, no DOCTYPE accepted.
An element with elements inside is an object, any other a text. The children of `associations` are lists.
"""

from typing import Any

from lxml import etree

from invoicing.storefronts.contract import Unreadable
from invoicing.storefronts.payload import Node

DEEPEST = 20
"""Levels; a resource of PrestaShop has six."""


def load_xml(body: bytes) -> Node:
    """Return the resource inside `<prestashop>` as `load` would return its JSON.

    :raises Unreadable: for what is not well formed, and for any DOCTYPE: no answer of the webservice has one, and it
        is where entity bombs and file inclusion live.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"the body is not XML: {error}") from None
    if root is None or root.tag != "prestashop":
        raise Unreadable("the body is not an answer of PrestaShop's webservice")
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("a DOCTYPE is not accepted")
    return Node({_name(child): _value(child, 1) for child in root})


def _value(element: etree._Element, depth: int) -> Any:
    if depth > DEEPEST:
        raise Unreadable("the body is nested too deeply")
    if not len(element):
        return element.text or ""
    if _name(element) == "associations":
        return {_name(child): [_value(item, depth + 2) for item in child] for child in element}
    return {_name(child): _value(child, depth + 1) for child in element}


def _name(element: etree._Element) -> str:
    # With entities unresolved lxml hands out their references as nodes whose tag is a function.
    if not isinstance(element.tag, str):
        raise Unreadable("an entity is not accepted")
    return element.tag
