"""What changed in an order since its invoice, as far as the invoice is concerned. Pure."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from invoicing.values import OrderContent, OrderLine, Party
from verifactu.codes import TipoFactura

OUTSIDE_IVA = ("35", "38", "51", "52")
"""Postcodes of Canarias, Ceuta and Melilla."""


def edits(before: OrderContent, now: OrderContent) -> tuple[str, ...]:
    """Return each change of what was sold between two versions as a phrase in Spanish, empty when there is none."""
    return tuple(phrase for phrase, differs in _CHANGES.items() if differs(before, now))


def same_goods(before: OrderContent, now: OrderContent) -> bool:
    """Tell whether both versions sell the same goods at the same prices, whatever tax these bear."""
    return _goods(before) == _goods(now)


def buyer_changed(before: Party, now: Party, *, tipo: str) -> bool:
    """Tell whether an invoice of that type would show other data of its buyer.

    A simplified one shows no buyer, but one who now gives a NIF asks for a complete one in its place.
    """
    if tipo in (TipoFactura.F2.value, TipoFactura.R5.value):
        return bool(now.tax_id) and now.tax_id != before.tax_id
    shown = ("tax_id", "name", "company", "address")
    return any(getattr(before, name) != getattr(now, name) for name in shown)


def _goods(content: OrderContent) -> list[Any]:
    return sorted(
        (line.external_id, line.description, line.quantity.normalize(), line.amount.normalize())
        for line in content.lines
    )


def _lines(content: OrderContent) -> list[Any]:
    """What was sold, whatever its order: a shop may list the same lines in another one."""
    return sorted((_line(line) for line in content.lines), key=repr)


def _line(line: OrderLine) -> tuple[Any, ...]:
    rates = tuple(sorted(tax.rate for tax in line.taxes))
    quantity, amount = line.quantity.normalize(), line.amount.normalize()
    return (line.external_id, line.description, line.kind.value, quantity, amount, rates)


def _edited(before: OrderContent, now: OrderContent) -> bool:
    """A refund lowers what Shopify calls the current total; only what refunds do not explain is an edit."""
    return _unexplained(now) != _unexplained(before)


def _unexplained(content: OrderContent) -> Decimal:
    if content.current_total is None or content.cancelled or any(refund.total for refund in content.refunds):
        return Decimal(0)
    return content.current_total - content.total


_CHANGES: dict[str, Callable[[OrderContent, OrderContent], bool]] = {
    "cambió el total": lambda before, now: (before.total, before.currency) != (now.total, now.currency),
    "cambiaron las líneas": lambda before, now: _lines(before) != _lines(now),
    "cambió el destino": lambda before, now: _place(before) != _place(now),
    "se modificó el pedido": _edited,
}


def _place(content: OrderContent) -> tuple[str, str]:
    """What decides the tax: the country and, in Spain, a province outside the IVA."""
    address = content.ship_to if content.ship_to.country else content.buyer.address
    province = address.postal_code.strip()[:2]
    return address.country, province if address.country == "ES" and province in OUTSIDE_IVA else ""
