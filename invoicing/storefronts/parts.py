"""What several readers share beyond the walk through a body: bundles, hints, and shares of amounts."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

import msgspec

from invoicing.storefronts.contract import Unreadable
from invoicing.storefronts.payload import CENT, LONGEST_KEY, Node, load
from invoicing.values import Hint, OrderLine, Reading


def bundle(body: bytes, platform: str) -> Node:
    """Parse what our own client composed, and see that it is this platform's.

    :raises Unreadable: when it is not.
    """
    found = load(body)
    if found["pulled"].scalar() != platform:
        raise Unreadable(f"not what the client of {platform} composes", "/pulled")
    return found


def hint(body: bytes, kinds: Sequence[str]) -> Reading | None:
    """Read what a small module in the shop sends (contract.HINT); None for kinds that are nothing for us."""
    told = load(body)
    kind, key = told["hint"].text(), told["id"].key()
    if kind not in kinds:
        return None
    return Reading(
        external_id=key if kind == "order" else told["order"].text()[:LONGEST_KEY],
        updated_at=told["at"].known_moment(),
        fetch=Hint(kind=kind, external_id=key),
    )


def undiscounted(line: OrderLine) -> OrderLine:
    """Return a line without its tax's amount: it was told before a discount of the whole order, which lowers it."""
    return msgspec.structs.replace(line, taxes=tuple(msgspec.structs.replace(tax, amount=None) for tax in line.taxes))


def ratio(part: Decimal, whole: Decimal, places: int = 6) -> Decimal:
    """Return part / whole to `places` decimals; of nothing, the part itself."""
    return round(part / whole, places) if whole else part


def portions(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split `total` by weights into cents that sum to it: largest remainder, the earlier one first among equals.

    Weights that sum to nothing count as equal.
    """
    whole = sum(weights, Decimal(0))
    if not whole:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights) or 1)
    exact = [total * weight / whole for weight in weights]
    down = [amount.quantize(CENT, ROUND_FLOOR) for amount in exact]
    left = int((total - sum(down, Decimal(0))) / CENT)
    for place in sorted(range(len(exact)), key=lambda i: down[i] - exact[i])[: max(left, 0)]:
        down[place] += CENT
    return down
