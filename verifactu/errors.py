"""What may go wrong with the AEAT: named errors, and what each of its 247 codes means for the record that got it.

The texts of the codes come with the answer (DescripcionErrorRegistro, faultstring) and are shown as they come; the
product branches on the code alone. Source of the table: the AEAT's list of codes of 30/07/2026; verifactu.md 7.3, 12.
"""

from collections.abc import Sequence
from enum import StrEnum


class VerifactuError(Exception):
    """The AEAT protocol could not be followed. The message says what is wrong and carries no secret."""


class UnreadableXML(VerifactuError):
    """The document is not XML that this product reads: malformed, with a DOCTYPE, or not the message expected."""


class InvalidCertificate(VerifactuError):
    """The certificate file cannot be used: wrong password, damaged, or without private key. Upload it again.

    `es` says it in Spanish. The library's own message never goes on: ours must be fit for a page and a log.
    """

    en = "the .p12 file cannot be used: upload it again"
    es = "el archivo del certificado no se puede usar: súbalo de nuevo"

    def __init__(self) -> None:
        super().__init__(self.en)


class NotPKCS12(InvalidCertificate):
    """The file is another kind of file, or was cut off."""

    en = "this is no whole .p12 or .pfx file: export the certificate again, with its private key, as PKCS#12"
    es = "no es un archivo .p12 o .pfx entero: exporte de nuevo el certificado, con su clave privada, como PKCS#12"


class WrongPassword(InvalidCertificate):
    """The file is a PKCS#12 file that this password does not open."""

    en = "the .p12 file does not open: wrong password, which is the one typed when it was exported, or a damaged file"
    es = "la contraseña no es la de este archivo: es la que se escribió al exportarlo (o el archivo está dañado)"


class NoPrivateKey(InvalidCertificate):
    """The file opens and has no certificate with its private key."""

    en = "the .p12 file holds no private key for its certificate: export it again and choose to include the key"
    es = "el archivo no lleva la clave privada del certificado: expórtelo de nuevo e inclúyala"


class InvalidRecord(VerifactuError):
    """The record breaks the schema or a rule of the AEAT and must not be issued as it is.

    `problems` holds one (code, field, text) per finding: the AEAT's code, the element, a Spanish sentence.
    """

    def __init__(self, problems: Sequence[tuple[str, str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{code} {field}: {text}" for code, field, text in self.problems))


class Effect(StrEnum):
    """What a code does to what was sent."""

    SUBMISSION_REJECTED = "submission_rejected"
    RECORD_REJECTED = "record_rejected"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    UNKNOWN = "unknown"


DUPLICATE = "3000"
"""The AEAT already holds a record of that invoice: ours if its huella is equal, an alarm if not."""

ALREADY_ANNULLED = "3001"
NOT_FOUND = "3002"
SUSPENDED = "4141"
"""Access is suspended: nothing may be sent until the AEAT has been written to (verifactu@correo.aeat.es)."""

TECHNICAL = frozenset(
    {
        "1129", "1241", "1243", "1256", "1288",
        "3500", "3501",
        "4103", "4108", "4110", "4111", "4118", "4128",
    }
)  # fmt: skip
"""Troubles on the AEAT's side: the same records may be sent again later, unchanged (verifactu.md 7.3)."""

NO_CORRECTION_NEEDED = frozenset({"2004", "2009"})
"""Accepted with errors that ask for nothing further (verifactu.md 12.3)."""

# The effect follows the section of the official list, not the first digit: 3500 to 3503 stand among the 41xx.
_SUBMISSION = frozenset(range(4102, 4142)) | frozenset(range(3500, 3504))
_MISSING = frozenset({1113, 1141, 1204, 1278, 1279, 1280})
_RECORD = (frozenset(range(1100, 1294)) - _MISSING) | frozenset(range(3000, 3005))
_ACCEPTED = frozenset(range(2000, 2010))

CODES = frozenset(map(str, _SUBMISSION | _RECORD | _ACCEPTED))
"""Every code of the official list, as text."""


def effect(code: str) -> Effect:
    """Return what a code does; a code that the list lacks has an unknown effect, whatever its digits."""
    number = int(code) if code.isdecimal() else 0
    if number in _SUBMISSION:
        return Effect.SUBMISSION_REJECTED
    if number in _RECORD:
        return Effect.RECORD_REJECTED
    if number in _ACCEPTED:
        return Effect.ACCEPTED_WITH_ERRORS
    return Effect.UNKNOWN


def technical(code: str) -> bool:
    """Return whether the trouble is on the AEAT's side, so that the same records may go again later, unchanged."""
    return code in TECHNICAL


def must_be_corrected(code: str) -> bool:
    """Return whether a record accepted with this code has to be corrected by a later one."""
    return effect(code) is Effect.ACCEPTED_WITH_ERRORS and code not in NO_CORRECTION_NEEDED
