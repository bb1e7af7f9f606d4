"""A received JSON body, walked without surprises.

Every wrong value is an `Unreadable` that names its place; nothing here raises KeyError, TypeError or a decimal's
InvalidOperation, whatever a shop or an attacker sends. Money is Decimal from the digits in the text, never a float.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from invoicing.storefronts.contract import Unreadable

AMOUNT = re.compile(r"[+-]?[0-9]{1,10}(\.[0-9]{1,8})?")
"""Up to 10 digits before the point: more fit no invoice, and no column of ours."""
CENT = Decimal("0.01")
LONGEST_KEY = 120
"""Characters of an identity that a platform gives."""
DANGEROUS_ESCAPE = re.compile(r"\\u(0000|[dD][89a-fA-F])")


class Node:
    """One value of the body and its JSON pointer; missing and null are both a Node that holds None."""

    __slots__ = ("pointer", "value")

    def __init__(self, value: Any, pointer: str = "") -> None:
        self.value = value
        self.pointer = pointer

    def __bool__(self) -> bool:
        return self.value is not None

    def __getitem__(self, key: str) -> "Node":
        """Return a member of an object; of nothing, nothing."""
        inside = f"{self.pointer}/{key.replace('~', '~0').replace('/', '~1')}"
        if self.value is None:
            return Node(None, inside)
        if not isinstance(self.value, dict):
            raise Unreadable("an object was expected", self.pointer)
        return Node(self.value.get(key), inside)

    def members(self) -> list[str]:
        """Return the keys of an object; of nothing, none."""
        if self.value is None:
            return []
        if not isinstance(self.value, dict):
            raise Unreadable("an object was expected", self.pointer)
        return list(self.value)

    def __iter__(self) -> Iterator["Node"]:
        """Go through a list; nothing is an empty one."""
        if self.value is None:
            return iter(())
        if not isinstance(self.value, list):
            raise Unreadable("a list was expected", self.pointer)
        return iter([Node(item, f"{self.pointer}/{place}") for place, item in enumerate(self.value)])

    def text(self) -> str:
        """Return clean text; numbers as their digits, nothing as the empty text."""
        match self.value:
            case None:
                return ""
            case str():
                return clean(self.value)
            case bool() | dict() | list():
                raise Unreadable("text was expected", self.pointer)
            case number:
                return f"{number:f}" if isinstance(number, Decimal) else str(number)

    def scalar(self) -> str:
        """Return `text()` of text and numbers, and the empty text of whatever else a plugin put there."""
        return "" if isinstance(self.value, bool | dict | list) else self.text()

    def key(self) -> str:
        """Return an identity, which may not be empty."""
        found = self.text()
        if not found or len(found) > LONGEST_KEY:
            raise Unreadable(f"an identity of 1 to {LONGEST_KEY} characters was expected", self.pointer)
        return found

    def flag(self) -> bool:
        """Return true or false; nothing is false."""
        if self.value is None or isinstance(self.value, bool):
            return bool(self.value)
        raise Unreadable("true or false was expected", self.pointer)

    def amount(self, default: Decimal | None = None) -> Decimal:
        """Return a decimal number written as text or as a JSON number; `default` stands for nothing and for ""."""
        if self.value is None or self.value == "":
            if default is None:
                raise Unreadable("an amount is missing", self.pointer)
            return default
        if isinstance(self.value, bool | dict | list):
            raise Unreadable("an amount was expected", self.pointer)
        return decimal(self.value, self.pointer)

    def moment(self, *, utc: bool = False) -> datetime | None:
        """Return an instant in UTC; a time without offset counts only where the platform promises UTC (`utc`)."""
        if self.value is None or self.value == "":
            return None
        try:
            found = datetime.fromisoformat(self.value)
        except (TypeError, ValueError):
            raise Unreadable("a date and time (ISO 8601) was expected", self.pointer) from None
        return instant(found.replace(tzinfo=UTC) if utc and found.tzinfo is None else found, self.pointer)

    def moment_or_none(self) -> datetime | None:
        """Return `moment()`, and None also where the value is no instant: for what is only a hint."""
        try:
            return self.moment()
        except Unreadable:
            return None

    def epoch(self) -> datetime | None:
        """Return an instant written as whole seconds since 1970."""
        if self.value is None or self.value == "":
            return None
        text = self.text()
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise Unreadable("seconds since 1970 were expected", self.pointer)
        return instant(datetime.fromtimestamp(int(text), UTC), self.pointer)

    def local(self, zone: tzinfo) -> datetime | None:
        """Return an instant written in the shop's own time; PrestaShop's zeros are none."""
        if self.value is None or self.text() in ("", "0000-00-00 00:00:00", "0000-00-00"):
            return None
        try:
            found = datetime.fromisoformat(self.text())
        except ValueError:
            raise Unreadable("a date and time was expected", self.pointer) from None
        return instant(found.replace(tzinfo=zone) if found.tzinfo is None else found, self.pointer)

    def switch(self) -> bool:
        """Return true or false where a platform writes them as 1 and 0, as numbers or as text."""
        if isinstance(self.value, bool | None):
            return bool(self.value)
        if self.text() not in ("", "0", "1"):
            raise Unreadable("0 or 1 was expected", self.pointer)
        return self.text() == "1"

    def known_moment(self, *, utc: bool = False) -> datetime:
        """Return an instant that must be there."""
        found = self.moment(utc=utc)
        if found is None:
            raise Unreadable("a date and time is missing", self.pointer)
        return found


def load(body: bytes) -> Node:
    """Parse a body that must be a JSON object in UTF-8.

    :raises Unreadable: for anything else, NaN and infinities, nesting beyond reason, NUL and lone surrogates (which
        neither PostgreSQL nor XML can hold). Of a repeated key the last one counts, as in every browser.
    """
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    except RecursionError:
        raise Unreadable("the body is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Unreadable("the body is not a JSON object")
    if DANGEROUS_ESCAPE.search(text):
        _refuse_unstorable(value)
    return Node(value)


def decimal(value: str | int | Decimal, pointer: str) -> Decimal:
    """Return the number that the digits say.

    :raises Unreadable: when it is not a plain number or too long for an invoice.
    """
    if isinstance(value, Decimal):
        # An exponent of thousands would make text of thousands of digits; look before writing it out.
        text = f"{value:f}" if value.is_finite() and abs(value.adjusted()) < 12 else ""
    else:
        text = str(value).strip()
    if not AMOUNT.fullmatch(text):
        raise Unreadable("a plain decimal number of at most 10 digits and 8 decimals was expected", pointer)
    found = Decimal(text)
    # PrestaShop writes every amount with six decimals; zeros that say nothing would be printed in holds.
    return tidy(found) if len(text.partition(".")[2]) > 2 else found


def tidy(amount: Decimal) -> Decimal:
    """Return the same amount with two decimals, or with more where they count: 38.4 is 38.40, 64.000000 is 64.00."""
    short = amount.quantize(CENT)
    return short if short == amount else amount.normalize()


def instant(found: datetime, pointer: str) -> datetime:
    """Return an aware moment of this century in UTC, so that equal instants are equal text."""
    if found.tzinfo is None:
        raise Unreadable("the time has no offset, so it names no instant", pointer)
    if not 2000 <= found.year < 2100:
        raise Unreadable("the year is not of this century", pointer)
    return found.astimezone(UTC)


def clean(text: str) -> str:
    """Return text on one line without control characters, composed (NFC): what a page and an XML can hold."""
    visible = "".join(
        " " if unicodedata.category(letter) == "Cc" or letter in "\ufffe\uffff" else letter for letter in text
    )
    return unicodedata.normalize("NFC", " ".join(visible.split()))


def plain(number: Decimal) -> Decimal:
    """Return the same number without trailing zeros and without exponent: 21.00 is 21."""
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


def named(pairs: Sequence[tuple[str, str]], keys: Sequence[str]) -> str:
    """Return the first value that stands under one of `keys`, compared as ReaderSettings says."""
    known: dict[str, str] = {}
    for key, value in pairs:
        if value:
            known.setdefault(_folded(key), value)
    return next((known[folded] for folded in map(_folded, keys) if folded in known), "")


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header whatever its case, empty when absent."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def _folded(key: str) -> str:
    decomposed = unicodedata.normalize("NFKD", key.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _refuse_unstorable(value: Any) -> None:
    """Look into every text, keys too; iterative, because the depth is the sender's choice."""
    waiting: list[tuple[Any, str]] = [(value, "")]
    while waiting:
        item, pointer = waiting.pop()
        if isinstance(item, dict):
            waiting += [(key, pointer) for key in item]
            waiting += [(inner, f"{pointer}/{key}") for key, inner in item.items()]
        elif isinstance(item, list):
            waiting += [(inner, f"{pointer}/{place}") for place, inner in enumerate(item)]
        elif isinstance(item, str) and ("\0" in item or any("\ud800" <= letter <= "\udfff" for letter in item)):
            raise Unreadable("text with NUL or half a character", pointer.encode("ascii", "replace").decode())
