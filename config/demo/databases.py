"""A database for one demonstration alone, made by the owner and dropped when it is over and not to be looked at."""

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from config.postgres.urls import app_url, databases, on_database, owner_url


def open_database(name: str) -> dict[str, str]:
    """Make and migrate the database `name`, point this process to it, and return the environment for children."""
    owner = owner_url(settings.MIGRATION_DATABASE_URL, settings.DATABASE_URL, settings.DATA_DIR)
    connections["default"].ensure_connection()  # starts the embedded server where that is ours to do
    with psycopg.connect(on_database(owner, "postgres"), autocommit=True) as session:
        session.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    environment = {
        "DATABASE_URL": on_database(app_url(settings.DATABASE_URL, settings.DATA_DIR), name),
        "MIGRATION_DATABASE_URL": on_database(owner, name),
    }
    settings.DATABASE_URL, settings.MIGRATION_DATABASE_URL = environment.values()
    connections["default"].close()
    connections["default"].settings_dict.update(
        databases(settings.DATABASE_URL, settings.DATA_DIR)["default"]
    )
    call_command("migrate", verbosity=0, interactive=False)
    return environment
