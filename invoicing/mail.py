"""The letter that carries the invoice, and where letters go."""

import re
import secrets
from collections.abc import Sequence
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.template.loader import render_to_string

from invoicing.letters import HOUSE, TRIAL, Words, filled, kind_of, language_of
from invoicing.pdf.formats import clean
from invoicing.values import PrintedInvoice
from workflows.errors import Abort

SMTP_TIMEOUT = 30
"""Seconds that the mail server has for each answer; Django's own default is to wait for ever."""

INVOICE_HEADER = "X-Invoice"
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


class BadRecipient(Abort):
    """The recipient's address is not one that mail can be sent to; correct it and resend."""


def letter(
    *,
    printed: PrintedInvoice,
    pdf: bytes,
    to: str,
    company_name: str,
    from_email: str,
    message_id: str,
    words: Words | None = None,
) -> EmailMessage:
    """Return the mail with the invoice attached, in the invoice's language, ready for `send`.

    `words` are the company's own, of this kind of document and language. The customer sees `company_name` as the
    sender, at the address of `from_email`. Control characters in names and numbers become spaces, so that no text from
    a shop can begin a header of its own.

    :raises BadRecipient: when `to` is not exactly one address.
    """
    language = language_of(printed)
    said = filled(words or HOUSE[kind_of(printed), language], printed, company_name)
    mark, warning = TRIAL[language] if printed.environment != "production" else ("", "")
    name = file_name(printed.number)
    values = {
        "language": language,
        "subject": said.subject,
        "paragraphs": [paragraph.split("\n") for paragraph in said.body.strip().split("\n\n")],
        "warning": warning,
    }
    message = EmailMultiAlternatives(
        subject=f"{mark} {said.subject}" if mark else said.subject,
        body=f"{warning}\n\n{said.body}" if warning else said.body,
        from_email=formataddr((clean(company_name), parseaddr(from_email)[1])),
        to=[one_address(to)],
        headers={
            "Message-ID": message_id,
            # RFC 3834: no out-of-office answers to a machine.
            "Auto-Submitted": "auto-generated",
            # By which a letter that went to a file tells whose it is after a restore (invoicing/evidence.py).
            INVOICE_HEADER: f"{clean(printed.issuer.tax_id)} {clean(printed.number)}",
        },
    )
    message.attach_alternative(render_to_string("mail/invoice.html", values), "text/html")
    message.attach(name, pdf, "application/pdf")
    return message


def send(message: EmailMessage) -> None:
    """Hand the message to the configured mail backend; its errors are the caller's to retry."""
    message.send(fail_silently=False)


def message_id(identity: UUID, from_email: str, kind: str = "invoice") -> str:
    """Return the one Message-ID under which this invoice (export, report) is mailed, however often."""
    domain = parseaddr(from_email)[1].rpartition("@")[2] or "localhost"
    return f"<{kind}.{identity}@{domain.encode('idna').decode()}>"


def file_name(number: str) -> str:
    """Return a name for the PDF that every system accepts: `FAC/2026 7` becomes `factura-FAC-2026-7.pdf`."""
    return f"factura-{re.sub(r'[^A-Za-z0-9_]+', '-', number).strip('-')[:80]}.pdf"


def email_settings(url: str, data_dir: Path) -> dict[str, Any]:
    """Return Django's mail settings for EMAIL_URL; without one, letters become files in `data_dir`/mail.

    `smtp://host:25` speaks in clear, `smtp+tls://user:password@host:587` begins in clear and must upgrade (STARTTLS),
    `smtps://user:password@host:465` is TLS from the first byte. User and password are percent-encoded; the ports shown
    are the ones used when none is given.

    :raises ImproperlyConfigured: for anything else. The message never holds the address, for it has the password in it.
    """
    if not url:
        return {"EMAIL_BACKEND": "invoicing.mail.FileBackend", "EMAIL_FILE_PATH": data_dir / "mail"}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("its host or port cannot be read") from None
    if parts.scheme not in _PORTS:
        raise _refused("it begins with none of smtp://, smtp+tls:// and smtps://")
    if not parts.hostname:
        raise _refused("it names no host")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _refused("there is text after host and port; a /, ? or # in the password is written %2F, %3F or %23")
    if bool(parts.username) != bool(parts.password):
        raise _refused("user and password go together")
    if port == 0:
        raise _refused("port 0 is no port")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or _PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": SMTP_TIMEOUT,
    }


class FileBackend(BaseEmailBackend):
    """Writes each letter to a file of its own, `.eml`, which every mail program opens.

    A letter that is sent twice leaves two files, so that nothing is hidden.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)  # type: ignore[misc] # email_settings sets it
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            name = re.sub(r"[^A-Za-z0-9.-]+", "_", str(message.extra_headers.get("Message-ID", "letter"))).strip("_")
            part = folder / f".{name}.{secrets.token_hex(4)}"
            part.write_bytes(message.message().as_bytes())
            part.rename(folder / f"{part.name[1:]}.eml")
        return len(email_messages)


def one_address(text: str) -> str:
    """Return `text` when it is one bare address; a list or a header smuggled into it is neither.

    :raises BadRecipient: when it is not.
    """
    try:
        validate_email(text)
    except ValidationError:
        raise BadRecipient(BadRecipient.__doc__) from None
    return text


def _refused(reason: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"EMAIL_URL: {reason}")
