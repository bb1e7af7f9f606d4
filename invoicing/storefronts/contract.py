"""What every storefront module offers, and the values that pass through it.

A storefront reads what its platform documents and nothing more; it decides nothing (that is `invoicing.policy`).
Adding a shop is copying a neighbour and naming it in `PLATFORMS`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from invoicing.values import Reading

NIF_KEYS = (
    "nif", "nif/cif", "cif", "dni", "nif/dni", "dni/nif", "vat", "vat_number", "tax_id", "billing_nif", "billing_cif",
    "billing_dni", "billing_vat", "billing_vat_number", "billing_eu_vat_number", "eu_vat_number",
)  # fmt: skip
NAME_KEYS = ("razón social", "nombre fiscal", "billing_razon_social", "company_name")
PULLED = "pulled"
"""Topic of what our own client fetched and composed into one document: `{"pulled": "<platform>", "order": {...}, ...}`.
Each reader's docstring says what else its bundle holds."""
HINT = "hint"
"""Topic of a hint that a small module in the shop signs and sends, where the platform has no webhooks of its own:
`{"hint": "order", "id": "1001", "at": "2026-10-21T16:06:02Z"}`."""
INVOICE_NUMBER_KEYS = (
    "_wcpdf_invoice_number", "_wpo_wcpdf_invoice_number", "_bewpi_invoice_number", "_ywpi_invoice_number",
    "wf_invoice_number",
)  # fmt: skip


class Unreadable(ValueError):
    """This body is not what the platform documents. Look at the stored delivery; send it again once it is right.

    `pointer` is the JSON pointer (RFC 6901) of the value that is wrong, empty when the whole body is.
    """

    def __init__(self, reason: str, pointer: str = "") -> None:
        super().__init__(f"{pointer}: {reason}" if pointer else reason)
        self.reason = reason
        self.pointer = pointer


class CannotJudge(Exception):
    """The platform's public key is out of reach, so its signature cannot be judged. Answer 503: it sends again."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What tells one delivery from another.

    `delivery_key` is unique per delivery and unchanged when the platform repeats it; `event_key` joins deliveries of
    one action, empty where the platform has no such thing; `triggered_at` is the platform's own moment, if it says.
    """

    delivery_key: str
    event_key: str = ""
    topic: str
    triggered_at: datetime | None = None


class ReaderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one connection wants its orders read.

    Keys are compared without case, accents and punctuation ("NIF/CIF" is "nif_cif"), and so that a leading
    underscore of WooCommerce makes no difference; the first key in this order that has a value wins.
    """

    nif_keys: tuple[str, ...] = NIF_KEYS
    name_keys: tuple[str, ...] = NAME_KEYS
    invoice_number_keys: tuple[str, ...] = INVOICE_NUMBER_KEYS
    received_at: datetime | None = None
    """When the delivery came; the version of bodies that carry no date (WooCommerce's order.deleted)."""


class Storefront(Protocol):
    """One platform: judge the signature, name the delivery, read the order."""

    NAME: str

    def authentic(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
        """Tell whether one of `secrets` (current and previous) signed these raw bytes, in constant time.

        :raises CannotJudge: when that needs a public key which is out of reach.
        """
        ...

    def identity(self, body: bytes, headers: Mapping[str, str]) -> Identity:
        """Return what tells this delivery from others."""
        ...

    def ping(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether this is the platform's unsigned trial request, to be answered 200 and forgotten."""
        ...

    def read(self, body: bytes, topic: str, keys: ReaderSettings) -> Reading | None:
        """Return what the body says of an order, None when the topic has nothing for us.

        The topic `PULLED` is a bundle that our own client composed.

        :raises Unreadable: when the body is not what the platform documents.
        """
        ...
