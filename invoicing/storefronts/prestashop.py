"""PrestaShop: its webservice's resources, as JSON or XML, and hints from a small module (storefronts/webhooks.md).

PrestaShop sends nothing by itself. Either our client polls, or a module posts signed hints (contract.HINT, kinds
`order` and `order_slip`, header Encadena-Signature). No resource alone has the rates, so an order or a slip on its own
asks for the bundle, which is resources as the webservice's JSON gives them:

    {"pulled": "prestashop", "order": {…}, "details": [order_details…], "taxes": [taxes…],
     "addresses": [delivery, invoice], "customer": {…}, "states": [order_states…], "slips": [order_slips…],
     "countries": [countries…], "states_geo": [states…], "currency": {…}}

and, where the client reads them too, "cart_rules": [order_cart_rules…], "payments": [order_payments…],
"language": {languages}, "timezone": the shop's PS_TIMEZONE (Europe/Madrid when absent).

Cart rules exist for the whole order only (OrderContent.discount), except the part that pays the shipping. Lines and
slips are the reader's other half, storefronts/prestashop_lines.py.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common import clock
from invoicing import nif
from invoicing.storefronts.contract import HINT, PULLED, Identity, ReaderSettings, Unreadable
from invoicing.storefronts.parts import bundle, hint, undiscounted
from invoicing.storefronts.payload import CENT, Node, header, load, named, plain
from invoicing.storefronts.prestashop_lines import NOTHING, line_of, shipping_of, slip_of, wrapping_of
from invoicing.storefronts.signatures import stamped
from invoicing.storefronts.xml import load_xml
from invoicing.values import Address, Hint, OrderContent, Party, Reading

NAME = "prestashop"
HINTS = ("order", "order_slip")
CANCELLED = "order_canceled"
"""Mail template of the state that means cancelled; ids and names of states are each shop's own."""
NATIVE_NIF = ("dni", "vat_number")
AT_CHECKOUT = timedelta(hours=1)
"""How long after an order was placed it still counts as paid then, where the payments were not read."""
HOME = "Europe/Madrid"


def authentic(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], *, now: datetime | None = None) -> bool:
    """Tell whether the shop's module signed this hint with one of `secrets` within the last five minutes."""
    return stamped(body, header(headers, "Encadena-Signature"), secrets, now=now or clock.now())


def identity(body: bytes, headers: Mapping[str, str]) -> Identity:
    """Return the hint's identity: the digest of its body, which holds its moment."""
    return Identity(delivery_key=f"body:{hashlib.sha256(body).hexdigest()}", topic=HINT)


def ping(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell that there is no unsigned trial request."""
    return False


def read(body: bytes, topic: str, keys: ReaderSettings) -> Reading | None:
    """Return what a bundle, a hint, an order or a slip says; None for other resources.

    :raises Unreadable: when the body is not what PrestaShop documents.
    """
    if topic == PULLED:
        return _pulled(bundle(body, NAME), keys)
    if topic == HINT:
        return hint(body, HINTS)
    found = load_xml(body) if body.lstrip()[:1] == b"<" else load(body)
    if order := found["order"]:
        key = order["id"].key()
        changed = _needed(order["date_upd"], ZoneInfo(HOME))
        return Reading(external_id=key, updated_at=changed, fetch=Hint(kind="order", external_id=key))
    if slip := found["order_slip"]:
        key = slip["id_order"].key()
        return Reading(
            external_id=key,
            updated_at=_needed(slip["date_upd"], ZoneInfo(HOME)),
            refund=slip_of(slip, {}, None, ZoneInfo(HOME)),
            fetch=Hint(kind="order", external_id=key),
        )
    return None


def _pulled(found: Node, keys: ReaderSettings) -> Reading:
    order, zone = found["order"], _zone(found["timezone"])
    versions = [_needed(order["date_upd"], zone), *(_needed(slip["date_upd"], zone) for slip in found["slips"])]
    return Reading(
        external_id=order["id"].key(),
        updated_at=max(versions),  # a slip changes the order, but not always the order's own date
        content=_content(found, zone, keys),
    )


def _content(found: Node, zone: tzinfo, keys: ReaderSettings) -> OrderContent:
    order = found["order"]
    state = next((each for each in found["states"] if each["id"].text() == order["current_state"].text()), Node(None))
    total, received = order["total_paid_tax_incl"].amount(), order["total_paid_real"].amount(NOTHING)
    cancelled = CANCELLED in _translations(state["template"])
    paid = order["valid"].switch() or state["paid"].switch() or (cancelled and 0 < total <= received)
    partially = not paid and not cancelled and 0 < received < total
    rates = {tax["id"].key(): plain(tax["rate"].amount()) for tax in found["taxes"]}
    references = {row["id"].text(): row["product_reference"].text() for row in order["associations"]["order_rows"]}
    virtual = order["id_carrier"].text() == "0"
    lines = [line_of(detail, rates, references, virtual=virtual) for detail in found["details"]]
    free = _free_shipping(found)
    discount = max(order["total_discounts_tax_incl"].amount(NOTHING) - free, NOTHING)
    if discount:
        lines = [undiscounted(line) for line in lines]
    lines += shipping_of(order, free, lines)
    lines += wrapping_of(order, rates)
    taxed = {line.external_id: line for line in lines}
    invoice_number = order["invoice_number"].text()
    return OrderContent(
        platform=NAME,
        external_id=order["id"].key(),
        number=order["reference"].text() or order["id"].key(),
        currency=found["currency"]["iso_code"].text().upper(),
        prices_include_tax=True,
        total=total,
        total_tax=(total - order["total_paid_tax_excl"].amount()).quantize(CENT, ROUND_HALF_UP),
        paid=paid,
        paid_at=_paid_at(found, zone) if paid or partially else None,
        partially_paid=partially,
        advances=received if partially else NOTHING,
        cancelled=cancelled,
        placed_at=_needed(order["date_add"], zone),
        buyer=_buyer(found, keys),
        ship_to=_address(_row(found["addresses"], order["id_address_delivery"]), found),
        lines=tuple(lines),
        refunds=tuple(slip_of(slip, taxed, order, zone) for slip in found["slips"]),
        discount=discount,
        shipped_at=order["delivery_date"].local(zone) if state["shipped"].switch() else None,
        language=found["language"]["iso_code"].text()[:2].lower(),
        sales_channel=order["module"].text(),
        # PrestaShop numbers an invoice of its own unless that is switched off in the shop.
        invoiced_elsewhere="" if invoice_number in ("", "0") else invoice_number,
    )


def _paid_at(found: Node, zone: tzinfo) -> datetime | None:
    order = found["order"]
    moments = [moment for payment in found["payments"] if (moment := payment["date_add"].local(zone))]
    if moments:
        return max(moments)
    placed = _needed(order["date_add"], zone)
    return placed if _needed(order["date_upd"], zone) - placed <= AT_CHECKOUT else None


def _free_shipping(found: Node) -> Decimal:
    """Return what cart rules take off the shipping: it is within their value, and no discount on goods."""
    shipping = found["order"]["total_shipping_tax_incl"].amount(NOTHING)
    given = sum((rule["value"].amount() for rule in found["cart_rules"] if rule["free_shipping"].switch()), NOTHING)
    return min(given, shipping)


def _buyer(found: Node, keys: ReaderSettings) -> Party:
    """Return who is on the invoice address; a company is known by its vat_number, a person by the dni."""
    address, customer = _row(found["addresses"], found["order"]["id_address_invoice"]), found["customer"]
    company = address["company"].text() or customer["company"].text()
    pairs = [
        (key, node[key].scalar()) for node in (address, customer) for key in node.members() if key not in NATIVE_NIF
    ]
    native = [address[key].text() for key in (reversed(NATIVE_NIF) if company else NATIVE_NIF)]
    given = named(pairs, keys.nif_keys) or next(filter(None, native), "")
    if not given and nif.judge(nif.normalise(company)) == nif.Verdict.VALID:
        given, company = company, ""
    person = address if address["lastname"].text() else customer
    return Party(
        name=f"{person['firstname'].text()} {person['lastname'].text()}".strip(),
        company=named(pairs, keys.name_keys) or company,
        tax_id=nif.normalise(given),
        tax_id_as_given=given,
        email=customer["email"].text(),
        address=_address(address, found),
    )


def _address(address: Node, found: Node) -> Address:
    province = _row(found["states_geo"], address["id_state"])
    return Address(
        lines=tuple(line for line in (address["address1"].text(), address["address2"].text()) if line),
        postal_code=address["postcode"].text(),
        city=address["city"].text(),
        province=province["name"].text(),
        province_code=province["iso_code"].text().upper(),
        country=_row(found["countries"], address["id_country"])["iso_code"].text().upper(),
    )


def _row(rows: Node, key: Node) -> Node:
    """Return the row with this id, nothing where there is none (0 is PrestaShop's nothing)."""
    return next((row for row in rows if row["id"].text() == key.text() not in ("", "0")), Node(None, rows.pointer))


def _translations(text: Node) -> list[str]:
    """Return a text, or each language's where the shop has several."""
    return [each["value"].text() for each in text] if isinstance(text.value, list) else [text.text()]


def _zone(name: Node) -> tzinfo:
    try:
        return ZoneInfo(name.text() or HOME)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unreadable("no such time zone", name.pointer) from None


def _needed(moment: Node, zone: tzinfo) -> datetime:
    found = moment.local(zone)
    if found is None:
        raise Unreadable("a date and time is missing", moment.pointer)
    return found
