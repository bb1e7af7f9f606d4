"""Settings as django-verifactu's own guide has them; RIVAL_DATABASE_URL names the database, RIVAL_P12 a certificate."""

import os
from pathlib import Path

from django_verifactu.aeat.domain import Party

from config.postgres.urls import databases

SECRET_KEY = "benchmark"  # noqa: S105 (nothing is signed with it)
INSTALLED_APPS = ["django.contrib.contenttypes", "django_verifactu", "benchmarks.rival"]
DATABASES = databases(os.environ["RIVAL_DATABASE_URL"], Path())
MIGRATION_MODULES = {"rival": None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "Europe/Madrid"

VERIFACTU = {
    "PRODUCTION": False,
    "SOFTWARE": {
        "producer": Party("PRODUCTOR DE PRUEBAS SL", tax_id="B12345674"),
        "name": "Rival",
        "system_id": "RI",
        "version": "1.0.0",
        "multiple_taxpayers_possible": True,
    },
    "TAXPAYERS": "benchmarks.rival.taxpayers.taxpayer",
    "MULTIPLE_TAXPAYERS": "benchmarks.rival.taxpayers.several",
}
