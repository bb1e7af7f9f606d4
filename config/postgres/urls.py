"""DATABASE_URL, or its absence, as Django settings: the application's, and for migrations the owner's."""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from config.postgres.place import Place
from config.postgres.server import APP_ROLE, DATABASE, OWNER_ROLE

APP_SESSION = (
    # No session of the application holds the house up; a report that needs longer sets its own statement_timeout.
    "-c plan_cache_mode=force_generic_plan -c idle_in_transaction_session_timeout=10s -c lock_timeout=5s "
    "-c statement_timeout=30s"
)
"""What every session of the application sets. Prepared statements are the engine's, each with one good plan, by a
partial index: it is kept, and not weighed anew at every call."""

TRANSPORT = {
    # A peer that vanished is noticed within a minute; unix sockets ignore these.
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "connect_timeout": "10",
    "application_name": "encadena",
}


def databases(database_url: str, data_dir: Path) -> dict[str, dict[str, Any]]:
    """Return Django's DATABASES for the application role; nothing is started or connected.

    :param database_url: a libpq address, used as it is, or "" for the embedded server under `data_dir`.
    :raises ImproperlyConfigured: when the address is none, or names no database.
    """
    address = app_url(database_url, data_dir)
    return {"default": _settings("DATABASE_URL", address, data_dir, APP_SESSION)}


def owner_settings(migration_database_url: str, database_url: str, data_dir: Path) -> dict[str, Any]:
    """Return what of a DATABASES entry differs for the owner of the tables: its address, and no time limits.

    Without MIGRATION_DATABASE_URL that is DATABASE_URL itself, but for the embedded server: there its owner role,
    on the same database.

    :raises ImproperlyConfigured: when the address is none, or names no database.
    """
    address = owner_url(migration_database_url, database_url, data_dir)
    return _settings("MIGRATION_DATABASE_URL", address, data_dir, "")


def app_url(database_url: str, data_dir: Path) -> str:
    """Return the application's address: the given one, or the embedded server's."""
    return database_url or embedded_url(data_dir, APP_ROLE)


def owner_url(migration_database_url: str, database_url: str, data_dir: Path) -> str:
    """Return the owner's address (see `owner_settings`)."""
    if migration_database_url:
        return migration_database_url
    address = parse("DATABASE_URL", app_url(database_url, data_dir))
    if _is_embedded(address, data_dir) and address["user"] == APP_ROLE:
        return embedded_url(data_dir, OWNER_ROLE, address["dbname"])
    return database_url


def embedded_url(data_dir: Path, role: str, database: str = DATABASE) -> str:
    """Return the address of a database on the embedded server under `data_dir`, running or not."""
    return _url({"user": role, "dbname": database, "host": str(Place(embedded_home(data_dir)).socket)})


def on_database(url: str, database: str) -> str:
    """Return `url` with another database's name, all else as it was."""
    return _url({**parse("the address", url), "dbname": database})


def embedded_home(data_dir: Path) -> Path:
    """Return the embedded server's folder for `config.postgres.server.ensure`."""
    return data_dir / "pg"


def parse(name: str, url: str) -> dict[str, str]:
    """Return the libpq parameters of an address.

    :raises ImproperlyConfigured: when it is none or names no database; without the address, for its password.
    """
    try:
        parameters = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        raise ImproperlyConfigured(f"{name} is not an address like postgresql://user:password@host:5432/name") from None
    if not parameters.get("dbname"):
        raise ImproperlyConfigured(f"{name} names no database: postgresql://user:password@host:5432/name")
    return parameters


def _settings(name: str, url: str, data_dir: Path, session: str) -> dict[str, Any]:
    parameters = parse(name, url)
    embedded = _is_embedded(parameters, data_dir)
    options = f"{session} {parameters.pop('options', '')}".strip()
    return {
        "ENGINE": "config.postgres",
        "NAME": parameters.pop("dbname"),
        "USER": parameters.pop("user", ""),
        "PASSWORD": parameters.pop("password", ""),
        "HOST": parameters.pop("host", ""),
        "PORT": parameters.pop("port", ""),
        "OPTIONS": {
            **TRANSPORT,
            **parameters,
            **({"options": options} if options else {}),
            # Django forbids prepared statements unless told otherwise; its own queries, bound by the client, never are.
            "prepare_threshold": 5,
        },
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Where the backend finds the server to start before it connects; "" for a server that others run.
        "EMBEDDED_HOME": str(embedded_home(data_dir)) if embedded else "",
    }


def _is_embedded(parameters: dict[str, str], data_dir: Path) -> bool:
    """Say whether this is the embedded server of `data_dir`, on whichever database (a demo's, a test's)."""
    return parameters.get("host") == str(Place(embedded_home(data_dir)).socket)


def _url(parameters: dict[str, str]) -> str:
    rest = dict(parameters)
    name, user, password = rest.pop("dbname"), rest.pop("user", ""), rest.pop("password", "")
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return f"postgresql://{login}{'@' if login else ''}/{quote(name, safe='')}?{urlencode(rest, quote_via=quote)}"
