"""What changed in an order since its invoice, as far as the invoice is concerned. Pure."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from invoicing.values import OrderContent, OrderLine, Party
from verifactu.codes import TipoFactura

OUTSIDE_IVA = ("35", "38", "51", "52")
"""Postcodes of Canarias, Ceuta and Melilla."""


def changes(before: OrderContent, now: OrderContent, *, tipo: str) -> tuple[str, ...]:
    """Return each fiscal change between two versions as a phrase in Spanish, empty when there is none.

    `tipo` is that of the invoice: a complete one shows its buyer, a simplified one does not.
    """
    if now.deleted:
        return () if before.deleted else ("se borró en la tienda",)
    found = [phrase for phrase, differs in _CHANGES.items() if differs(before, now)]
    found += _refunds(before, now)
    found += _buyer(before.buyer, now.buyer, tipo=tipo)
    return tuple(found)


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
    "se canceló": lambda before, now: now.cancelled and not before.cancelled,
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


def _refunds(before: OrderContent, now: OrderContent) -> list[str]:
    known, present = ({refund.external_id for refund in content.refunds} for content in (before, now))
    new = [refund for refund in now.refunds if refund.external_id not in known and refund.total]
    gone = [refund for refund in before.refunds if refund.external_id not in present and refund.total]
    return [
        *(f"se devolvieron {-refund.total} € (devolución {refund.external_id})" for refund in new),
        *(f"se anuló la devolución {refund.external_id}" for refund in gone),
    ]


def _buyer(before: Party, now: Party, *, tipo: str) -> list[str]:
    """A simplified invoice shows no buyer, but one who now gives a NIF asks for a complete one in its place."""
    if tipo == TipoFactura.F2.value:
        return ["el comprador da su NIF"] if now.tax_id and now.tax_id != before.tax_id else []
    shown = ("tax_id", "name", "company", "address")
    return ["cambiaron los datos del comprador"] if any(getattr(before, k) != getattr(now, k) for k in shown) else []
