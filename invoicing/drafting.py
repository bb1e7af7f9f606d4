"""From a draft to an invoice: what it would become, then the ordinary way, once.

Issuing stores the draft's content as a delivery of the company's manual connection, in the transaction that marks the
draft: capture, policy, figures, series and record are those of every other order.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django.db import transaction

from invoicing import nif, policy
from invoicing.deciding import company_policy
from invoicing.intake import receive
from invoicing.knowing import known, tax_policy
from invoicing.models import Company, Connection, Draft, DraftLine, Invoice, Order
from invoicing.pdf.formats import clean
from invoicing.policy import ConnectionPolicy, Decision
from invoicing.storefronts import manual
from invoicing.storefronts.contract import Identity
from invoicing.values import Address, DeclaredTax, LineKind, OrderContent, OrderLine, Party
from workflows.encoding import encode

CONNECTION = "Facturas a mano"
CENT = Decimal("0.01")
NOON = time(12)
RULE = "rule"
"""The tax of a line that bears none for where it goes and whose it is: export, or a company of another member state."""


class NothingToIssue(ValueError):
    """The draft has no lines; write what is invoiced first."""


class ChangedSince(Exception):
    """The draft is not what was shown any more; look at it again."""


@dataclass(frozen=True)
class Preview:
    """What a draft would become now: a document or the hold that would come, and the mark of what was looked at."""

    content: OrderContent
    decision: Decision
    mark: str


def preview(draft: Draft, *, now: datetime) -> Preview:
    """Return what issuing the draft now would come to; nothing is written.

    :raises NothingToIssue: when it has no lines.
    """
    company = Company.objects.select_related("taxpayer").get(pk=draft.company_id)
    content = content_of(draft, list(draft.lines.all()), zone=company.zone, now=now)
    decision = policy.decide(
        content,
        company=company_policy(company),
        connection=ConnectionPolicy(invoice_from=now - timedelta(days=1)),
        issued=None,
        today=now.astimezone(ZoneInfo(company.zone)).date(),
        taxes=tax_policy(company, None),
        known=known(company, Connection(), content, (), now=now),
    )
    return Preview(content, decision, mark_of(draft))


def issue(draft: Draft, *, mark: str, actor: str, now: datetime) -> bool:
    """Send the draft the ordinary way; return False when it was issued before, which then stands.

    :raises ChangedSince: when it is not what `mark` says was looked at.
    :raises NothingToIssue: when it has no lines.
    """
    with transaction.atomic():
        locked = Draft.objects.select_for_update(no_key=True).get(pk=draft.pk)
        if locked.delivery_id:
            return False
        if mark_of(locked) != mark:
            raise ChangedSince(ChangedSince.__doc__)
        company = Company.objects.get(pk=locked.company_id)
        content = content_of(locked, list(locked.lines.all()), zone=company.zone, now=now)
        body = encode(manual.Written(written_at=now, content=content)).encode()
        identity = Identity(delivery_key=f"draft:{locked.pk}", topic=manual.TOPIC)
        received = receive(_connection(company, now), body=body, headers={}, identity=identity, now=now)
        locked.delivery_id, locked.issued_at, locked.issued_by = received.delivery_id, now, actor
        locked.save(update_fields=["delivery", "issued_at", "issued_by"])
    return True


def order_of(draft: Draft) -> Order | None:
    """Return the order that an issued draft became, None until it is read."""
    if draft.delivery_id is None:
        return None
    return Order.objects.filter(connection__platform=manual.NAME, external_id=_identity(draft)).first()


def invoice_of(draft: Draft) -> Invoice | None:
    """Return the invoice that an issued draft became, None while there is none."""
    order = order_of(draft)
    return Invoice.objects.filter(order=order, purpose="sale").first() if order else None


def mark_of(draft: Draft) -> str:
    """Return a digest of everything in the draft that reaches the invoice."""
    own = [getattr(draft, field.attname) for field in Draft._meta.concrete_fields if field.name != "notes"]
    lines = [[getattr(line, field.attname) for field in DraftLine._meta.concrete_fields] for line in draft.lines.all()]
    return hashlib.sha256(repr([own, lines]).encode()).hexdigest()


def content_of(draft: Draft, lines: Sequence[DraftLine], *, zone: str, now: datetime) -> OrderContent:
    """Return the draft as an order that is paid and placed now, its total by the rule that prices orders.

    :raises NothingToIssue: when there are no lines.
    """
    if not lines:
        raise NothingToIssue(NothingToIssue.__doc__)
    priced = tuple(_line(line) for line in lines)
    buyer = _buyer(draft)
    day = draft.operation_date
    return OrderContent(
        platform=manual.NAME,
        external_id=_identity(draft),
        number=clean(str(draft)),
        currency="EUR",
        prices_include_tax=draft.prices_include_tax,
        total=total_of(priced, inclusive=draft.prices_include_tax),
        total_tax=None,
        paid=True,
        paid_at=datetime.combine(day, NOON, ZoneInfo(zone)) if day else None,
        placed_at=now,
        buyer=buyer,
        ship_to=buyer.address,
        lines=priced,
        language=draft.language,
    )


def total_of(lines: Sequence[OrderLine], *, inclusive: bool) -> Decimal:
    """Return what the lines cost with tax: summed by rate, then taxed, as `money.price` does."""
    if inclusive:
        return sum((line.amount for line in lines), Decimal(0))
    bases: dict[tuple[Decimal, ...], Decimal] = {}
    for line in lines:
        rates = tuple(tax.rate for tax in line.taxes)
        bases[rates] = bases.get(rates, Decimal(0)) + line.amount
    return sum((base + sum((_cents(base * rate / 100) for rate in rates), Decimal(0)) for rates, base in bases.items()),
               Decimal(0))  # fmt: skip


def taxes_of(code: str) -> tuple[tuple[DeclaredTax, ...], str]:
    """Return the taxes that a line's choice means, or why there is none; by `RULE` neither.

    >>> taxes_of("E1")
    ((), 'E1')
    """
    if code[:1].isdigit():
        return tuple(DeclaredTax(rate=Decimal(rate)) for rate in code.split("+")), ""
    return (), "" if code == RULE else code


def _line(line: DraftLine) -> OrderLine:
    taxes, because = taxes_of(line.tax)
    return OrderLine(
        kind=LineKind(line.kind),
        description=clean(line.description),
        quantity=line.quantity.normalize() + 0,
        unit_price=line.unit_price.normalize() + 0,
        discount=line.discount,
        amount=_cents(line.quantity * line.unit_price - line.discount),
        taxes=taxes,
        external_id=str(line.pk),
        untaxed_because=because,
    )


def _buyer(draft: Draft) -> Party:
    number, name = nif.normalise(draft.buyer_nif), clean(draft.buyer_name)
    person = not number or nif.natural_person(number)
    return Party(
        name=name if person else "",
        company="" if person else name,
        tax_id=number,
        tax_id_as_given=clean(draft.buyer_nif),
        email=draft.buyer_email,
        address=Address(
            lines=tuple(filter(None, [clean(draft.street)])),
            postal_code=clean(draft.postal_code),
            city=clean(draft.city),
            province=clean(draft.province),
            country=draft.country.upper(),
        ),
    )


def _connection(company: Company, now: datetime) -> Connection:
    """Return the company's connection for what is made by hand; the first draft makes it."""
    found, _ = Connection.objects.get_or_create(
        company=company,
        platform=manual.NAME,
        name=CONNECTION,
        defaults={"invoice_from": now - timedelta(days=1), "settle_seconds": 0},
    )
    return found


def _identity(draft: Draft) -> str:
    return f"draft-{draft.pk}"


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
