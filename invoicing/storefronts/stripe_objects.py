"""Stripe's objects: invoice, Checkout session, credit note and refund read into our values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from invoicing import nif
from invoicing.storefronts.contract import ReaderSettings
from invoicing.storefronts.parts import ratio
from invoicing.storefronts.payload import Node, named
from invoicing.storefronts.stripe_taxes import (
    NOTHING,
    Rates,
    amount_of,
    declared,
    discount_of,
    holds_tax,
    likely_in,
    moment_of,
    rate_between,
    reference,
    taxes_of,
    there,
    units,
)
from invoicing.values import Address, DeclaredTax, LineKind, OrderContent, OrderLine, Party, Refund

PLATFORM = "stripe"
TAX_IDS = ("es_cif", "eu_vat")
EXEMPT = {"reverse": "reverse_charge", "exempt": "customer_exempt"}
"""The customer's `tax_exempt` -> the `taxability_reason` that it leads to."""
NOT_GIVEN_BACK = ("failed", "canceled", "requires_action")
SHIPPING = "shipping"


@dataclass(frozen=True)
class Around:
    """What the client fetched besides the invoice or session itself."""

    credit_notes: Sequence[Node] = ()
    refunds: Sequence[Node] = ()
    rates: Mapping[str, Node] = field(default_factory=dict)


def invoice(found: Node, lines: Sequence[Node], around: Around, keys: ReaderSettings) -> OrderContent:
    """Read an invoice with all its lines."""
    money, status = found["currency"], found["status"].text()
    gross = holds_tax(lines)
    why = EXEMPT.get(found["customer_tax_exempt"].text(), "")
    shipped = bool(found["shipping_cost"])
    kind = LineKind.GOODS if shipped else LineKind.SERVICE
    rates = rates_of(found, around)
    sold = [_line(line, kind, money, rates, gross=gross, why=why) for line in lines]
    sold += _shipping(found["shipping_cost"], money, rates, gross=gross, why=why)
    number = found["number"].text()
    told = _told(found, ((field["name"], field["value"]) for field in found["custom_fields"]))
    taxes = [units(tax["amount"], money) for tax in taxes_of(found, "total_")]
    received = units(found["amount_paid"], money)
    return OrderContent(
        platform=PLATFORM,
        external_id=found["id"].key(),
        number=number or found["id"].key(),
        currency=money.text().upper(),
        prices_include_tax=gross,
        total=units(there(found["total"]), money),
        total_tax=sum(taxes, NOTHING) if taxes else units(found["tax"], money),
        paid=status == "paid",
        paid_at=found["status_transitions"]["paid_at"].epoch() if status == "paid" else None,
        partially_paid=status == "open" and received > 0,
        advances=received if status == "open" else NOTHING,
        cancelled=status in ("void", "uncollectible"),
        test=not found["livemode"].flag(),
        placed_at=moment_of(found["created"]),
        buyer=_buyer(
            name=found["customer_name"],
            company=Node(None),
            email=found["customer_email"],
            address=found["customer_address"],
            tax_ids=found["customer_tax_ids"],
            told=told,
            keys=keys,
        ),
        ship_to=_address((found["shipping_details"] or found["customer_shipping"])["address"]),
        lines=tuple(sold),
        refunds=tuple(_refunds(around, {line.external_id: line for line in sold}, rates, gross=gross)),
        language=next((each.text()[:2].lower() for each in found["customer_preferred_locales"]), ""),
        invoiced_elsewhere=number,
    )


def rates_of(invoice: Node, around: Around) -> Rates:
    """Return what tells the rates of an invoice: a buyer abroad may be charged those of there."""
    shipped = (invoice["shipping_details"] or invoice["customer_shipping"])["address"]
    return Rates(around.rates, likely_in((shipped or invoice["customer_address"])["country"].text()))


def session(found: Node, lines: Sequence[Node], around: Around, keys: ReaderSettings) -> OrderContent:
    """Read a Checkout session that makes no invoice, with all its lines."""
    money, details, sums = found["currency"], found["customer_details"], found["total_details"]
    paid = found["payment_status"].text() in ("paid", "no_payment_required")
    total, tax = units(there(found["amount_total"]), money), units(sums["amount_tax"], money)
    gross = not tax or holds_tax(lines) or _adds_up_without_tax(lines, money)
    why = EXEMPT.get(details["tax_exempt"].text(), "")
    shipping = (found["collected_information"]["shipping_details"] or found["shipping_details"])["address"]
    kind = LineKind.GOODS if shipping or found["shipping_cost"] else LineKind.SERVICE
    rates = Rates(around.rates, likely_in((shipping or details["address"])["country"].text()))
    sold = [_sold(line, kind, money, rates, gross=gross, why=why) for line in lines]
    sold += _shipping(found["shipping_cost"], money, rates, gross=gross, why=why)
    told = _told(found, ((field["key"], field[field["type"].text()]["value"]) for field in found["custom_fields"]))
    intent = found["payment_intent"]
    charged = intent["latest_charge"] if isinstance(intent.value, dict) else Node(None)
    locale = found["locale"].text()
    return OrderContent(
        platform=PLATFORM,
        external_id=found["id"].key(),
        number=found["client_reference_id"].text() or found["id"].key(),
        currency=money.text().upper(),
        prices_include_tax=gross,
        total=total,
        total_tax=tax,
        paid=paid,
        paid_at=charged["created"].epoch() if paid and isinstance(charged.value, dict) else None,
        cancelled=found["status"].text() == "expired",
        test=not found["livemode"].flag(),
        placed_at=moment_of(found["created"]),
        buyer=_buyer(
            name=details["individual_name"] or details["name"],
            company=details["business_name"],
            email=details["email"] or found["customer_email"],
            address=details["address"],
            tax_ids=details["tax_ids"],
            told=told,
            keys=keys,
        ),
        ship_to=_address(shipping),
        lines=tuple(sold),
        refunds=tuple(_refunds(around, {line.external_id: line for line in sold}, rates, gross=gross)),
        language="" if locale in ("", "auto") else locale[:2].lower(),
    )


def credit_note(note: Node, sold: Mapping[str, OrderLine], *, gross: bool, rates: Rates) -> Refund:
    """Read a credit note under the id of the one refund that it explains, else under its own."""
    money = note["currency"]
    given = [reference(each["refund"]) for each in note["refunds"] if each["refund"]]
    given = given or ([reference(note["refund"])] if note["refund"] else [])
    lines = []
    for line in note["lines"]["data"]:
        taxes, reason = declared(line, money, rates)
        amount = amount_of(line, money, gross=gross)
        quantity = line["quantity"].amount(Decimal(1))
        key = line["invoice_line_item"].text()
        before = sold.get(key)
        lines.append(
            OrderLine(
                kind=before.kind if before else LineKind.SERVICE,
                description=line["description"].text(),
                quantity=-quantity,
                unit_price=ratio(amount, quantity),
                amount=-amount,
                taxes=_negative(taxes),
                external_id=key,
                untaxed_because=reason or (before.untaxed_because if before else ""),
            )
        )
    for back in _shipping(note["shipping_cost"], money, rates, gross=gross, why=""):
        lines.append(
            OrderLine(
                kind=back.kind,
                description=back.description,
                quantity=Decimal(-1),
                unit_price=back.unit_price,
                amount=-back.amount,
                taxes=_negative(back.taxes),
                external_id=back.external_id,
            )
        )
    return Refund(
        external_id=given[0] if len(given) == 1 else note["id"].key(),
        total=-units(there(note["total"]), money),
        created_at=note["created"].epoch(),
        reason=note["memo"].text() or note["reason"].text(),
        lines=tuple(lines),
        detailed=not note["lines"]["has_more"].flag(),
    )


def _negative(taxes: Iterable[DeclaredTax]) -> tuple[DeclaredTax, ...]:
    return tuple(
        DeclaredTax(rate=tax.rate, amount=None if tax.amount is None else -tax.amount, title=tax.title) for tax in taxes
    )


def _refunds(around: Around, sold: Mapping[str, OrderLine], rates: Rates, *, gross: bool) -> list[Refund]:
    notes = [note for note in around.credit_notes if note["status"].text() != "void"]
    found = {
        refund.external_id: refund for refund in (credit_note(note, sold, gross=gross, rates=rates) for note in notes)
    }
    explained = {reference(each["refund"]) for note in notes for each in note["refunds"] if each["refund"]}
    explained |= found.keys()
    for refund in around.refunds:
        key = refund["id"].key()
        if key not in explained and refund["status"].text() not in NOT_GIVEN_BACK:
            found[key] = Refund(
                external_id=key,
                total=-units(there(refund["amount"]), refund["currency"]),
                created_at=refund["created"].epoch(),
                reason=refund["reason"].text(),
            )
    return list(found.values())


def _line(line: Node, kind: LineKind, money: Node, rates: Rates, *, gross: bool, why: str) -> OrderLine:
    """Read an invoice's line: `amount` is before discounts."""
    amount, quantity = amount_of(line, money, gross=gross), line["quantity"].amount(Decimal(1))
    discount = discount_of(line, money)
    taxes, reason = declared(line, money, rates)
    return OrderLine(
        kind=kind,
        description=line["description"].text(),
        quantity=quantity,
        unit_price=ratio(amount + discount, quantity),
        discount=discount,
        amount=amount,
        taxes=taxes,
        external_id=line["id"].key(),
        untaxed_because="" if taxes else reason or why,
    )


def _sold(line: Node, kind: LineKind, money: Node, rates: Rates, *, gross: bool, why: str) -> OrderLine:
    """Read a session's line: `amount_total` is after discounts and holds the tax."""
    tax, quantity = units(line["amount_tax"], money), line["quantity"].amount(Decimal(1))
    amount = units(there(line["amount_total"]), money) - (NOTHING if gross else tax)
    discount = units(line["amount_discount"], money)
    taxes, reason = declared(line, money, rates)
    if not taxes and tax:
        net = units(line["amount_total"], money) - tax
        taxes = (DeclaredTax(rate=rate_between(tax, net, rates.likely), amount=tax),)
    return OrderLine(
        kind=kind,
        description=line["description"].text(),
        quantity=quantity,
        unit_price=ratio(amount + discount, quantity),
        discount=discount,
        amount=amount,
        taxes=taxes,
        external_id=line["id"].key(),
        untaxed_because="" if taxes else reason or why,
    )


def _adds_up_without_tax(lines: Iterable[Node], money: Node) -> bool:
    """Tell whether a session's lines held their tax from the start, where no tax says so."""
    return all(
        units(line["amount_subtotal"], money) - units(line["amount_discount"], money)
        == units(line["amount_total"], money)
        for line in lines
    )


def _shipping(cost: Node, money: Node, rates: Rates, *, gross: bool, why: str) -> list[OrderLine]:
    total, tax = units(cost["amount_total"], money), units(cost["amount_tax"], money)
    if not total:
        return []
    taxes, reason = declared(cost, money, rates)
    if not taxes and tax:
        taxes = (DeclaredTax(rate=rate_between(tax, total - tax, rates.likely), amount=tax),)
    amount = total if gross else total - tax
    return [
        OrderLine(
            kind=LineKind.SHIPPING,
            description="Transporte",
            quantity=Decimal(1),
            unit_price=amount,
            amount=amount,
            taxes=taxes,
            external_id=SHIPPING,
            untaxed_because="" if taxes else reason or why,
        )
    ]


def _told(found: Node, fields: Iterable[tuple[Node, Node]]) -> list[tuple[str, str]]:
    """Return what the seller asked and noted: custom fields, then metadata."""
    pairs = [(name.scalar(), value.scalar()) for name, value in fields]
    return pairs + [(key, found["metadata"][key].scalar()) for key in found["metadata"].members()]


def _buyer(
    *,
    name: Node,
    company: Node,
    email: Node,
    address: Node,
    tax_ids: Node,
    told: list[tuple[str, str]],
    keys: ReaderSettings,
) -> Party:
    """Return the buyer; of several tax ids the Spanish one, then that of the EU. Stripe need not have checked any."""
    known = {each["type"].text(): each["value"].text() for each in tax_ids}
    given = next((known[kind] for kind in (*TAX_IDS, *known) if known.get(kind)), "") or named(told, keys.nif_keys)
    number = nif.normalise(given)
    firm = company.text() or named(told, keys.name_keys)
    if not firm and nif.judge(number) == nif.Verdict.VALID and not nif.natural_person(number):
        firm = name.text()  # Stripe has one field for both; the number tells which it is
    return Party(
        name="" if firm == name.text() else name.text(),
        company=firm,
        tax_id=number,
        tax_id_as_given=given,
        email=email.text(),
        address=_address(address),
    )


def _address(address: Node) -> Address:
    """Read an address; in Spain `state` is the province, by code or by name as the buyer's browser put it."""
    state = address["state"].text()
    short = len(state) <= 3
    return Address(
        lines=tuple(line for line in (address["line1"].text(), address["line2"].text()) if line),
        postal_code=address["postal_code"].text(),
        city=address["city"].text(),
        province="" if short else state,
        province_code=state.upper() if short else "",
        country=address["country"].text().upper(),
    )
