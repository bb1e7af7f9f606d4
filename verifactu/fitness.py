"""Whether a certificate will do: now, for this taxpayer, at this address. What is wrong is a name; callers have words.

Sources: verifactu.md 1.6 (who may send, which host serves which kind), 7.1 (the hosts), 4.1 (fault 4112).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from verifactu.certificates import Certificate
from verifactu.client import endpoint_for

WARN_BEFORE = (60, 30, 15, 7, 1)
"""Days before a certificate's end at which its people are told."""


class Trouble(StrEnum):
    """What speaks against a certificate."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    OTHER_NIF = "other_nif"
    """It acts for somebody else, and nobody has said that this is an attorney, successor or colaborador social."""
    SEAL_AT_PERSONAL_HOST = "seal_at_personal_host"
    PERSON_AT_SEAL_HOST = "person_at_seal_host"
    EXPIRING = "expiring"
    """It will do, and not for long."""


def troubles(
    certificate: Certificate, *, nif: str, acts_for_itself: bool, endpoint: str, now: datetime
) -> list[Trouble]:
    """Return what speaks against a certificate, the worst first.

    :param acts_for_itself: whether the taxpayer sends with a certificate of its own.
    :param endpoint: the address that is set for it; empty where the address follows from the certificate.
    """
    found = []
    if certificate.not_after <= now:
        found.append(Trouble.EXPIRED)
    if certificate.not_before > now:
        found.append(Trouble.NOT_YET_VALID)
    if acts_for_itself and certificate.nif != nif:
        found.append(Trouble.OTHER_NIF)
    kind = host_kind(endpoint)
    if kind == "personal" and certificate.is_seal:
        found.append(Trouble.SEAL_AT_PERSONAL_HOST)
    if kind == "seal" and not certificate.is_seal:
        found.append(Trouble.PERSON_AT_SEAL_HOST)
    if not found and threshold(certificate.not_after, now) is not None:
        found.append(Trouble.EXPIRING)
    return found


def threshold(until: datetime, now: datetime) -> int | None:
    """Return the last warning that is due for a certificate that ends at `until`: 60, 30, 15, 7, 1, or 0 once over."""
    if until <= now:
        return 0
    return min((days for days in WARN_BEFORE if until - now <= timedelta(days=days)), default=None)


def host_kind(endpoint: str) -> str:
    """Return whether an address is the AEAT's for `seal` or `personal` certificates; empty for anybody else's."""
    host = urlsplit(endpoint).hostname
    for environment in ("production", "test"):
        for seal in (True, False):
            if host == urlsplit(endpoint_for(environment, seal=seal)).hostname:
                return "seal" if seal else "personal"
    return ""
