"""Invoices made by hand: the delivery holds the draft as it was issued, in the form that all others are read into.

No request from outside brings one: it has no door and no secret (invoicing/drafting.py).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from invoicing.storefronts.contract import Identity, ReaderSettings, Unreadable
from invoicing.values import OrderContent, Reading
from workflows.encoding import EncodingError, decode

NAME = "manual"
TOPIC = "draft"


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a draft's delivery holds."""

    written_at: datetime
    content: OrderContent


def authentic(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Tell that nothing from outside is authentic."""
    return False


def identity(body: bytes, headers: Mapping[str, str]) -> Identity:
    """Return the body's digest as its identity; a draft that is issued brings its own."""
    return Identity(delivery_key=f"body:{hashlib.sha256(body).hexdigest()}", topic=TOPIC)


def ping(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell that there is no trial request."""
    return False


def read(body: bytes, topic: str, keys: ReaderSettings) -> Reading:
    """Return the order version in the body.

    :raises Unreadable: when the body is not what `Written` says.
    """
    try:
        written: Written = decode(body.decode(), Written)
    except (EncodingError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error
    return Reading(external_id=written.content.external_id, updated_at=written.written_at, content=written.content)
