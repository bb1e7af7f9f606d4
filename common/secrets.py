"""Columns that hold secrets: encrypted with their own keys, decrypted only in memory.

`FIELD_KEYS` are Fernet keys, newest first: the first one writes, every one reads. `rotate_field_keys` writes all
rows anew with the first (`common.rotation`); after it the old key may be taken away. The stored text begins with `v1:`
so that a value that was never encrypted is told from one that was encrypted under a lost key.
"""

from enum import Enum
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

PREFIX = "v1:"


class SecretError(Exception):
    """A stored secret cannot be read with the present FIELD_KEYS; put the key that wrote it back."""


class Under(Enum):
    """Which key a stored secret was written under."""

    NEWEST = "newest"
    OLDER = "older"
    NONE = "none"
    """None of FIELD_KEYS: it cannot be read."""


def encrypt(value: bytes) -> str:
    """Return `value` encrypted under the newest key."""
    return PREFIX + _keys().encrypt(value).decode()


def decrypt(stored: str) -> bytes:
    """Return the plain bytes.

    :raises SecretError: when no present key fits, or the text was never encrypted.
    """
    if not stored.startswith(PREFIX):
        raise SecretError("A secret column holds a text that was not encrypted")
    try:
        return _keys().decrypt(stored.removeprefix(PREFIX).encode())
    except InvalidToken as error:
        raise SecretError(SecretError.__doc__) from error


def under(stored: str) -> Under:
    """Return which of the present keys a stored secret was written under."""
    try:
        decrypt(stored)
    except SecretError:
        return Under.NONE
    try:
        Fernet(settings.FIELD_KEYS[0]).decrypt(stored.removeprefix(PREFIX).encode())
    except InvalidToken:
        return Under.OLDER
    return Under.NEWEST


def renewed(stored: str) -> str:
    """Return a stored secret under the newest key; it keeps the time at which it was first written.

    :raises InvalidToken: when no present key fits.
    """
    return PREFIX + _keys().rotate(stored.removeprefix(PREFIX)).decode()


class EncryptedField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted on its way to the database. Empty stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value.encode()) if value else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return decrypt(value).decode() if value else value


class EncryptedBytesField(models.TextField):  # type: ignore[type-arg]
    """Bytes (a PKCS#12 file) that are encrypted on their way to the database. Empty stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(bytes(value)) if value else ""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return decrypt(value) if value else b""

    def to_python(self, value: Any) -> Any:
        return value


def _keys() -> MultiFernet:
    return _reading(tuple(settings.FIELD_KEYS))


@cache
def _reading(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
