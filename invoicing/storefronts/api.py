"""Our own API: the body of `POST /api/v1/orders/`, strict, with errors that name the place.

The body is one whole version of an order; the same `id` again with a later `updated_at` is its next version.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from invoicing import nif
from invoicing.storefronts.contract import Identity, ReaderSettings, Unreadable
from invoicing.storefronts.payload import clean, decimal, header, instant, load, plain
from invoicing.values import Address, DeclaredTax, LineKind, OrderContent, OrderLine, Party, Reading, Refund

NAME = "api"
TOPIC = "order"
CENT = Decimal("0.01")
TROUBLE = re.compile(r"(?P<reason>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<field>.*)`", re.DOTALL)
MISSING_FIELD = re.compile(r"Object missing required field `(?P<field>.*)`", re.DOTALL)

Instant = Annotated[datetime, msgspec.Meta(tz=True, description="ISO 8601 with an offset or Z.")]
Name = Annotated[str, msgspec.Meta(max_length=120)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Euros = Annotated[Decimal, msgspec.Meta(description="Two decimals, as text; a JSON number is accepted too.")]
Country = Annotated[str, msgspec.Meta(pattern="^([A-Z]{2})?$", description="ISO 3166-1 alpha-2.")]


class AddressBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A postal address."""

    lines: tuple[Name, ...] = ()
    postal_code: Name = ""
    city: Name = ""
    province: Name = ""
    province_code: Name = ""
    country: Country = ""


class BuyerBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who buys; a `tax_id` with a name (and an address for companies) asks for a complete invoice."""

    name: Name = ""
    company: Name = ""
    tax_id: Name = ""
    email: Annotated[str, msgspec.Meta(max_length=254)] = ""
    address: AddressBody = AddressBody()


class LineBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line; `amount` = `quantity` x `unit_price` - `discount`, to the cent."""

    id: Name = ""
    description: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    sku: Name = ""
    kind: LineKind = LineKind.GOODS
    quantity: Decimal = Decimal(1)
    unit_price: Annotated[Decimal, msgspec.Meta(description="Before discounts; up to six decimals.")]
    discount: Euros = Decimal(0)
    amount: Euros
    tax_rate: Annotated[
        Decimal | None, msgspec.Meta(description="Percent, for instance 21; null when no tax was charged.")
    ] = None
    surcharge_rate: Annotated[
        Decimal | None, msgspec.Meta(description="Recargo de equivalencia beside tax_rate, percent, for instance 5.2.")
    ] = None
    untaxed_because: Annotated[
        str, msgspec.Meta(max_length=40, description="Why no tax was charged: E1…, S2, N1, N2, or reverse_charge.")
    ] = ""


class RefundBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money that went back to the buyer; `total` is positive."""

    id: Key
    total: Euros
    created_at: Instant | None = None
    reason: Name = ""
    lines: Annotated[tuple[LineBody, ...], msgspec.Meta(max_length=1000)] = ()


class OrderBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of an order. Amounts are euros; with `prices_include_tax` they hold the tax."""

    id: Key
    number: Name = ""
    placed_at: Instant
    updated_at: Instant
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "EUR"
    prices_include_tax: bool
    paid: bool
    paid_at: Instant | None = None
    cancelled: bool = False
    test: bool = False
    buyer: BuyerBody = BuyerBody()
    ship_to: AddressBody = AddressBody()
    lines: Annotated[tuple[LineBody, ...], msgspec.Meta(min_length=1, max_length=1000)]
    total: Annotated[Decimal, msgspec.Meta(description="What the buyer paid, tax included.")]
    total_tax: Annotated[Decimal | None, msgspec.Meta(description="The tax in it, for comparison.")] = None
    discount: Annotated[Decimal, msgspec.Meta(description="On the whole order, in no line; positive.")] = Decimal(0)
    shipped_at: Instant | None = None
    delivered_at: Instant | None = None
    language: Annotated[str, msgspec.Meta(pattern="^([a-z]{2})?$", description="ISO 639-1.")] = ""
    withholding: Annotated[
        Decimal, msgspec.Meta(description="IRPF that the buyer keeps back, positive; total is before it.")
    ] = Decimal(0)
    withholding_rate: Annotated[
        Decimal | None, msgspec.Meta(description="Percent of the withholding, for instance 15; printed beside it.")
    ] = None
    advances: Annotated[
        Decimal, msgspec.Meta(description="Anticipos: received so far, positive, inside total and before refunds.")
    ] = Decimal(0)
    outlays: Annotated[
        Decimal, msgspec.Meta(description="Suplidos: laid out in the buyer's name, positive, beside total.")
    ] = Decimal(0)
    refunds: tuple[RefundBody, ...] = ()
    sales_channel: Name = ""
    invoiced_elsewhere: Annotated[
        str, msgspec.Meta(max_length=120, description="Number that another invoicing system already gave.")
    ] = ""


def authentic(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Tell that no signature makes an API body authentic: its door is the API key."""
    return False


def identity(body: bytes, headers: Mapping[str, str]) -> Identity:
    """Return the request's identity: its Idempotency-Key, else the body's digest."""
    key = header(headers, "Idempotency-Key")
    digest = hashlib.sha256(body).hexdigest()
    return Identity(
        delivery_key=f"key:{hashlib.sha256(key.encode()).hexdigest()}" if key else f"body:{digest}",
        event_key=key[:200],
        topic=TOPIC,
    )


def ping(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell that the API has no trial request."""
    return False


def read(body: bytes, topic: str, keys: ReaderSettings) -> Reading:
    """Return the order version in the body.

    :raises Unreadable: with the JSON pointer of what is wrong; an unknown field is wrong too.
    """
    order = parse(body)
    for name, amount in (
        ("withholding", order.withholding), ("outlays", order.outlays), ("advances", order.advances),
    ):  # fmt: skip
        if amount < 0:
            raise Unreadable("a positive amount was expected", f"/{name}")
    if order.advances and order.advances > order.total:
        raise Unreadable("more than the order's total", "/advances")
    if order.withholding_rate is not None and not (order.withholding and 0 < order.withholding_rate <= 100):
        raise Unreadable("a percentage beside a withholding was expected", "/withholding_rate")
    partly = not order.paid and 0 < order.advances < order.total
    content = OrderContent(
        platform=NAME,
        external_id=order.id,
        number=clean(order.number) or order.id,
        currency=order.currency,
        prices_include_tax=order.prices_include_tax,
        total=_cents(order.total, "/total"),
        total_tax=None if order.total_tax is None else _cents(order.total_tax, "/total_tax"),
        paid=order.paid,
        paid_at=instant(order.paid_at, "/paid_at") if (order.paid or partly) and order.paid_at else None,
        partially_paid=partly,
        cancelled=order.cancelled,
        test=order.test,
        placed_at=instant(order.placed_at, "/placed_at"),
        buyer=_party(order.buyer),
        ship_to=address(order.ship_to),
        lines=tuple(_line(line, f"/lines/{place}") for place, line in enumerate(order.lines)),
        refunds=tuple(_refund(refund, f"/refunds/{place}") for place, refund in enumerate(order.refunds)),
        discount=_positive(order.discount, "/discount"),
        shipped_at=instant(order.shipped_at, "/shipped_at") if order.shipped_at else None,
        delivered_at=instant(order.delivered_at, "/delivered_at") if order.delivered_at else None,
        language=order.language,
        withholding=_cents(order.withholding, "/withholding"),
        withholding_rate=order.withholding_rate,
        outlays=_cents(order.outlays, "/outlays"),
        advances=_cents(order.advances, "/advances"),
        sales_channel=clean(order.sales_channel),
        invoiced_elsewhere=clean(order.invoiced_elsewhere),
    )
    return Reading(external_id=order.id, updated_at=instant(order.updated_at, "/updated_at"), content=content)


def parse(body: bytes) -> OrderBody:
    """Return the typed body.

    :raises Unreadable: with the JSON pointer of what is wrong.
    """
    value = load(body).value
    try:
        return msgspec.convert(value, OrderBody)
    except msgspec.ValidationError as error:
        raise _located(str(error)) from None


def _located(message: str) -> Unreadable:
    """Turn msgspec's message ("… - at `$.lines[0].amount`") into a reason and a JSON pointer."""
    found = TROUBLE.fullmatch(message)
    reason, path = (found["reason"], found["path"] or "") if found else (message, "")
    pointer = re.sub(r"\[(\d+|\.\.\.)\]", r"/\1", path).replace(".", "/")
    for pattern, told in ((UNKNOWN_FIELD, "this field is not known here"), (MISSING_FIELD, "this field is missing")):
        if field := pattern.fullmatch(reason):
            return Unreadable(told, f"{pointer}/{field['field']}")
    return Unreadable(reason, pointer)


def _line(line: LineBody, pointer: str) -> OrderLine:
    quantity = _number(line.quantity, 4, f"{pointer}/quantity")
    price = _number(line.unit_price, 6, f"{pointer}/unit_price")
    discount, amount = _cents(line.discount, f"{pointer}/discount"), _cents(line.amount, f"{pointer}/amount")
    if not quantity:
        raise Unreadable("a line of nothing: quantity is 0", f"{pointer}/quantity")
    if abs(quantity * price - discount - amount) > CENT:
        raise Unreadable("amount is not quantity x unit_price - discount", f"{pointer}/amount")
    rate = None if line.tax_rate is None else plain(_number(line.tax_rate, 2, f"{pointer}/tax_rate"))
    taxes = () if rate is None else (DeclaredTax(rate=rate),)
    if line.surcharge_rate is not None:
        if rate is None:
            raise Unreadable("a surcharge goes with a tax_rate", f"{pointer}/surcharge_rate")
        surcharge = plain(_number(line.surcharge_rate, 2, f"{pointer}/surcharge_rate"))
        taxes = (*taxes, DeclaredTax(rate=surcharge))
    return OrderLine(
        kind=line.kind,
        description=clean(line.description),
        quantity=quantity,
        unit_price=price,
        discount=discount,
        amount=amount,
        taxes=taxes,
        sku=clean(line.sku),
        external_id=clean(line.id),
        untaxed_because=clean(line.untaxed_because),
    )


def _party(buyer: BuyerBody) -> Party:
    return Party(
        name=clean(buyer.name),
        company=clean(buyer.company),
        tax_id=nif.normalise(buyer.tax_id),
        tax_id_as_given=clean(buyer.tax_id),
        email=clean(buyer.email),
        address=address(buyer.address),
    )


def address(given: AddressBody) -> Address:
    """Return an address of the API as a value."""
    return Address(
        lines=tuple(filter(None, map(clean, given.lines))),
        postal_code=clean(given.postal_code),
        city=clean(given.city),
        province=clean(given.province),
        province_code=clean(given.province_code).upper(),
        country=given.country,
    )


def _refund(refund: RefundBody, pointer: str) -> Refund:
    total = _positive(refund.total, f"{pointer}/total")
    return Refund(
        external_id=refund.id,
        total=-total,
        created_at=instant(refund.created_at, f"{pointer}/created_at") if refund.created_at else None,
        reason=clean(refund.reason),
        lines=tuple(_negative(_line(line, f"{pointer}/lines/{place}")) for place, line in enumerate(refund.lines)),
    )


def _negative(line: OrderLine) -> OrderLine:
    """Return the line as what went back: a refund is told in positive figures."""
    return msgspec.structs.replace(
        line, quantity=-line.quantity, amount=-line.amount, discount=-line.discount if line.discount else line.discount
    )


def _positive(value: Decimal, pointer: str) -> Decimal:
    found = _cents(value, pointer)
    if found < 0:
        raise Unreadable("this amount is told as a positive one: what went back, or was taken off", pointer)
    return found


def _cents(value: Decimal, pointer: str) -> Decimal:
    return _number(value, 2, pointer)


def _number(value: Decimal, places: int, pointer: str) -> Decimal:
    """Return a finite number with no more than `places` decimals that count."""
    found = decimal(value, pointer)
    if found != round(found, places):
        raise Unreadable(f"at most {places} decimals", pointer)
    return found
