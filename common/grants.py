"""What the application role may do to every table, computed from the models and compared with the catalogue.

A ledger table (`common.ledger.LedgerModel`) can be read and appended to, and only its `mutable` columns updated, and
those `redactable` ones whose every change but one a trigger refuses;
every other table can be read and written; Django's record of migrations can be read. Nothing can be truncated,
altered or owned. The owner of the tables runs `prepare` before and `apply` after migrations.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.apps import apps
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from common.ledger import LedgerModel

PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@dataclass(frozen=True)
class Grant:
    """The privileges on one table, and the columns that may be updated where the table as a whole may not."""

    privileges: frozenset[str]
    columns: frozenset[str] = field(default_factory=frozenset)


READ = Grant(frozenset({"SELECT"}))
READ_AND_WRITE = Grant(frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"}))
READ_AND_APPEND = frozenset({"SELECT", "INSERT"})


def prepare(connection: BaseDatabaseWrapper, role: str) -> None:
    """Give `role` the schema, and what the owner makes from now on: to read and append, until `apply` says more."""
    name, schema = connection.ops.quote_name(role), _schema(connection)
    _execute(
        connection,
        [
            f"REVOKE CREATE ON SCHEMA {schema} FROM {name}, PUBLIC",
            f"GRANT USAGE ON SCHEMA {schema} TO {name}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT ON TABLES TO {name}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {name}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT EXECUTE ON ROUTINES TO {name}",
        ],
    )


def apply(connection: BaseDatabaseWrapper, role: str) -> None:
    """Revoke from `role` whatever it has on the tables and grant what it should have, in one transaction."""
    _execute(connection, statements(connection, role))


def statements(
    connection: BaseDatabaseWrapper, role: str, models: Iterable[type[models.Model]] | None = None
) -> list[str]:
    """Return the SQL of `apply`, for the tables and columns that exist now (a migration may stop half-way).

    :param models: those that say which tables are ledgers; every installed one by default.
    """
    quote, name, schema = connection.ops.quote_name, connection.ops.quote_name(role), _schema(connection)
    lines = []
    for table, grant in _wanted(_tables(connection), models).items():
        items = sorted(grant.privileges)
        if grant.columns:
            items.append(f"UPDATE ({', '.join(map(quote, sorted(grant.columns)))})")
        lines += [
            f"REVOKE ALL ON TABLE {schema}.{quote(table)} FROM {name}",
            f"GRANT {', '.join(items)} ON TABLE {schema}.{quote(table)} TO {name}",
        ]
    lines += [
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {name}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {name}",
    ]
    if routines := _own_routines(connection):
        lines.append(f"GRANT EXECUTE ON ROUTINE {', '.join(routines)} TO {name}")
    return lines


def differences(
    connection: BaseDatabaseWrapper, role: str = "", models: Iterable[type[models.Model]] | None = None
) -> list[str]:
    """Return one sentence for each privilege that `role` has and should not, or lacks; empty when all is well.

    :param role: by default the one that `connection` is logged in as, which is the application's.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(nullif(%s, ''), current_user)", [role])
        role = cursor.fetchone()[0]
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone()[0]:
            return [f"{role} is a superuser: no privilege binds it; use a role without."]
    if _owns_tables(connection, role):
        return [one_role(role)]
    return [*_schema_differences(connection, role), *_table_differences(connection, role, models)]


def one_role(role: str) -> str:
    """Return what to tell the operator who runs the application as the owner of its tables."""
    return (
        f"The application role {role} owns the tables, so no privilege keeps it from changing the ledger; only the "
        "triggers do. Set MIGRATION_DATABASE_URL to an owner and DATABASE_URL to a role that owns nothing."
    )


def _wanted(tables: dict[str, set[str]], ledgers: Iterable[type[models.Model]] | None) -> dict[str, Grant]:
    if ledgers is None:
        ledgers = apps.get_models()
    wanted = dict.fromkeys(tables, READ_AND_WRITE)
    wanted[MigrationRecorder.Migration._meta.db_table] = READ
    for model in ledgers:
        if issubclass(model, LedgerModel):
            table = model._meta.db_table
            open_ones = (*model.mutable, *model.redactable)
            columns = {str(field.column) for field in model._meta.concrete_fields if field.name in open_ones}
            wanted[table] = Grant(READ_AND_APPEND, frozenset(columns & tables.get(table, set())))
    return {table: grant for table, grant in sorted(wanted.items()) if table in tables}


def _schema_differences(connection: BaseDatabaseWrapper, role: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_schema_privilege(%s, current_schema(), 'CREATE'),"
            " has_schema_privilege(%s, current_schema(), 'USAGE')",
            [role, role],
        )
        create, usage = cursor.fetchone()
        cursor.execute(
            # CASE keeps the planner from asking about what is no sequence.
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
            " AND CASE WHEN relkind = 'S' THEN NOT has_sequence_privilege(%s, oid, 'USAGE') ELSE false END"
            " ORDER BY relname",
            [role],
        )
        found = [f"sequence {name}: {role} lacks USAGE" for (name,) in cursor.fetchall()]
    if create:
        found.append(f"schema: {role} has CREATE and should not")
    if not usage:
        found.append(f"schema: {role} lacks USAGE")
    return found


def _table_differences(
    connection: BaseDatabaseWrapper, role: str, ledgers: Iterable[type[models.Model]] | None
) -> list[str]:
    tables = _tables(connection)
    has = _granted(connection, role)
    found = []
    for table, want in _wanted(tables, ledgers).items():
        wrong = sorted(has[table].privileges ^ want.privileges, key=PRIVILEGES.index)
        found += [_sentence(table, role, privilege, too_much=privilege in has[table].privileges) for privilege in wrong]
        found += [
            _sentence(f"{table}.{column}", role, "UPDATE", too_much=column in has[table].columns)
            for column in sorted(has[table].columns ^ want.columns)
        ]
    return found


def _sentence(where: str, role: str, privilege: str, *, too_much: bool) -> str:
    return f"{where}: {role} has {privilege} and should not" if too_much else f"{where}: {role} lacks {privilege}"


def _granted(connection: BaseDatabaseWrapper, role: str) -> dict[str, Grant]:
    """Return what the catalogue says of each table; columns only where the whole table may not be updated."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname,
                   array(SELECT p FROM unnest(%s::text[]) p WHERE has_table_privilege(%s, c.oid, p)),
                   array(SELECT a.attname::text FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                            AND NOT has_table_privilege(%s, c.oid, 'UPDATE')
                            AND has_column_privilege(%s, c.oid, a.attnum, 'UPDATE'))
              FROM pg_class c
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
            """,
            [list(PRIVILEGES), role, role, role],
        )
        return {table: Grant(frozenset(held), frozenset(columns)) for table, held, columns in cursor.fetchall()}


def _tables(connection: BaseDatabaseWrapper) -> dict[str, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
               AND a.attnum > 0 AND NOT a.attisdropped
             GROUP BY c.relname
            """
        )
        return {table: set(columns) for table, columns in cursor.fetchall()}


def _owns_tables(connection: BaseDatabaseWrapper, role: str) -> bool:
    """Say whether `role` owns a table, itself or as a member of its owner."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace = current_schema()::regnamespace AND pg_has_role(%s, relowner, 'MEMBER'))",
            [role],
        )
        return bool(cursor.fetchone()[0])


def _own_routines(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the signatures of the owner's functions; an extension's belong to somebody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
            " AND proowner = current_user::regrole ORDER BY 1"
        )
        return [signature for (signature,) in cursor.fetchall()]


def _schema(connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        return str(cursor.fetchone()[0])


def _execute(connection: BaseDatabaseWrapper, lines: list[str]) -> None:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for line in lines:
            cursor.execute(line)
