"""Whose invoices are issued there, by the two hooks that django-verifactu's guide names for a service of many."""

import os
from pathlib import Path

from django_verifactu.conf import Taxpayer

PASSWORD = "rival"  # noqa: S105 (of a certificate made for the run)


def taxpayer(tax_id: str) -> Taxpayer:
    """Return the credentials of a taxpayer: all send with the one certificate of the run."""
    return Taxpayer(name="Almacenes La Encina SL", certificate=Path(os.environ["RIVAL_P12"]), password=PASSWORD)


def several(tax_id: str) -> bool:
    """Tell IndicadorMultiplesOT; known beforehand there, counted at every record here."""
    return True
