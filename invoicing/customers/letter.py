"""The letter that asks a buyer, in the buyer's language."""

from datetime import datetime
from email.utils import formataddr, parseaddr
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string

from invoicing.customers.links import address
from invoicing.customers.words import Words
from invoicing.mail import one_address
from invoicing.models import CustomerRequest
from invoicing.pdf.formats import clean, day, euros


def question_letter(request: CustomerRequest, *, message_id: str) -> EmailMessage:
    """Return the mail with the link; answers to it go to the company, where it gave an address.

    :raises BadRecipient: when the request's address is not exactly one.
    """
    words, company, order = Words(request.language), request.company, request.order
    name = clean(company.taxpayer.name)
    total = euros(order.total, words.language) if order.total else "—"
    facts = {"order": clean(str(order)), "company": name, "total": total}
    values = {
        "language": words.language,
        "hello": words.say("hello_name", name=clean(order.buyer)) if order.buyer else words["hello"],
        "thanks": words.say("thanks_for", **facts),
        "why": words[f"why_{request.code}"],
        "button": words["open_link"],
        "until": words.say("link_until", until=local_day(request.expires_at, company.zone, words.language)),
        "not_you": words["not_you"],
        "test": "" if settings.AEAT_ENVIRONMENT == "production" else words["test"],
        "company": name,
        "url": address(request),
    }
    message = EmailMultiAlternatives(
        subject=words.say("subject", order=facts["order"]),
        body=render_to_string("mail/question.txt", values),
        from_email=formataddr((name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[one_address(request.email)],
        reply_to=[company.email] if company.email else None,
        # RFC 3834: no out-of-office answers to a machine.
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("mail/question.html", values), "text/html")
    return message


def local_day(moment: datetime, zone: str, language: str) -> str:
    """Return the day of a moment where the company is, as readers of the language write it."""
    return day(moment.astimezone(ZoneInfo(zone)).date(), language)
