"""File names for texts that others chose: the same text is always the same name, two texts never one."""

import hashlib
import re

_TAME = re.compile(r"(?!(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\.|$))[A-Z0-9](?:[A-Z0-9._-]{0,78}[A-Z0-9_-])?")
"""Whole on every file system: capitals only, since some take A for a; no device of Windows; no dot at either end."""
_TAMED = 60


def file_name(text: str, *, of: str = "") -> str:
    """Return a text as a file name: as it is where that is safe everywhere, else cleaned and told apart by a hash.

    :param of: what the name belongs to, where two may have the same text.
    >>> file_name("F2027-000001"), file_name("../A/1")
    ('F2027-000001', '___A_1~b16aaeefce050ade')
    """
    if _TAME.fullmatch(text) and not of:
        return text
    cleaned = re.sub(r"[^A-Za-z0-9_-]", "_", text)[:_TAMED]
    return f"{cleaned}~{hashlib.sha256(f'{text}{of}'.encode()).hexdigest()[:16]}"
