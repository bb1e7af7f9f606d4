"""Stripe: paid invoices and completed checkout sessions, with their lines, credit notes and refunds whole.

A restricted key that may read invoices, checkout sessions, charges and refunds, payment intents, credit notes, tax
rates and events. The API's version is pinned to the one that the reader knows.

Stripe lists by creation and by events (kept 30 days), never by change. So a window holds what was created in it and
what its events speak of; refunds and credit notes lead to their invoice or session. When something changed is not told.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from urllib.parse import quote

from invoicing.storefronts.clients.contract import Changed, bundle
from invoicing.storefronts.clients.errors import ShopRefused
from invoicing.storefronts.clients.http import Api
from invoicing.storefronts.payload import Node

NAME = "stripe"
ADDRESS = "https://api.stripe.com"
CREDENTIALS = ("secret_key",)
VERSION = "2025-10-29.clover"
PER_PAGE = 100
EVENTS = (
    "invoice.paid", "invoice.voided", "checkout.session.completed", "checkout.session.async_payment_succeeded",
    "charge.refunded", "refund.created", "refund.updated", "credit_note.created", "credit_note.voided",
)  # fmt: skip

Params = list[tuple[str, str]]


def headers(credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that open the API, in one version."""
    return {"Authorization": f"Bearer {credentials['secret_key']}", "Stripe-Version": VERSION}


def pace(headers: Mapping[str, str]) -> float:
    """Stripe tells no level; it answers 429."""
    return 0.0


def check(api: Api) -> None:
    """Ask for one of each kind: a restricted key gives rights one by one.

    :raises ShopRefused: naming what the key may not read.
    """
    for resource in ("invoices", "checkout/sessions", "refunds", "credit_notes", "events"):
        try:
            api.get(f"v1/{resource}", [("limit", "1")])
        except ShopRefused as error:
            if error.code == "forbidden":
                raise ShopRefused(f"the key may not read {resource}", code="forbidden") from None
            raise


def order_of(api: Api, kind: str, external_id: str) -> str:
    """Return the invoice or session that something belongs to; Stripe's ids say what they are."""
    return _belongs_to(api, external_id)


def order(api: Api, external_id: str) -> bytes:
    """Return the bundle of an invoice or a session; of anything else (a charge, a refund…), of what it belongs to.

    :raises ShopRefused: when it belongs to neither.
    """
    identity = _belongs_to(api, external_id)
    if not identity:
        raise ShopRefused(f"{external_id} belongs to no invoice and no checkout session", code="not_found")
    return _session(api, identity) if identity.startswith("cs_") else _invoice(api, identity)


def changed(api: Api, since: datetime, until: datetime) -> Iterator[list[Changed]]:
    """Yield each invoice and session that the window speaks of, once."""
    window = [("created[gte]", str(int(since.timestamp()))), ("created[lte]", str(int(until.timestamp()) + 1))]
    events = [("types[]", kind) for kind in EVENTS]
    sources: list[Callable[[], Iterator[list[Node]]]] = [
        partial(_pages, api, "v1/invoices", [*window, ("status", "paid")]),
        partial(_pages, api, "v1/checkout/sessions", [*window, ("status", "complete")]),
        partial(_pages, api, "v1/refunds", window),
        partial(_pages, api, "v1/credit_notes", window),
        partial(_pages, api, "v1/events", [*window, *events]),
    ]
    seen: set[str] = set()
    for source in sources:
        for page in source():
            found = [_belongs_to(api, _subject(row)) for row in page]
            fresh = [identity for identity in dict.fromkeys(found) if identity and identity not in seen]
            seen |= set(fresh)
            if fresh:
                yield [Changed(external_id=identity) for identity in fresh]


def _invoice(api: Api, identity: str) -> bytes:
    place = f"v1/invoices/{quote(identity, safe='')}"
    payments = _all(api, "v1/invoice_payments", [("invoice", identity)])
    lines = _all(api, f"{place}/lines", [])
    rates = {tax["tax_rate_details"]["tax_rate"].text() for line in lines for tax in line["taxes"]}
    return bundle(
        NAME,
        invoice=api.get(place).content,
        lines=lines,
        credit_notes=_all(api, "v1/credit_notes", [("invoice", identity)]),
        refunds=_refunds(api, [payment["payment"]["payment_intent"].text() for payment in payments]),
        tax_rates=[api.get(f"v1/tax_rates/{quote(rate, safe='')}").content for rate in sorted(rates - {""})],
    )


def _session(api: Api, identity: str) -> bytes:
    place = f"v1/checkout/sessions/{quote(identity, safe='')}"
    found = api.get(place).content
    return bundle(
        NAME,
        session=found,
        lines=_all(api, f"{place}/line_items", [("expand[]", "data.taxes")]),
        credit_notes=[],
        refunds=_refunds(api, [found["payment_intent"].text()]),
    )


def _refunds(api: Api, payments: list[str]) -> list[Node]:
    return [
        refund for payment in payments if payment for refund in _all(api, "v1/refunds", [("payment_intent", payment)])
    ]


def _subject(row: Node) -> str:
    """Return the id of the object that a listed row is, or that an event speaks of."""
    return (row["data"]["object"]["id"] if row["object"].text() == "event" else row["id"]).key()


def _belongs_to(api: Api, identity: str) -> str:
    """Return the invoice or session that an object belongs to, empty when there is none."""
    kind = identity.partition("_")[0]
    at = quote(identity, safe="")
    match kind:
        case "in":
            return identity
        case "cs":
            # A session that made an invoice is that invoice.
            return api.get(f"v1/checkout/sessions/{at}").content["invoice"].text() or identity
        case "cn":
            return api.get(f"v1/credit_notes/{at}").content["invoice"].text()
        case "pi":
            return _of_payment(api, identity)
        case "ch" | "py":
            return _of_payment(api, api.get(f"v1/charges/{at}").content["payment_intent"].text())
        case "re" | "pyr":
            return _of_payment(api, api.get(f"v1/refunds/{at}").content["payment_intent"].text())
    return ""


def _of_payment(api: Api, payment: str) -> str:
    if not payment:
        return ""
    by_payment = [("payment[type]", "payment_intent"), ("payment[payment_intent]", payment)]
    for paid in _all(api, "v1/invoice_payments", by_payment):
        return paid["invoice"].text()
    for session in _all(api, "v1/checkout/sessions", [("payment_intent", payment)]):
        return session["invoice"].text() or session["id"].text()
    return ""


def _all(api: Api, path: str, params: Params) -> list[Node]:
    return [row for page in _pages(api, path, params) for row in page]


def _pages(api: Api, path: str, params: Params) -> Iterator[list[Node]]:
    after: Params = []
    while True:
        content = api.get(path, [*params, ("limit", str(PER_PAGE)), *after]).content
        rows = list(content["data"])
        if rows:
            yield rows
        if not content["has_more"].flag() or not rows:
            return
        after = [("starting_after", rows[-1]["id"].key())]
