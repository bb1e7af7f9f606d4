"""Django's `makemigrations`, which starts no embedded server only to compare its history."""

from pathlib import Path
from typing import Any

from django.core.management.commands import makemigrations
from django.db import connection

from config.postgres.place import Place
from config.postgres.server import answers


class Command(makemigrations.Command):
    """Writes migrations; with the embedded server down there is no history to be consistent with."""

    def handle(self, *args: Any, **options: Any) -> None:
        home = connection.settings_dict["EMBEDDED_HOME"]
        if home and not answers(Place(Path(home))):
            connection.settings_dict["ENGINE"] = "django.db.backends.dummy"
        super().handle(*args, **options)
