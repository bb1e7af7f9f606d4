"""The databases of a test run: a template migrated once, and clones of it.

Everything here is done by the owner of the tables; what tests themselves do, they do as the application role.

- The template's name is a hash of what makes it: migrations, grants, versions. It outlives the run.
- Each process of a run (each xdist worker) has a token in the names of its clones and holds an advisory lock on that
  token, which PostgreSQL frees when the process dies: clones whose token can be locked are a dead run's.
"""

import hashlib
import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import override_settings
from psycopg import sql

from config.postgres.server import ensure
from config.postgres.urls import app_url, databases, embedded_home, on_database, owner_url
from tests.recycling import Blank

TEMPLATE = "encadena_template_"
CLONE = "encadena_test_"


@dataclass(frozen=True)
class Database:
    """One database of its own: its name, its address as the application and as the owner, its server's DATA_DIR."""

    name: str
    url: str
    owner_url: str
    data_dir: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment by which a subprocess works on this database."""
        return {
            "DATABASE_URL": self.url,
            "MIGRATION_DATABASE_URL": self.owner_url,
            "DATA_DIR": str(self.data_dir),
        }


class TestServer:
    """The server that tests run on: the embedded one, or DATABASE_URL with MIGRATION_DATABASE_URL as owner."""

    __test__ = False

    def __init__(self) -> None:
        self.app_url = app_url(settings.DATABASE_URL, settings.DATA_DIR)
        self.owner_url = owner_url(settings.MIGRATION_DATABASE_URL, settings.DATABASE_URL, settings.DATA_DIR)
        if connection.settings_dict["EMBEDDED_HOME"]:
            ensure(embedded_home(settings.DATA_DIR))
        # Advisory locks are a database's own: all runs on one server must meet in one.
        self.session = psycopg.connect(on_database(self.owner_url, "postgres"), autocommit=True)
        self.token = uuid4().hex[:10]
        self.clones = 0
        self._lock(self.token)
        self._drop_what_dead_runs_left()
        self.template = self._migrated_template()
        self._blank: Blank | None = None
        self._used: list[Database] = []

    def close(self) -> None:
        """Drop what is left of this run and leave."""
        for name in self._names(f"{CLONE}{self.token}_"):
            self._drop(name)
        self.session.close()

    def clone(self, *, durable: bool = False) -> Database:
        """Return a new database, equal to the template (some 30 ms).

        Unless `durable`, its commits do not wait for the disk: nothing that a test writes must outlive the server.
        """
        self.clones += 1
        database = self._database(f"{CLONE}{self.token}_{self.clones}")
        # WAL_LOG, PostgreSQL's default, measured three times as fast here as FILE_COPY with its two checkpoints.
        self._execute("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log", database.name, self.template)
        if not durable:
            self._execute("ALTER DATABASE {} SET synchronous_commit = off", database.name)
        return database

    def lend(self) -> Database:
        """Return a database equal to the template: one that was taken back blank, or a new one."""
        if self._used:
            return self._used.pop()
        database = self.clone()
        self._blank = self._blank or Blank.of(database.owner_url)
        return database

    def take_back(self, database: Database) -> None:
        """Keep a lent database for the next who asks, or drop it where it cannot be made blank again."""
        if self._blank and self._blank.restore(database.owner_url, database.name):
            self._used.append(database)
        else:
            self.drop(database)

    def empty(self) -> Database:
        """Return a new database without a table, to be migrated."""
        self.clones += 1
        database = self._database(f"{CLONE}{self.token}_{self.clones}")
        self._execute("CREATE DATABASE {} TEMPLATE template0", database.name)
        return database

    def drop(self, database: Database) -> None:
        """Drop a database, whoever is still connected to it."""
        self._drop(database.name)

    def _migrated_template(self) -> str:
        name = TEMPLATE + _fingerprint()
        # Shared: whoever uses a template keeps others from dropping it. Exclusive while it is made.
        self._lock("template")
        try:
            if name not in self._names(TEMPLATE):
                half = self._database(f"{TEMPLATE}unfinished")
                self._drop(half.name)
                self._execute("CREATE DATABASE {} TEMPLATE template0", half.name)
                with pointed_at(half):
                    call_command("migrate", verbosity=0, interactive=False)
                self._execute("ALTER DATABASE {} RENAME TO {}", half.name, name)
            self.session.execute("SELECT pg_advisory_lock_shared(%s)", [_key(name)])
            for other in self._names(TEMPLATE):
                if other != name and self._try_lock(other):
                    self._drop(other)
                    self._unlock(other)
        finally:
            self._unlock("template")
        return name

    def _drop_what_dead_runs_left(self) -> None:
        for name in self._names(CLONE):
            token = re.sub(r"_\d+$", "", name.removeprefix(CLONE))
            if token != self.token and self._try_lock(token):
                self._drop(name)
                self._unlock(token)

    def _database(self, name: str) -> Database:
        app, owner = on_database(self.app_url, name), on_database(self.owner_url, name)
        return Database(name, app, owner, settings.DATA_DIR)

    def _names(self, prefix: str) -> list[str]:
        found = self.session.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        return [name for (name,) in found]

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        self.session.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _lock(self, what: str) -> None:
        self.session.execute("SELECT pg_advisory_lock(%s)", [_key(what)])

    def _try_lock(self, what: str) -> bool:
        row = self.session.execute("SELECT pg_try_advisory_lock(%s)", [_key(what)]).fetchone()
        return bool(row and row[0])

    def _unlock(self, what: str) -> None:
        self.session.execute("SELECT pg_advisory_unlock(%s)", [_key(what)])


@contextmanager
def pointed_at(database: Database) -> Iterator[None]:
    """Point Django's default connection, of every thread of this process, to another database for a while.

    A thread that has a connection keeps it; one that begins meanwhile gets the new database.
    """
    entry = connections.settings["default"]
    before = dict(entry)
    connections.close_all()
    entry.update(databases(database.url, database.data_dir)["default"])
    try:
        with override_settings(
            DATABASE_URL=database.url, MIGRATION_DATABASE_URL=database.owner_url, DATA_DIR=database.data_dir
        ):
            yield
    finally:
        connections.close_all()
        entry.clear()
        entry.update(before)


def _fingerprint() -> str:
    """Return a hash of what a migrated database is made of."""
    digest = hashlib.sha256()
    for package in ("Django", "procrastinate", "django-pgtrigger"):
        digest.update(f"{package} {version(package)}\n".encode())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        for file in sorted([*Path(app.path).glob("migrations/*.py"), *Path(app.path).glob("sql/*.sql")]):
            digest.update(f"{app.label} {file.name}\n".encode() + file.read_bytes())
    for model in sorted(apps.get_models(), key=lambda model: model._meta.label):
        # What `common.grants` reads of a ledger model.
        kept = getattr(model, "mutable", None), getattr(model, "redactable", None)
        digest.update(f"{model._meta.db_table} {kept}\n".encode())
    for module in ("common.grants", "config.management.commands.migrate"):
        digest.update(Path(str(importlib.import_module(module).__file__)).read_bytes())
    return digest.hexdigest()[:12]


def _key(name: str) -> int:
    """Return the advisory lock's number for a name: 63 bits."""
    return int.from_bytes(hashlib.sha256(f"encadena tests {name}".encode()).digest()[:8]) >> 1
