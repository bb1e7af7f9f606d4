"""BigCommerce: orders from the V2 API, refunds from the V3 one.

The access token of a store-level API account with *Orders: read-only* (and *Order transactions*, for refunds); the
address is the account's API path without its version. Every answer tells how many calls are left in the window.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from invoicing.storefronts.clients.contract import Changed, bundle, whole
from invoicing.storefronts.clients.errors import ShopRefused
from invoicing.storefronts.clients.http import Api
from invoicing.storefronts.clients.paging import Page, walk
from invoicing.storefronts.payload import Node

NAME = "bigcommerce"
ADDRESS = ""
CREDENTIALS = ("access_token",)
PER_PAGE = 200
FEW_LEFT = 3


def headers(credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the header that opens the API."""
    return {"X-Auth-Token": credentials["access_token"]}


def pace(headers: Mapping[str, str]) -> float:
    """Wait for the next window when hardly a call is left in this one."""
    left = headers.get("X-Rate-Limit-Requests-Left", "")
    if not left.isdigit() or int(left) > FEW_LEFT:
        return 0.0
    return whole(headers.get("X-Rate-Limit-Time-Reset-Ms")) / 1000


def check(api: Api) -> None:
    """Ask for one order."""
    api.get("v2/orders", {"limit": 1})


def order_of(api: Api, kind: str, external_id: str) -> str:
    """Return the order that something belongs to: here only orders are named."""
    return external_id if kind == "order" else ""


def order(api: Api, external_id: str) -> bytes:
    """Return the bundle of one order and everything that hangs on it."""
    at = quote(external_id, safe="")
    return bundle(
        NAME,
        order=api.get(f"v2/orders/{at}").content,
        products=_all(api, f"v2/orders/{at}/products"),
        shipping_addresses=_all(api, f"v2/orders/{at}/shipping_addresses"),
        taxes=_all(api, f"v2/orders/{at}/taxes"),
        coupons=_all(api, f"v2/orders/{at}/coupons"),
        refunds=list(api.get(f"v3/orders/{at}/payment_actions/refunds").content["data"]),
    )


def changed(api: Api, since: datetime, until: datetime) -> Iterator[list[Changed]]:
    """Yield what changed by date_modified."""

    def ask(start: datetime, number: int) -> Page:
        window = {"min_date_modified": _iso(start), "max_date_modified": _iso(until)}
        # Of nothing, BigCommerce answers 204 without a body.
        rows = list(
            api.get("v2/orders", window | {"sort": "date_modified:asc", "limit": PER_PAGE, "page": number}).content
        )
        return Page(rows, len(rows) == PER_PAGE)

    for rows in walk(ask, since, _modified):
        yield [Changed(external_id=row["id"].key(), updated_at=_modified(row)) for row in rows]


def _all(api: Api, path: str) -> list[Node]:
    found: list[Node] = []
    number = 1
    while True:
        rows = list(api.get(path, {"limit": PER_PAGE, "page": number}).content)
        found += rows
        if len(rows) < PER_PAGE:
            return found
        number += 1


def _modified(row: Node) -> datetime:
    """Return date_modified, which is written as in mails."""
    try:
        found = parsedate_to_datetime(row["date_modified"].text())
    except ValueError:
        raise ShopRefused(f"{row['date_modified'].text()!r} is no date", code="unexpected") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
