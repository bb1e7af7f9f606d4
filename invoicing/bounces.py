"""Letters that came back: delivery status notifications (RFC 3464) read and kept beside their invoices."""

import email
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage, Message
from email.policy import default
from uuid import UUID

import msgspec

from invoicing.models import Bounce, Invoice

LARGEST_REPORT = 5 * 1024 * 1024
"""Bytes: a report that brings the whole letter back, with its PDF."""
_OURS = re.compile(r"<invoice\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>\s]+>")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class NoReport(Exception):
    """This message is no delivery status notification about an invoice of this installation."""


class Trouble(msgspec.Struct, frozen=True):
    """What a report says of one recipient."""

    recipient: str
    action: str
    status: str
    diagnostic: str


def keep(raw: bytes, *, now: datetime) -> list[Bounce]:
    """Keep what a report says; an empty list when all of it was known already.

    :raises NoReport: for every other message. Nothing is kept of it.
    """
    if len(raw) > LARGEST_REPORT:
        raise NoReport("larger than any report")
    message = email.message_from_bytes(raw, policy=default)
    invoice = Invoice.objects.filter(pk=_identity(message)).first()
    if invoice is None:
        raise NoReport("its invoice is not here")
    troubles = list(_troubles(message))
    if not troubles:
        raise NoReport("it reports no failure and no delay")
    digest = hashlib.sha256(raw).hexdigest()
    kept = []
    for trouble in troubles:
        found = {"report_sha256": digest, "invoice": invoice, "recipient": trouble.recipient}
        if not Bounce.objects.filter(**found).exists():
            bounce = Bounce(
                **found,
                action=trouble.action,
                status=trouble.status,
                diagnostic=trouble.diagnostic,
                received_at=now,
            )
            bounce.save()
            kept.append(bounce)
    return kept


def _identity(message: EmailMessage | Message) -> UUID:
    """Return the invoice whose letter the report is about, by the Message-ID of what it brings back."""
    if message.get_content_type() != "multipart/report":
        raise NoReport("not a multipart/report")
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            headers = text.decode("utf-8", "replace") if isinstance(text, bytes) else ""
        elif part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0)  # type: ignore[arg-type,call-overload,unused-ignore]
            headers = f"Message-ID: {inner['Message-ID']}" if isinstance(inner, Message) else ""
        else:
            continue
        if found := re.search(rf"(?im)^Message-ID:\s*{_OURS.pattern}", headers):
            return UUID(found[1])
    raise NoReport("it does not bring back a letter of ours")


def _troubles(message: EmailMessage | Message) -> Iterator[Trouble]:
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for fields in part.get_payload():  # type: ignore[union-attr,unused-ignore]
            action = str(fields.get("Action", "")).strip().lower()  # type: ignore[union-attr,unused-ignore]
            if action not in Bounce.Action.values:
                continue
            status = _STATUS.search(str(fields.get("Status", "")))  # type: ignore[union-attr,unused-ignore]
            yield Trouble(
                recipient=_address(fields),
                action=action,
                status=status[0] if status else "",
                diagnostic=_said(fields.get("Diagnostic-Code")),  # type: ignore[union-attr,unused-ignore]
            )


def _address(fields: object) -> str:
    """Return whom the letter was for, as we wrote it where the server remembers."""
    for name in ("Original-Recipient", "Final-Recipient"):
        value = str(fields.get(name) or "")  # type: ignore[attr-defined]
        if value:
            return value.rpartition(";")[2].strip()[:254]
    return ""


def _said(value: object) -> str:
    """Return the server's words on one line, without the type that stands before them."""
    text = " ".join(str(value or "").split())
    return re.sub(r"^(smtp|x-[\w-]+)\s*;\s*", "", text, flags=re.IGNORECASE)[:500]
