"""Who asks to forget somebody, or what is held on them: a shop by its compliance topics, a person by hand."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from common.ids import uuid7
from invoicing.models import Company, Connection, Delivery, PrivacyRequest
from invoicing.privacy import finding
from invoicing.privacy.finding import FIRST, Subject
from invoicing.privacy.redacting import Why, redact_delivery, redact_order
from invoicing.privacy.requests import Passed, RequestRef, counted, privacy_request
from invoicing.states import REQUEST_MOVES
from invoicing.storefronts import shopify_privacy
from invoicing.storefronts.shopify_privacy import Asked
from workflows.encoding import encode
from workflows.engine import trigger

BY_SHOPIFY = "Shopify"


class AnotherShop(Exception):
    """This request speaks of another shop than the connection is of: put the address right in the app's settings."""


def ask_by_shop(delivery: Delivery, *, now: datetime) -> PrivacyRequest | None:
    """Open the request that a delivery holds, once; None for a delivery of any other topic.

    :raises Unreadable: when the body is not what the platform documents.
    :raises AnotherShop: when it speaks of another shop.
    """
    if delivery.connection.platform != Connection.Platform.SHOPIFY or delivery.topic not in shopify_privacy.KINDS:
        return None
    known: PrivacyRequest | None = PrivacyRequest.objects.filter(delivery=delivery).first()
    if known or delivery.redacted:
        return known
    asked = shopify_privacy.asked(bytes(delivery.body), delivery.topic)
    if asked is None:
        return None
    _same_shop(delivery, asked)
    subject = Subject(orders=asked.orders, email=asked.email, search=asked.kind == PrivacyRequest.Kind.EXPORT)
    return _open(
        PrivacyRequest(
            company_id=delivery.company_id, connection_id=delivery.connection_id, delivery=delivery, kind=asked.kind,
            reference=asked.reference[:60], asked_by=BY_SHOPIFY, reason=delivery.topic,
            received_at=delivery.received_at,
        ),
        subject, now=now,
    )  # fmt: skip


def ask_by_hand(
    company: Company, *, kind: str, orders: Iterable[str] = (), email: str = "", connection: Connection | None = None,
    asked_by: str, reason: str, now: datetime,
) -> PrivacyRequest:  # fmt: skip
    """Open a request for one customer (by e-mail address) or for orders (by number or the shop's identity)."""
    request = PrivacyRequest(
        company=company, connection=connection, kind=kind, asked_by=asked_by[:150], reason=reason[:300],
        received_at=now,
    )  # fmt: skip
    return _open(request, Subject(orders=tuple(orders), email=email.strip()), now=now)


def preview(
    company: Company, *, orders: Iterable[str] = (), email: str = "", why: Why, now: datetime
) -> Passed:  # fmt: skip
    """Return what forgetting these would come to; it is done whole, in a transaction that is rolled back."""
    subject = Subject(orders=tuple(orders), email=email.strip())
    passed = Passed()
    with transaction.atomic():
        request = PrivacyRequest(
            id=uuid7(), company=company, kind=PrivacyRequest.Kind.REDACT, asked_by=why.by[:150],
            reason=why.reason[:300], received_at=now, due_at=now,
        )  # fmt: skip
        request.save()
        finding.named(request, subject)
        for find in (finding.orders_of, finding.deliveries_of) if subject.email else ():
            after: UUID | None = FIRST
            while after is not None:
                after = find(request, subject, after)
        for item in request.items.order_by("order_id"):
            if item.order_id:
                done = redact_order(item.order_id, why=why, now=now, spare_versions=True)
                passed = passed.plus(counted(done.outcome, done.kept_until))
            elif item.delivery_id:
                passed = passed.plus(counted(redact_delivery(item.delivery_id, why=why, now=now), None))
        transaction.set_rollback(True)
    return passed


def handed_over(request: PrivacyRequest, *, by: str, now: datetime) -> bool:
    """Note that a person handed over what is held; return whether that was still to be done."""
    moved = PrivacyRequest.objects.filter(pk=request.pk, state="ready").update(
        state=REQUEST_MOVES.target("finish"), finished_at=now, finished_by=by[:150]
    )
    return bool(moved)


def _open(request: PrivacyRequest, subject: Subject, *, now: datetime) -> PrivacyRequest:
    request.id = uuid7()
    request.due_at = request.received_at + PrivacyRequest.ANSWERED_WITHIN
    request.subject = encode(subject)
    with transaction.atomic():
        request.save()
        ref = RequestRef(request.company_id, request.pk)
        trigger(privacy_request, ref, now=now, actor=request.asked_by[:120])
    return request


def _same_shop(delivery: Delivery, asked: Asked) -> None:
    """Hold a request against the shop that the connection's orders come from, or its address where none came yet."""
    came_from = (
        Delivery.objects.filter(connection=delivery.connection, headers__has_key="x-shopify-shop-domain")
        .exclude(topic__in=shopify_privacy.KINDS)
        .order_by("-id")
        .values_list("headers", flat=True)
        .first()
    )
    ours = str(came_from["x-shopify-shop-domain"]) if came_from else urlsplit(delivery.connection.shop_url).hostname
    if ours and ours.lower() != asked.shop_domain:
        raise AnotherShop(f"{AnotherShop.__doc__} ({asked.shop_domain}, {ours})")
