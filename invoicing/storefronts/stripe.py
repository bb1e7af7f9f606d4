"""Stripe: invoices, credit notes, Checkout sessions and refunds (storefronts/webhooks.md), before and since basil.

An event holds the whole invoice, except when its lines are cut (`has_more`); a session comes without its lines, and a
refund names a charge and no order. Those are hints, of the kinds `invoice`, `checkout.session`, `payment_intent` and
`charge`. The bundle that the client composes for an order, which is an invoice or a session without one:

    {"pulled": "stripe", "invoice": {…} or "session": {…}, "lines": [all lines], "credit_notes": [all of the invoice],
     "refunds": [all of its payments]}

and, where the client reads them too, "tax_rates": [tax_rates…] and "pulled_at": when it began to ask (ISO 8601), which
is the version; the bundle's arrival otherwise. A refund that a credit note explains is told once, under its own id.
The objects are the reader's other half, storefronts/stripe_objects.py.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from common import clock
from invoicing.storefronts import stripe_objects as objects
from invoicing.storefronts.contract import PULLED, Identity, ReaderSettings, Unreadable
from invoicing.storefronts.parts import bundle
from invoicing.storefronts.payload import Node, header, load
from invoicing.storefronts.signatures import stamped
from invoicing.storefronts.stripe_taxes import Rates, certain, holds_tax, moment_of, reference, units
from invoicing.values import Hint, Reading

NAME = "stripe"
INVOICES = ("invoice.paid", "invoice.finalized", "invoice.voided", "invoice.marked_uncollectible")
SESSIONS = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
CREDIT_NOTES = ("credit_note.created", "credit_note.updated", "credit_note.voided")
REFUNDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
CHARGE = "charge.refunded"


def authentic(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], *, now: datetime | None = None) -> bool:
    """Tell whether one of `secrets` (whsec_…, as it is written) signed these raw bytes within the last five minutes."""
    return stamped(body, header(headers, "Stripe-Signature"), secrets, now=now or clock.now())


def identity(body: bytes, headers: Mapping[str, str]) -> Identity:
    """Return the delivery's identity: the event's id. Two events may tell of one change: object and type join them."""
    try:
        event = load(body)
        kind = event["type"].text()
        about = event["data"]["object"]["id"].scalar()
        return Identity(
            delivery_key=event["id"].key(),
            event_key=f"{about}:{kind}",
            topic=kind,
            triggered_at=event["created"].epoch(),
        )
    except Unreadable:  # read says what is wrong with it, from the stored bytes
        return Identity(delivery_key=f"body:{hashlib.sha256(body).hexdigest()}", topic="")


def ping(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell that Stripe has no unsigned trial request."""
    return False


def read(body: bytes, topic: str, keys: ReaderSettings) -> Reading | None:
    """Return the invoice, or what must be fetched; None for other topics, disputes among them.

    :raises Unreadable: when the body is not what Stripe documents, and for a bundle without `pulled_at` or arrival.
    """
    if topic == PULLED:
        return _pulled(bundle(body, NAME), keys)
    if topic not in (*INVOICES, *SESSIONS, *CREDIT_NOTES, *REFUNDS, CHARGE):
        return None
    event = load(body)
    about, created = event["data"]["object"], moment_of(event["created"])
    if topic in INVOICES:
        return _invoice(about, created, keys)
    if topic in SESSIONS:
        # A session that makes an invoice is told by the invoice; one that only keeps a card sells nothing.
        if about["invoice"] or about["mode"].text() in ("setup", "subscription"):
            return None
        return _to_fetch("checkout.session", about["id"].key(), created, order=about["id"].key())
    if topic in CREDIT_NOTES:
        return _credit_note(about, created)
    if topic == CHARGE:
        return _charge(event, created)
    return _to_fetch(*_payment(about, about["charge"]), created)


def _invoice(invoice: Node, created: datetime, keys: ReaderSettings) -> Reading:
    if invoice["lines"]["has_more"].flag():
        return _to_fetch("invoice", invoice["id"].key(), created, order=invoice["id"].key())
    around, lines = objects.Around(), list(invoice["lines"]["data"])
    content = objects.invoice(invoice, lines, around, keys)
    # Events name rates by id only; where a few cents may be of several, the client is to read which it was.
    sure = certain([*lines, invoice["shipping_cost"]], invoice["currency"], objects.rates_of(invoice, around))
    return Reading(
        external_id=content.external_id,
        updated_at=created,
        content=content,
        fetch=None if sure else Hint(kind="invoice", external_id=content.external_id),
    )


def _credit_note(note: Node, created: datetime) -> Reading:
    """Read a credit note on its own; one that was cut or withdrawn is fetched with its invoice."""
    order = reference(note["invoice"])
    cut = note["lines"]["has_more"].flag()
    if cut or note["status"].text() == "void":
        return _to_fetch("invoice", order, created, order=order)
    # Whether lines are gross is the invoice's to say; a tax that is not inclusive says it here.
    refund = objects.credit_note(note, {}, gross=holds_tax(note["lines"]["data"]), rates=Rates())
    settled = refund.detailed and certain(note["lines"]["data"], note["currency"], Rates())
    return Reading(
        external_id=order,
        updated_at=created,
        refund=msgspec.structs.replace(refund, detailed=settled),
        fetch=None if settled else Hint(kind="invoice", external_id=order),
    )


def _charge(event: Node, created: datetime) -> Reading | None:
    """Read `charge.refunded`: it is cumulative, only the difference is news, and it has neither tax nor lines."""
    charge = event["data"]["object"]
    refunded = units(charge["amount_refunded"], charge["currency"])
    before = event["data"]["previous_attributes"]["amount_refunded"]
    if before and units(before, charge["currency"]) == refunded:
        return None
    if charge["invoice"]:  # before basil a charge knew its invoice
        order = reference(charge["invoice"])
        return _to_fetch("invoice", order, created, order=order)
    return _to_fetch(*_payment(charge, charge["id"]), created)


def _payment(about: Node, charge: Node) -> tuple[str, str]:
    """Return the hint by which the client finds the order of a refund or a charge."""
    if about["payment_intent"]:
        return "payment_intent", reference(about["payment_intent"])
    return "charge", reference(charge)


def _to_fetch(kind: str, key: str, created: datetime, *, order: str = "") -> Reading:
    return Reading(external_id=order, updated_at=created, fetch=Hint(kind=kind, external_id=key))


def _pulled(found: Node, keys: ReaderSettings) -> Reading:
    version = found["pulled_at"].moment() or keys.received_at
    if version is None:
        raise Unreadable("neither the time of asking nor that of arrival was given", "/pulled_at")
    lines = list(found["lines"])
    rates = {rate["id"].key(): rate for rate in found["tax_rates"]}
    around = objects.Around(credit_notes=tuple(found["credit_notes"]), refunds=tuple(found["refunds"]), rates=rates)
    if found["session"]:
        content = objects.session(found["session"], lines, around, keys)
    else:
        content = objects.invoice(found["invoice"], lines, around, keys)
    return Reading(external_id=content.external_id, updated_at=version, content=content)
