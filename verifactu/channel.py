"""Which service a chain talks to, and with which certificate."""

from functools import lru_cache

from django.conf import settings

from verifactu.certificates import Certificate
from verifactu.client import Client, endpoint_for
from verifactu.models import Installation


class NotConfigured(Exception):
    """The chain cannot reach the AEAT as it is set up; the message says what is missing."""


def client_for(installation: Installation) -> Client:
    """Return the client of an installation; a renewed certificate is used at once, without a restart.

    :raises NotConfigured: when certificate or endpoint are missing.
    """
    taxpayer = installation.taxpayer
    if not taxpayer.certificate:
        raise NotConfigured(f"{taxpayer.nif}: no hay certificado")
    certificate = _certificate(bytes(taxpayer.certificate), taxpayer.certificate_password)
    endpoint = settings.AEAT_ENDPOINT
    if not endpoint:
        if installation.environment == "simulator":
            raise NotConfigured("AEAT_ENDPOINT is not set: start the simulator and name its address")
        endpoint = endpoint_for(installation.environment, seal=certificate.is_seal)
    return _client(endpoint, certificate, settings.AEAT_CA_FILE)


@lru_cache(maxsize=64)
def _certificate(data: bytes, password: str) -> Certificate:
    return Certificate.from_pkcs12(data, password)


@lru_cache(maxsize=64)
def _client(endpoint: str, certificate: Certificate, ca_file: str) -> Client:
    return Client(endpoint=endpoint, certificate=certificate, ca_file=ca_file)
