"""WooCommerce: orders from the REST API v3, with their refunds whole.

A key pair with read permission (WooCommerce, Settings, Advanced, REST API), sent as HTTP Basic over TLS.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from invoicing.storefronts.clients.contract import Changed, bundle, whole
from invoicing.storefronts.clients.http import Api
from invoicing.storefronts.clients.paging import Page, walk
from invoicing.storefronts.payload import Node

NAME = "woocommerce"
ADDRESS = ""
CREDENTIALS = ("consumer_key", "consumer_secret")
ROOT = "wp-json/wc/v3"
PER_PAGE = 100


def headers(credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the header that opens the API."""
    pair = f"{credentials['consumer_key']}:{credentials['consumer_secret']}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def pace(headers: Mapping[str, str]) -> float:
    """WooCommerce sets no pace of its own; hosts answer 429."""
    return 0.0


def check(api: Api) -> None:
    """Ask for one order."""
    api.get(f"{ROOT}/orders", {"per_page": 1})


def order_of(api: Api, kind: str, external_id: str) -> str:
    """Return the order that something belongs to: here only orders are named."""
    return external_id if kind == "order" else ""


def order(api: Api, external_id: str) -> bytes:
    """Return the bundle of one order: the order and its refunds."""
    return _bundle(api, api.get(f"{ROOT}/orders/{quote(external_id, safe='')}").content)


def changed(api: Api, since: datetime, until: datetime) -> Iterator[list[Changed]]:
    """Yield what changed; an order without refunds comes with its bundle."""

    def ask(start: datetime, number: int) -> Page:
        answer = api.get(
            f"{ROOT}/orders",
            {
                # Both bounds are exclusive, and to the second.
                "modified_after": _gmt(start - timedelta(seconds=1)),
                "modified_before": _gmt(until + timedelta(seconds=1)),
                "dates_are_gmt": "true",
                "orderby": "modified",
                "order": "asc",
                "status": "any",
                "per_page": PER_PAGE,
                "page": number,
            },
        )
        return Page(list(answer.content), whole(answer.headers.get("X-WP-TotalPages")) > number)

    for rows in walk(ask, since, _modified):
        yield [
            Changed(
                external_id=row["id"].key(),
                updated_at=_modified(row),
                bundle=None if row["refunds"].value else bundle(NAME, order=row, refunds=[]),
            )
            for row in rows
        ]


def _bundle(api: Api, found: Node) -> bytes:
    refunds: list[Node] = []
    pages = 1 if found["refunds"].value else 0
    number = 1
    while number <= pages:
        answer = api.get(f"{ROOT}/orders/{found['id'].key()}/refunds", {"per_page": PER_PAGE, "page": number})
        refunds += answer.content
        pages, number = whole(answer.headers.get("X-WP-TotalPages")), number + 1
    return bundle(NAME, order=found, refunds=refunds)


def _modified(row: Node) -> datetime:
    return row["date_modified_gmt"].known_moment(utc=True)


def _gmt(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
