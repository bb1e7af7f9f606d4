"""Django's `migrate`, run by the owner of the tables, and followed by the application's grants."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections

from common import grants
from config.postgres.owner import as_owner

MIGRATION_LOCK = 7_236_118_402
"""Advisory lock (any number of ours): two containers that start at once migrate one after the other."""


class Command(migrate.Command):
    """Migrates as MIGRATION_DATABASE_URL says, under the same alias, and leaves the application role its grants."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        application = connection.settings_dict["USER"]
        with as_owner(connection):
            if options["plan"] or options["check_unapplied"]:
                super().handle(*args, **options)
                return
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s), current_user", [MIGRATION_LOCK])
                owner = cursor.fetchone()[1]
            if not application and connection.settings_dict["USER"]:
                raise CommandError("DATABASE_URL names no user, so nobody knows whom to grant: postgresql://user@…")
            two_roles = application not in ("", owner)
            if two_roles:
                grants.prepare(connection, application)
            super().handle(*args, **options)
            if two_roles:
                grants.apply(connection, application)
            else:
                self.stderr.write(self.style.WARNING(grants.one_role(owner)))
