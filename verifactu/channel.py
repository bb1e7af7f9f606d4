"""Which service a chain talks to, and with which certificate."""

from functools import lru_cache

from django.conf import settings

from common import clock
from verifactu.certificates import Certificate
from verifactu.client import Client, endpoint_for
from verifactu.errors import InvalidCertificate
from verifactu.models import Installation
from verifactu.service_clock import compare


class NotConfigured(Exception):
    """The chain cannot reach the AEAT as it is set up; the message says what is missing."""


def client_for(installation: Installation) -> Client:
    """Return the client of an installation; a renewed certificate is used at once, without a restart.

    :raises NotConfigured: when certificate or endpoint are missing, or the certificate does not open.
    """
    taxpayer = installation.taxpayer
    if not taxpayer.certificate:
        raise NotConfigured(f"{taxpayer.nif}: no hay certificado: súbalo en la página del obligado tributario")
    try:
        certificate = _certificate(bytes(taxpayer.certificate), taxpayer.certificate_password)
    except InvalidCertificate as error:
        raise NotConfigured(f"{taxpayer.nif}: {error.es}") from error
    endpoint = settings.AEAT_ENDPOINT
    if not endpoint:
        if installation.environment == "simulator":
            raise NotConfigured(
                "AEAT_ENDPOINT no está puesto: arranque el simulador (manage.py up lo hace solo) y ponga su dirección"
            )
        endpoint = endpoint_for(installation.environment, seal=certificate.is_seal)
    return _client(endpoint, certificate, settings.AEAT_CA_FILE)


@lru_cache(maxsize=64)
def _certificate(data: bytes, password: str) -> Certificate:
    return Certificate.from_pkcs12(data, password)


@lru_cache(maxsize=64)
def _client(endpoint: str, certificate: Certificate, ca_file: str) -> Client:
    return Client(endpoint=endpoint, certificate=certificate, ca_file=ca_file, now=clock.now, heard=compare)
