"""Which service a chain talks to, and with which certificate."""

from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings

from common import clock
from verifactu import identification
from verifactu.certificates import Certificate
from verifactu.client import Client, endpoint_for
from verifactu.errors import InvalidCertificate
from verifactu.identification import Identifier
from verifactu.models import Installation, Taxpayer
from verifactu.service_clock import compare


class NotConfigured(Exception):
    """The chain cannot reach the AEAT as it is set up; the message says what is missing."""


def client_for(installation: Installation) -> Client:
    """Return the client of an installation; a renewed certificate is used at once, without a restart.

    :raises NotConfigured: when certificate or endpoint are missing, or the certificate does not open.
    """
    certificate = _certificate_of(installation.taxpayer)
    endpoint = settings.AEAT_ENDPOINT
    if not endpoint:
        if installation.environment == "simulator":
            raise NotConfigured(
                "AEAT_ENDPOINT no está puesto: arranque el simulador (manage.py up lo hace solo) y ponga su dirección"
            )
        endpoint = endpoint_for(installation.environment, seal=certificate.is_seal)
    return _client(endpoint, certificate, settings.AEAT_CA_FILE)


def identifier_for(taxpayer: Taxpayer) -> Identifier:
    """Return the way to the AEAT's census with the taxpayer's certificate.

    AEAT_CENSUS_URL names another address. A stand-in that AEAT_ENDPOINT names has it beside its own; the AEAT itself
    has one for all environments.

    :raises NotConfigured: when address or certificate are missing, or the certificate does not open.
    """
    certificate = _certificate_of(taxpayer)
    endpoint = settings.AEAT_CENSUS_URL
    if not endpoint and settings.AEAT_ENDPOINT:
        endpoint = urlsplit(settings.AEAT_ENDPOINT)._replace(path=identification.PATH, query="").geturl()
    if not endpoint:
        if settings.AEAT_ENVIRONMENT == "simulator":
            raise NotConfigured("AEAT_ENDPOINT no está puesto")
        endpoint = identification.SEAL_ENDPOINT if certificate.is_seal else identification.ENDPOINT
    return _identifier(endpoint, certificate, settings.AEAT_CA_FILE)


def _certificate_of(taxpayer: Taxpayer) -> Certificate:
    if not taxpayer.certificate:
        raise NotConfigured(f"{taxpayer.nif}: no hay certificado: súbalo en la página del obligado tributario")
    try:
        return _certificate(bytes(taxpayer.certificate), taxpayer.certificate_password)
    except InvalidCertificate as error:
        raise NotConfigured(f"{taxpayer.nif}: {error.es}") from error


@lru_cache(maxsize=64)
def _certificate(data: bytes, password: str) -> Certificate:
    return Certificate.from_pkcs12(data, password)


@lru_cache(maxsize=64)
def _client(endpoint: str, certificate: Certificate, ca_file: str) -> Client:
    return Client(endpoint=endpoint, certificate=certificate, ca_file=ca_file, now=clock.now, heard=compare)


@lru_cache(maxsize=64)
def _identifier(endpoint: str, certificate: Certificate, ca_file: str) -> Identifier:
    return Identifier(endpoint, certificate, ca_file=ca_file)
