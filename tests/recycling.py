"""Databases used again: deleting what a test wrote costs a fifth of dropping its database and cloning another.

Only rows may have come. A database whose tables, rights, triggers or functions a test changed, whose reference rows
(content types, permissions) it touched, or to which somebody is still connected, is dropped as before.
"""

from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from tests.deadline import eventually

SCHEMA = """
    SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
        SELECT concat_ws(' ', oid, relname, relkind, relacl, reloptions, relhastriggers) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', attrelid, attname, attacl) FROM pg_attribute WHERE attacl IS NOT NULL
        UNION ALL SELECT concat_ws(' ', tgrelid, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT concat_ws(' ', oid, proname, md5(prosrc), proacl) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', oid, nspname, nspacl) FROM pg_namespace WHERE nspname !~ '^pg_'
        UNION ALL SELECT concat_ws(' ', setrole, setconfig) FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AS catalogue(line)
"""
TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname
"""
# A row of another table must go before the row that it points to; Django's own keys are looked at when all is done.
REFERENCES = """
    SELECT DISTINCT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
    WHERE contype = 'f' AND NOT condeferrable AND conrelid <> confrelid
"""
SEQUENCES = """
    SELECT schemaname || '.' || quote_ident(sequencename), coalesce(last_value, start_value), last_value IS NOT NULL
    FROM pg_sequences WHERE schemaname = 'public'
"""
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


@dataclass(frozen=True)
class Blank:
    """A database as migrations leave it: what it is made of, its rows of reference, where its sequences stand."""

    schema: str
    reference: dict[str, Any]
    sequences: list[tuple[str, int, bool]]

    @classmethod
    def of(cls, owner_url: str) -> "Blank":
        """Look at a database nobody has used."""
        with psycopg.connect(owner_url, autocommit=True) as session:
            return cls(
                schema=_one(session, SCHEMA),
                reference={table: _content(session, table) for table in _filled(session)},
                sequences=session.execute(SEQUENCES).fetchall(),
            )

    def restore(self, owner_url: str, name: str) -> bool:
        """Delete what was written into a copy of it; False when that would not make it blank again."""
        with psycopg.connect(owner_url, autocommit=True) as session:
            try:
                eventually(lambda: _one(session, SESSIONS, name) == 0, 0.5, every=0.01)
            except AssertionError:
                return False
            if _one(session, SCHEMA) != self.schema:
                return False
            filled = _filled(session)
            if any(table not in filled or _content(session, table) != md5 for table, md5 in self.reference.items()):
                return False
            with session.transaction():
                written = _in_order(session, [table for table in filled if table not in self.reference])
                for table in written:
                    # Ledgers refuse it to their owner too.
                    session.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
                    session.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                session.execute("SET CONSTRAINTS ALL IMMEDIATE")
                for table in written:
                    session.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))
                session.execute(
                    "SELECT setval(name::regclass, value, called)"
                    " FROM unnest(%s::text[], %s::bigint[], %s::bool[]) AS s(name, value, called)",
                    [list(column) for column in zip(*self.sequences, strict=True)],
                )
            return True


def _filled(session: psycopg.Connection) -> list[str]:
    tables = [table for (table,) in session.execute(TABLES)]
    probe = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table), sql.Identifier(table))
        for table in tables
    )
    return [table for (table,) in session.execute(probe)]


def _content(session: psycopg.Connection, table: str) -> Any:
    query = sql.SQL("SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {} AS t").format(sql.Identifier(table))
    return _one(session, query)


def _in_order(session: psycopg.Connection, tables: list[str]) -> list[str]:
    """Return the tables, those that point first."""
    pointing = session.execute(REFERENCES).fetchall()
    ordered: list[str] = []
    while len(ordered) < len(tables):
        left = [table for table in tables if table not in ordered]
        free = [t for t in left if not any(target == t and source in left for source, target in pointing)]
        ordered += free or left
    return ordered


def _one(session: psycopg.Connection, query: LiteralString | sql.Composed, *values: object) -> Any:
    row = session.execute(query, values or None).fetchone()
    assert row
    return row[0]
