"""A database for one measurement: a clone of the migrated template on the server that the product would use."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.databases import Database, TestServer, pointed_at

BARE_TABLE = """
CREATE TABLE bare_received (
    id uuid PRIMARY KEY, received_at timestamptz NOT NULL, body bytea NOT NULL
);
GRANT SELECT, INSERT ON bare_received TO PUBLIC
"""
"""What somebody without an engine would keep: one row for each thing received, in a table of their own."""


@contextmanager
def a_database() -> Iterator[Database]:
    """Make a database, point Django to it, and drop it at the end."""
    server = TestServer()
    try:
        database = server.clone(durable=True)
        with psycopg.connect(database.owner_url) as owner:
            owner.execute(BARE_TABLE)
        with pointed_at(database):
            yield database
    finally:
        server.close()


@contextmanager
def an_empty_database() -> Iterator[Database]:
    """Make a database without tables for somebody else's, and drop it at the end. Django stays where it points."""
    server = TestServer()
    try:
        yield server.empty()
    finally:
        server.close()
