"""The link of a request: signed, for that request alone, and of use until it expires."""

from datetime import datetime
from urllib.parse import urljoin
from uuid import UUID

import msgspec
from django.conf import settings
from django.core import signing
from django.urls import reverse

from invoicing.models import CustomerRequest

SALT = "invoicing.customers"


class Held(msgspec.Struct, frozen=True, rename={"request": "r", "until": "u"}):
    """What a link holds under its signature."""

    request: UUID
    until: datetime


class NotALink(ValueError):
    """The text was not signed here, or not for this."""


def address(request: CustomerRequest) -> str:
    """Return the whole address to be sent to the buyer."""
    return urljoin(settings.PUBLIC_URL, reverse("customer", args=[signed(request)]))


def signed(request: CustomerRequest) -> str:
    """Return the signed part of the link."""
    held = Held(request.pk, request.expires_at)
    return signing.dumps(msgspec.to_builtins(held), salt=SALT, compress=True)


def read(text: str) -> Held:
    """Return what a link holds.

    :raises NotALink: when it was changed, or signed for something else.
    """
    try:
        return msgspec.convert(signing.loads(text, salt=SALT), Held)
    except (signing.BadSignature, msgspec.ValidationError) as error:
        raise NotALink(NotALink.__doc__) from error
