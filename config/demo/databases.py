"""A database for one demonstration alone, made by the owner; those of earlier ones go when a new one begins."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from config.postgres.urls import app_url, databases, on_database, owner_url

PREFIX = "encadena_demo_"
KEPT = timedelta(hours=1)
"""How long the database of a demonstration stays after it began, when nobody is connected to it."""


def open_database(tag: str, *, now: datetime) -> dict[str, str]:
    """Make and migrate a database, point this process to it, and return the environment for children.

    :param tag: what tells this run's database from another's.
    """
    name = f"{PREFIX}{now:%Y%m%d_%H%M%S}_{tag}"
    owner = owner_url(settings.MIGRATION_DATABASE_URL, settings.DATABASE_URL, settings.DATA_DIR)
    connections["default"].ensure_connection()  # starts the embedded server where that is ours to do
    with psycopg.connect(on_database(owner, "postgres"), autocommit=True) as session:
        _drop_old(session, now)
        session.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    environment = {
        "DATABASE_URL": on_database(app_url(settings.DATABASE_URL, settings.DATA_DIR), name),
        "MIGRATION_DATABASE_URL": on_database(owner, name),
    }
    settings.DATABASE_URL, settings.MIGRATION_DATABASE_URL = environment.values()
    connections["default"].close()
    connections["default"].settings_dict.update(databases(settings.DATABASE_URL, settings.DATA_DIR)["default"])
    call_command("migrate", verbosity=0, interactive=False)
    return environment


def _drop_old(session: psycopg.Connection, now: datetime) -> None:
    """Drop the databases of demonstrations that are over: begun an hour ago or more, and nobody connected."""
    rows = session.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]).fetchall()
    for (name,) in rows:
        began = re.match(rf"{PREFIX}(\d{{8}}_\d{{6}})", name)
        if began is None or now - datetime.strptime(began[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC) < KEPT:
            continue
        try:
            session.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        except (psycopg.errors.ObjectInUse, psycopg.errors.InvalidCatalogName):
            continue  # someone is still looking at it, or another demonstration was faster
