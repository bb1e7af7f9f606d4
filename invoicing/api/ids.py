"""The identifiers that clients see: `ord_01jd…`, a kind and the row's UUID in 26 characters.

The text is that of TypeID (github.com/jetify-com/typeid, spec 0.3): Crockford's base 32, so that no two letters look
alike and ids sort by the moment they were made, as the UUIDs do.
"""

from uuid import UUID

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26

ORDER = "ord"
INVOICE = "inv"
DELIVERY = "dlv"
PROCESS = "prc"
EXPORT = "exp"
ENDPOINT = "whk"
EVENT = "evt"


class NotAnId(ValueError):
    """The text is no identifier of this kind."""


def text(kind: str, uuid: UUID) -> str:
    """Return the identifier of a row.

    >>> text("ord", UUID("01890a5d-ac96-774b-bcce-b302099a8057"))
    'ord_01h455vb4pex5vsknk084sn02q'
    """
    number = uuid.int
    letters = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(LENGTH)))
    return f"{kind}_{letters}"


def uuid(kind: str, identifier: str) -> UUID:
    """Return the UUID behind an identifier of this kind.

    :raises NotAnId: for another kind, another alphabet (capitals too), another length, or more than 128 bits.
    """
    prefix, _, letters = identifier.rpartition("_")
    # The first letter holds three bits only: 26 x 5 are 130.
    if prefix != kind or len(letters) != LENGTH or letters[0] > "7" or set(letters) - set(ALPHABET):
        raise NotAnId(f"not an identifier of the kind {kind}_…")
    number = 0
    for letter in letters:
        number = number << 5 | ALPHABET.index(letter)
    return UUID(int=number)
