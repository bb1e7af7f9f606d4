"""Shopify: orders from the Admin REST API, whose shapes its webhooks have too.

A custom app's access token with read_orders; orders older than 60 days need read_all_orders. Calls drip through a leaky
bucket whose level every answer tells.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote, urlsplit

from invoicing.storefronts.clients.contract import Changed, bundle
from invoicing.storefronts.clients.errors import ShopRefused
from invoicing.storefronts.clients.http import Api, Params

NAME = "shopify"
ADDRESS = ""
CREDENTIALS = ("access_token",)
VERSION = "2026-07"
ROOT = f"admin/api/{VERSION}"
PER_PAGE = 250
NEXT = re.compile(r'<([^>]+)>;\s*rel="?next"?')
FULL_BUCKET = 0.8
"""From this level on a call waits half a second, in which the bucket of the smallest plan loses one."""


def headers(credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the header that opens the API."""
    return {"X-Shopify-Access-Token": credentials["access_token"]}


def pace(headers: Mapping[str, str]) -> float:
    """Wait half a second while the bucket (`39/40`) is nearly full."""
    used, _, size = headers.get("X-Shopify-Shop-Api-Call-Limit", "").partition("/")
    if not used.isdigit() or not size.isdigit():
        return 0.0
    return 0.5 if int(used) >= int(size) * FULL_BUCKET else 0.0


def check(api: Api) -> None:
    """Ask which rights the token has.

    :raises ShopRefused: when read_orders is not among them.
    """
    scopes = {scope["handle"].text() for scope in api.get("admin/oauth/access_scopes.json").content["access_scopes"]}
    if not scopes & {"read_orders", "read_all_orders", "write_orders"}:
        raise ShopRefused("the token lacks the scope read_orders", code="forbidden")


def order_of(api: Api, kind: str, external_id: str) -> str:
    """Return the order that something belongs to: here only orders are named."""
    return external_id if kind == "order" else ""


def order(api: Api, external_id: str) -> bytes:
    """Return the bundle of one order."""
    return bundle(NAME, order=api.get(f"{ROOT}/orders/{quote(external_id, safe='')}.json").content["order"])


def changed(api: Api, since: datetime, until: datetime) -> Iterator[list[Changed]]:
    """Yield what changed, by the cursor in the Link header: Shopify keeps the listing still for it."""
    params: Params = {
        "status": "any",
        "updated_at_min": _utc(since),
        "updated_at_max": _utc(until),
        "order": "updated_at asc",
        "limit": PER_PAGE,
    }
    while True:
        answer = api.get(f"{ROOT}/orders.json", params)
        yield [
            Changed(
                external_id=row["id"].key(),
                updated_at=row["updated_at"].known_moment(),
                bundle=bundle(NAME, order=row),
            )
            for row in answer.content["orders"]
        ]
        cursor = _cursor(answer.headers.get("Link", ""))
        if not cursor:
            return
        params = {"limit": PER_PAGE, "page_info": cursor}


def _cursor(link: str) -> str:
    """Return the next page's cursor. Only that is taken from the link: the address stays ours."""
    found = NEXT.search(link)
    return parse_qs(urlsplit(found[1]).query).get("page_info", [""])[0] if found else ""


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
