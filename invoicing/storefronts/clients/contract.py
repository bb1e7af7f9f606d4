"""What every client that pulls from a shop offers, and how it fails.

A client asks and never tells: it reads orders from the platform's API and puts all that the reader of the same
platform needs into one JSON document, the bundle, which is then kept and read like a delivery (topic `PULLED`). It
decides nothing. Adding a shop is copying a neighbour and naming it in `CLIENTS`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from invoicing.storefronts.clients.http import Api
from invoicing.storefronts.payload import Node

_numbers_as_written = msgspec.json.Encoder(decimal_format="number")


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """An order that changed in the window. Without `updated_at` the platform does not say when: pull it to know.

    `bundle` is there when the listing already said all that the reader needs.
    """

    external_id: str
    updated_at: datetime | None = None
    bundle: bytes | None = None


class Platform(Protocol):
    """One platform's API: how it is addressed and paced, one order whole, and what changed since."""

    NAME: str
    ADDRESS: str
    """The API's own address where that is the same for every shop; empty when each shop has its own."""
    CREDENTIALS: tuple[str, ...]
    """Names of what the shop's owner must give."""

    def headers(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """Return the headers that open the API."""
        ...

    def pace(self, headers: Mapping[str, str]) -> float:
        """Return how many seconds to wait before the next call, as the last answer's headers ask."""
        ...

    def check(self, api: Api) -> None:
        """Make one cheap call that needs the rights that pulling needs.

        :raises ShopRefused, ShopUnavailable: saying what is wrong.
        """
        ...

    def order_of(self, api: Api, kind: str, external_id: str) -> str:
        """Return the id of the order that something belongs to (`values.Hint`), empty when it belongs to none."""
        ...

    def order(self, api: Api, external_id: str) -> bytes:
        """Return the bundle of one order."""
        ...

    def changed(self, api: Api, since: datetime, until: datetime) -> Iterator[list[Changed]]:
        """Yield, page by page, the orders that changed in the window, each at least in its last state."""
        ...


def bundle(platform: str, **parts: Any) -> bytes:
    """Return one JSON document of what the API said, every number with the digits that it had."""
    return _numbers_as_written.encode({"pulled": platform} | {name: plain(value) for name, value in parts.items()})


def plain(value: Any) -> Any:
    """Return what a node, or a list of nodes, holds."""
    if isinstance(value, Node):
        return value.value
    return [plain(item) for item in value] if isinstance(value, list) else value


def whole(number: Decimal | int | str | None) -> int:
    """Return a count that a header or an answer gave; 0 when it gave none."""
    try:
        return int(number or 0)
    except (TypeError, ValueError):
        return 0
