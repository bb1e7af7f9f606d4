"""What a verification found wrong, in one shape for every app."""

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One violation of an invariant (design.md section 7): which, of what row, and what is wrong with it."""

    invariant: str
    subject: str
    text: str
