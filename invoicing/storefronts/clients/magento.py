"""Magento Open Source and Adobe Commerce: orders and credit memos from the REST API.

The access token of an integration that may read sales, as bearer (since 2.4.4 the store must allow that: Stores,
Configuration, Services, OAuth). Times are UTC without saying so.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from invoicing.storefronts.clients.contract import Changed, bundle, whole
from invoicing.storefronts.clients.http import Api
from invoicing.storefronts.clients.paging import Page, walk
from invoicing.storefronts.payload import Node

NAME = "magento"
ADDRESS = ""
CREDENTIALS = ("access_token",)
ROOT = "rest/V1"
PER_PAGE = 100

Criterion = tuple[str, str, str]


def headers(credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the header that opens the API."""
    return {"Authorization": f"Bearer {credentials['access_token']}"}


def pace(headers: Mapping[str, str]) -> float:
    """Magento sets no pace of its own; hosts answer 429."""
    return 0.0


def check(api: Api) -> None:
    """Ask for one order, one credit memo and one invoice."""
    for resource in ("orders", "creditmemos", "invoices"):
        api.get(f"{ROOT}/{resource}", _criteria((), 1, per_page=1))


def order_of(api: Api, kind: str, external_id: str) -> str:
    """Return the order that a credit memo belongs to."""
    match kind:
        case "order":
            return external_id
        case "creditmemo":
            return api.get(f"{ROOT}/creditmemo/{quote(external_id, safe='')}").content["order_id"].key()
    return ""


def order(api: Api, external_id: str) -> bytes:
    """Return the bundle of one order: the order, its credit memos and Magento's invoices."""
    return _bundle(api, api.get(f"{ROOT}/orders/{quote(external_id, safe='')}").content)


def changed(api: Api, since: datetime, until: datetime) -> Iterator[list[Changed]]:
    """Yield what changed; an order's other rows are asked for when it is pulled."""

    def ask(start: datetime, number: int) -> Page:
        window = (("updated_at", "gteq", _sql(start)), ("updated_at", "lteq", _sql(until)))
        found = api.get(f"{ROOT}/orders", _criteria(window, number)).content
        # Magento answers a page behind the last with the last one: only the count says that there is no more.
        return Page(list(found["items"]), whole(found["total_count"].value) > number * PER_PAGE)

    for rows in walk(ask, since, _updated):
        yield [Changed(external_id=row["entity_id"].key(), updated_at=_updated(row)) for row in rows]


def _bundle(api: Api, found: Node) -> bytes:
    identity = found["entity_id"].key()
    return bundle(
        NAME,
        order=found,
        creditmemos=_of_order(api, "creditmemos", identity),
        invoices=_of_order(api, "invoices", identity),
    )


def _of_order(api: Api, resource: str, identity: str) -> list[Node]:
    rows: list[Node] = []
    number, more = 1, True
    while more:
        criteria = _criteria((("order_id", "eq", identity),), number, sort="entity_id")
        answer = api.get(f"{ROOT}/{resource}", criteria).content
        rows += answer["items"]
        more = whole(answer["total_count"].value) > number * PER_PAGE
        number += 1
    return rows


def _criteria(
    criteria: tuple[Criterion, ...], page: int, *, sort: str = "updated_at", per_page: int = PER_PAGE
) -> list[tuple[str, str]]:
    """Return searchCriteria; each criterion in a group of its own, because groups are joined by AND."""
    params = []
    for place, (field, condition, value) in enumerate(criteria):
        name = f"searchCriteria[filter_groups][{place}][filters][0]"
        params += [(f"{name}[field]", field), (f"{name}[condition_type]", condition), (f"{name}[value]", value)]
    return [
        *params,
        ("searchCriteria[sortOrders][0][field]", sort),
        ("searchCriteria[sortOrders][0][direction]", "ASC"),
        ("searchCriteria[pageSize]", str(per_page)),
        ("searchCriteria[currentPage]", str(page)),
    ]


def _updated(row: Node) -> datetime:
    return row["updated_at"].known_moment(utc=True)


def _sql(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
