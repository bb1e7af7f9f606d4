"""The certificate with which the demonstration's company sends."""

import secrets
from pathlib import Path

from django.conf import settings

from config.demo.catalogue import COMPANY
from verifactu.simulator.authority import Authority


def certificate(simulator_folder: Path) -> tuple[bytes, str]:
    """Return PKCS#12 bytes and password: the one that the environment names, or one that is made for this run.

    The made one is signed by the simulator's authority, which the simulator trusts; a service elsewhere that takes
    any certificate takes it too.
    """
    if settings.AEAT_CERTIFICATE_FILE:
        return Path(settings.AEAT_CERTIFICATE_FILE).read_bytes(), settings.AEAT_CERTIFICATE_PASSWORD
    password = secrets.token_urlsafe(12)
    made = Authority(simulator_folder).client_certificate(COMPANY["nif"], COMPANY["name"], password=password)
    return made, password
