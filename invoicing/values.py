"""The frozen values that travel between the storefront readers, the policy, the services and the printed page.

Amounts are euros as Decimal, made from text, never from float. Rates are percentages (Decimal("21"), not 0.21).
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import msgspec


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A postal address as the shop sent it; `country` is ISO 3166-1 alpha-2 or empty when unknown."""

    lines: tuple[str, ...] = ()
    postal_code: str = ""
    city: str = ""
    province: str = ""
    province_code: str = ""
    country: str = ""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever buys. `tax_id` is normalised (capitals, no punctuation, no ES prefix), empty when not given."""

    name: str = ""
    company: str = ""
    tax_id: str = ""
    tax_id_as_given: str = ""
    id_type: str = ""
    """IDType of `tax_id` (list L7: 02 VAT number, 04 official number of the country of residence…); empty: a NIF.
    The policy sets it on the recipient of an invoice."""
    id_country: str = ""
    """CodigoPais that goes with `id_type`; empty with 02."""
    email: str = ""
    address: Address = Address()


class LineKind(StrEnum):
    GOODS = "goods"
    SERVICE = "service"
    SHIPPING = "shipping"
    FEE = "fee"
    TIP = "tip"
    GIFT_CARD = "gift_card"


class DeclaredTax(msgspec.Struct, frozen=True, kw_only=True):
    """One tax of one line exactly as the platform declared it; `amount` is None when it named only the rate."""

    rate: Decimal
    amount: Decimal | None = None
    title: str = ""


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the order, discounts already taken off `amount`.

    `amount` follows the order's `prices_include_tax`: gross when true, net when false. An empty `taxes` means that
    the platform declared no tax, which is not the same as 0 %.
    """

    kind: LineKind
    description: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal = Decimal(0)
    amount: Decimal
    taxes: tuple[DeclaredTax, ...] = ()
    sku: str = ""
    external_id: str = ""
    untaxed_because: str = ""
    """Why the platform charged no tax, in its own word (Stripe's reverse_charge, customer_exempt…), where it says."""


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that the platform mentions; figures only as far as this delivery gives them.

    `total` is negative: what went back to the buyer. Zero is a return of goods without money. `lines` say what it was
    for: negative quantities and amounts, gross or net like the order's, `external_id` that of the order's line. What
    they leave of the total was given back as money alone.
    """

    external_id: str
    total: Decimal
    created_at: datetime | None = None
    reason: str = ""
    lines: tuple[OrderLine, ...] = ()
    detailed: bool = True
    """False when the shop knows more of it than this delivery says: fetch it before it is corrected."""


class OrderContent(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an order in the form that everything after the storefront reader understands."""

    platform: str
    external_id: str
    number: str
    currency: str
    prices_include_tax: bool
    total: Decimal
    """What the order cost when it was placed; refunds do not change it."""
    total_tax: Decimal | None
    """The tax that the platform declares, None when it declares no sum."""
    current_total: Decimal | None = None
    """What the order costs after edits and refunds, where the platform says so."""
    paid: bool
    paid_at: datetime | None = None
    """Of the last payment, also of one in part; None when unpaid, and when the platform does not say."""
    partially_paid: bool = False
    cancelled: bool = False
    deleted: bool = False
    test: bool = False
    placed_at: datetime
    buyer: Party
    ship_to: Address = Address()
    lines: tuple[OrderLine, ...]
    refunds: tuple[Refund, ...] = ()
    discount: Decimal = Decimal(0)
    """A discount on the whole order that the platform gave to no line: positive, gross or net like the lines. It
    belongs to the goods, by their amounts."""
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    withholding: Decimal = Decimal(0)
    """IRPF that the buyer keeps back, positive; `total` is before it (only orders by API say so)."""
    withholding_rate: Decimal | None = None
    """Its percentage, where the order says it."""
    advances: Decimal = Decimal(0)
    """Anticipos: what was received of `total` before the rest, positive, whatever went back of it since; zero once all
    of it was, and where the platform does not say."""
    outlays: Decimal = Decimal(0)
    """Suplidos: what was paid in the buyer's name and is asked back, positive, beside `total`."""
    language: str = ""
    """The buyer's, ISO 639-1 (es, ca, en…), empty when unknown."""
    sales_channel: str = ""
    invoiced_elsewhere: str = ""
    """The number that another invoicing system already put on this order, or empty."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a storefront reader found in one delivery: an order version, a refund on its own, or only a hint.

    With `fetch` the shop has more to say than the delivery: the order (or what else `fetch` names) is to be pulled.
    `external_id` may be empty then, when not even the order is named.
    """

    external_id: str
    updated_at: datetime
    """The platform's own version of the order, by which deliveries are ranked."""
    content: OrderContent | None = None
    refund: Refund | None = None
    fetch: "Hint | None" = None


class Hint(msgspec.Struct, frozen=True, kw_only=True):
    """Something of the shop's that a delivery only names: `order` and its id, or what the platform's client knows."""

    kind: str
    external_id: str


class TaxShare(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the tax breakdown, as it goes to the record (names as DetalleDesglose means them)."""

    impuesto: str = "01"
    clave_regimen: str = "01"
    calificacion: str = ""
    exencion: str = ""
    rate: Decimal | None = None
    base: Decimal
    tax: Decimal | None = None
    surcharge_rate: Decimal | None = None
    """Recargo de equivalencia, percent, where it is charged."""
    surcharge: Decimal | None = None


class PricedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One printed line; `unit_price` and `base` are net, `gross` is what the buyer paid for the line."""

    description: str
    sku: str = ""
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    rate: Decimal | None
    base: Decimal
    gross: Decimal
    external_id: str = ""
    """That of the order's line it stands for."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """The rate by which an order in another currency became euros: `rate` units of `currency` are one euro."""

    currency: str
    rate: Decimal
    day: date
    """The day on which the rate was published: that of the operation, or the last one before it."""
    source: str
    total: Decimal
    """What was paid, in `currency`."""


class ForeignTax(msgspec.Struct, frozen=True, kw_only=True):
    """Tax of another member state inside what a consumer paid (OSS); it is no part of the invoice's total."""

    country: str
    rate: Decimal
    base: Decimal
    tax: Decimal


class Because(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that a decision followed: a key of `reasons.RULES`, its legal or technical source, and the facts."""

    rule: str
    source: str = ""
    facts: dict[str, str] = {}


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """An order turned into legal figures. base + tax + surcharge over all shares equals `total` to the cent.

    `total` is the invoice's (ImporteTotal, QR). What the buyer paid is `paid`, and what is asked of him `payable`.
    """

    lines: tuple[PricedLine, ...]
    shares: tuple[TaxShare, ...]
    tax_total: Decimal
    """CuotaTotal: taxes and surcharges."""
    total: Decimal
    rounding: Decimal = Decimal(0)
    """Cents that the arithmetic left over against the amount paid; already inside the largest base."""
    rounding_mode: str = ""
    """What explains `rounding`: item or line (how the shop rounds), currency, or cents (nothing in particular)."""
    platform_tax: Decimal
    mentions: tuple[str, ...] = ()
    """Keys of `mentions.MENTIONS`: legal texts that must be printed (exemption reason and the like)."""
    exchange: Exchange | None = None
    foreign: tuple[ForeignTax, ...] = ()
    foreign_tax: Decimal = Decimal(0)
    """The sum of `foreign`: paid by the buyer, outside `total`."""
    withholding: Decimal = Decimal(0)
    withholding_rate: Decimal | None = None
    outlays: Decimal = Decimal(0)
    advances: Decimal = Decimal(0)
    reasons: tuple[Because, ...] = ()

    @property
    def paid(self) -> Decimal:
        """The order's total as the buyer paid it, foreign tax included."""
        return self.total + self.foreign_tax

    @property
    def payable(self) -> Decimal:
        """«Total a pagar»: the order's total less what he keeps back or paid before, plus outlays (FAQ 20)."""
        return self.paid - self.withholding + self.outlays - self.advances


class Referred(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that another document is about; `invoice_id` is None for one that was issued elsewhere."""

    invoice_id: UUID | None = None
    nif: str
    num_serie: str
    issue_date: date


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts that a corrective invoice by substitution replaces (ImporteRectificacion)."""

    base: Decimal
    tax: Decimal
    surcharge: Decimal | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is to be issued, whole but for its number and its date.

    (`purpose`, `key`) makes it unique on its order: sale, addition, edit, refund, cancellation, recipient, exchange and
    exchange_reversal; staff when a person asked for it.
    """

    purpose: str = "sale"
    key: str = ""
    tipo: str
    method: str = ""
    """TipoRectificativa of R1 to R5: I by differences, S by substitution."""
    cause: str = ""
    """Why it corrects, a key of `causes.CAUSES`."""
    note_for_buyer: str = ""
    """What staff wrote as the cause, printed beside it."""
    rectifies: tuple[Referred, ...] = ()
    substitutes: tuple[Referred, ...] = ()
    """The simplified invoices that an exchange stands for."""
    replaced: Replaced | None = None
    recipient: Party | None = None
    qualified: bool = False
    """A simplified invoice with its recipient (RD 1619/2012 art. 7.2 and 7.3), registered as F1."""
    email: str = ""
    language: str = "es"
    priced: Priced
    operation_date: date | None = None
    """The day of payment in the issuer's zone; it is shown when it is not the day of issue."""
    note: str = ""
    """Why this document, for staff, in Spanish."""


class PrintedParty(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    tax_id: str = ""
    address: tuple[str, ...] = ()
    email: str = ""


class PrintedReference(msgspec.Struct, frozen=True, kw_only=True):
    """Another invoice that this one corrects or stands in the place of."""

    number: str
    issue_date: date


class Deduction(msgspec.Struct, frozen=True, kw_only=True):
    """Something between the invoice's total and what is to be paid; `amount` with its sign there."""

    kind: str
    """withholding (IRPF), outlay (suplido) or advance."""
    amount: Decimal
    rate: Decimal | None = None
    description: str = ""


class Letterhead(msgspec.Struct, frozen=True, kw_only=True):
    """How a company's documents look."""

    accent: str = "#0b6b5d"
    """A colour, #rrggbb."""
    logo: bytes = b""
    """As `invoicing/pdf/logo.py` keeps it: a PNG or an SVG of plain paths."""
    footer: tuple[str, ...] = ()
    iban: str = ""
    bank: str = ""
    """Whose account it is, or at which bank: a line for people."""


class PrintedInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """Plain values that fill the invoice's page; it needs no database, no network and no file."""

    title: str
    """In Spanish, always; the page says it in `language` too."""
    number: str
    series: str
    tipo: str
    issue_date: date
    operation_date: date | None = None
    issuer: PrintedParty
    recipient: PrintedParty | None = None
    order_number: str = ""
    lines: tuple[PricedLine, ...]
    shares: tuple[TaxShare, ...]
    tax_total: Decimal
    total: Decimal
    mentions: tuple[str, ...] = ()
    qr_url: str
    environment: str
    """simulator, test or production; anything but production prints a watermark."""
    language: str = "es"
    method: str = ""
    """Of a correction: I (by differences) or S (by substitution)."""
    cause: str = ""
    references: tuple[PrintedReference, ...] = ()
    replaced: Replaced | None = None
    qualified: bool = False
    """A simplified invoice that names its recipient (RD 1619/2012, art. 7.2 and 7.3)."""
    deductions: tuple[Deduction, ...] = ()
    foreign: tuple[ForeignTax, ...] = ()
    exchange: Exchange | None = None
    duplicate: bool = False
    letterhead: Letterhead = Letterhead()
    issued_at: datetime | None = None
    record_xml: str = ""
    """The invoice's record exactly as it is stored and sent; attached to the PDF."""
