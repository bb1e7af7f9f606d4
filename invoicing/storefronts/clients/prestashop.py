"""PrestaShop: orders from the webservice, with all the rows that say what they mean.

A webservice key that may GET the resources in `RESOURCES`, sent as HTTP Basic without password. Times are the shop's
own, without offset.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from invoicing.storefronts.clients.contract import Changed, bundle
from invoicing.storefronts.clients.errors import ShopRefused
from invoicing.storefronts.clients.http import Api
from invoicing.storefronts.clients.paging import Page, walk
from invoicing.storefronts.payload import Node

NAME = "prestashop"
ADDRESS = ""
CREDENTIALS = ("webservice_key",)
PER_PAGE = 50
HOUR = timedelta(hours=1)
LISTED = {"order_slip": "order_slips"}
"""Resources whose rows come under another name than their own."""
JSON = {"output_format": "JSON"}
RESOURCES = (
    "orders", "order_details", "order_states", "order_slip", "taxes", "addresses", "customers", "countries", "states",
    "currencies", "order_cart_rules", "order_payments", "languages",
)  # fmt: skip


def headers(credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the header that opens the webservice."""
    return {"Authorization": f"Basic {b64encode((credentials['webservice_key'] + ':').encode()).decode()}"}


def pace(headers: Mapping[str, str]) -> float:
    """PrestaShop sets no pace of its own; hosts answer 429."""
    return 0.0


def check(api: Api) -> None:
    """Ask for one row of each resource: PrestaShop gives rights one by one.

    :raises ShopRefused: naming the resource that the key may not read.
    """
    for resource in RESOURCES:
        try:
            api.get(f"api/{resource}", JSON | {"display": "[id]", "limit": "1"})
        except ShopRefused as error:
            if error.code == "forbidden":
                raise ShopRefused(f"the key may not GET {resource}", code="forbidden") from None
            raise


def order_of(api: Api, kind: str, external_id: str) -> str:
    """Return the order that a slip belongs to."""
    match kind:
        case "order":
            return external_id
        case "order_slip":
            slip = api.get(f"api/order_slip/{quote(external_id, safe='')}", JSON).content["order_slip"]
            return slip["id_order"].key()
    return ""


def order(api: Api, external_id: str) -> bytes:
    """Return the bundle of one order, its details, slips, addresses and what their ids stand for."""
    found = api.get(f"api/orders/{quote(external_id, safe='')}", JSON).content["order"]
    identity = found["id"].key()
    details = _rows(api, "order_details", {"filter[id_order]": f"[{identity}]"})
    addresses = _by_id(api, "addresses", [found["id_address_invoice"], found["id_address_delivery"]])
    taxes = [tax["id"] for detail in details for tax in detail["associations"]["taxes"]]
    return bundle(
        NAME,
        order=found,
        details=details,
        taxes=_by_id(api, "taxes", taxes),
        addresses=addresses,
        customer=_one(api, "customers", found["id_customer"]),
        states=_rows(api, "order_states", {}),
        slips=_rows(api, "order_slip", {"filter[id_order]": f"[{identity}]"}),
        countries=_by_id(api, "countries", [address["id_country"] for address in addresses]),
        states_geo=_by_id(api, "states", [address["id_state"] for address in addresses]),
        currency=_one(api, "currencies", found["id_currency"]),
        cart_rules=_rows(api, "order_cart_rules", {"filter[id_order]": f"[{identity}]"}),
        payments=_rows(api, "order_payments", {"filter[order_reference]": f"[{found['reference'].text()}]"}),
        language=_one(api, "languages", found["id_lang"]),
        timezone=api.zone.key,
    )


def changed(api: Api, since: datetime, until: datetime) -> Iterator[list[Changed]]:
    """Yield what changed by date_upd: orders, and those of slips, which need not touch their order's date."""
    yield from _changed(api, "orders", "id", since, until)
    yield from _changed(api, "order_slip", "id_order", since, until)


def _changed(api: Api, resource: str, key: str, since: datetime, until: datetime) -> Iterator[list[Changed]]:
    fields = ",".join(dict.fromkeys(("id", key, "date_upd")))

    def ask(start: datetime, number: int) -> Page:
        rows = _list(
            api.get(
                f"api/{resource}",
                JSON
                | {
                    "display": f"[{fields}]",
                    "date": "1",
                    # An hour wider: in the autumn hour that comes twice, local times run back.
                    "filter[date_upd]": f"[{_local(api, start - HOUR)},{_local(api, until + HOUR)}]",
                    "sort": "[date_upd_ASC,id_ASC]",
                    "limit": f"{(number - 1) * PER_PAGE},{PER_PAGE}",
                },
            ).content,
            resource,
        )
        return Page(rows, len(rows) == PER_PAGE)

    def moment_of(row: Node) -> datetime:
        return _moment(api, row["date_upd"])

    for rows in walk(ask, since, moment_of):
        yield [Changed(external_id=row[key].key(), updated_at=moment_of(row)) for row in rows]


def _rows(api: Api, resource: str, filters: Mapping[str, str]) -> list[Node]:
    """Return all rows of a resource that pass the filters."""
    found: list[Node] = []
    while True:
        page = JSON | dict(filters) | {"display": "full", "sort": "[id_ASC]", "limit": f"{len(found)},{PER_PAGE}"}
        rows = _list(api.get(f"api/{resource}", page).content, resource)
        found += rows
        if len(rows) < PER_PAGE:
            return found


def _by_id(api: Api, resource: str, ids: list[Node]) -> list[Node]:
    """Return the rows of these ids; 0 is PrestaShop's nothing."""
    wanted = sorted({node.text() for node in ids} - {"", "0"})
    return _rows(api, resource, {"filter[id]": f"[{'|'.join(wanted)}]"}) if wanted else []


def _one(api: Api, resource: str, identity: Node) -> Node | dict[str, Any]:
    """Return one row, empty when it was deleted meanwhile."""
    rows = _by_id(api, resource, [identity])
    return rows[0] if rows else {}


def _list(content: Node, resource: str) -> list[Node]:
    """Return the rows; of nothing, PrestaShop answers a bare empty list."""
    return [] if isinstance(content.value, list) else list(content[LISTED.get(resource, resource)])


def _moment(api: Api, node: Node) -> datetime:
    """Return a time that is written in the shop's zone."""
    try:
        return datetime.fromisoformat(node.text()).replace(tzinfo=api.zone)
    except ValueError:
        raise ShopRefused(f"{node.text()!r} is no date", code="unexpected") from None


def _local(api: Api, moment: datetime) -> str:
    return f"{moment.astimezone(api.zone):%Y-%m-%d %H:%M:%S}"
