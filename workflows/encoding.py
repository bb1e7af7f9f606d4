"""How inputs and outputs of workflows become text, and become themselves again.

The only module that knows the serialiser. A value is encoded, decoded again as its declared type, and only then
committed: what a step returns and what a later run reads from the journal are the same thing.
"""

import hashlib
import math
from datetime import datetime
from typing import Any

import msgspec

MAX_PAYLOAD = 256 * 1024
"""Characters of a payload: it names what is to be worked on, it does not carry it."""


class EncodingError(ValueError):
    """This value cannot be kept in the journal: it must be a plain value of its declared type."""


def encode(value: Any) -> str:
    """Return `value` as JSON text.

    :raises EncodingError: for NaN, infinities, naive datetimes, and types that have no JSON form.
    """
    try:
        _refuse_ambiguous(msgspec.to_builtins(value, builtin_types=(datetime, float)))
        return msgspec.json.encode(value, order="deterministic").decode()
    except (TypeError, msgspec.ValidationError) as error:
        raise EncodingError(f"{type(value).__name__}: {error}") from error


def decode(text: str, kind: Any) -> Any:
    """Return the value of type `kind` that `text` holds.

    :raises EncodingError: when the text does not fit the type.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise EncodingError(str(error)) from error


def digest(text: str) -> str:
    """Return the SHA-256 (hex) by which the journal recognises equal inputs."""
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_ambiguous(value: Any) -> None:
    match value:
        case float() if not math.isfinite(value):
            raise EncodingError("NaN and infinities have no JSON form")
        case datetime() if value.tzinfo is None:
            raise EncodingError("a datetime without time zone names no instant")
        case dict():
            for item in value.values():
                _refuse_ambiguous(item)
        case list() | tuple():
            for item in value:
                _refuse_ambiguous(item)
