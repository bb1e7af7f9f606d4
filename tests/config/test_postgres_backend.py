"""Django, `migrate` and Procrastinate on the embedded server, in the two roles."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from procrastinate.contrib.django.django_connector import DjangoConnector

from common import grants
from config.postgres.owner import as_owner
from config.postgres.server import PROJECT
from tests.conftest import PrivateServer
from tests.databases import Database, TestServer, pointed_at


class TestConnecting:
    @pytest.mark.parametrize("command", [["makemigrations", "--check", "--dry-run"], ["check"]], ids=lambda c: c[0])
    def test_a_command_that_needs_no_database_starts_none(self, tmp_path: Path, command: list[str]) -> None:
        env = {key: value for key, value in os.environ.items() if not key.endswith("DATABASE_URL")}
        result = subprocess.run(
            [sys.executable, "-m", "django", *command],
            env={**env, "DATA_DIR": str(tmp_path)},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in result.stderr
        assert "history" not in result.stderr
        assert not (tmp_path / "pg").exists()

    def test_the_first_connection_starts_the_server_and_one_after_a_kill_does_too(
        self, private_server: PrivateServer, django_db_blocker: object
    ) -> None:
        with django_db_blocker.unblock(), pointed_at(private_server.database):  # type: ignore[attr-defined]
            assert scalar("SELECT current_user") == "encadena_app"
            os.kill(private_server.postmaster, signal.SIGKILL)
            with pytest.raises(OperationalError):
                scalar("SELECT pg_sleep(10)")
            connection.close_if_unusable_or_obsolete()
            assert scalar("SELECT current_user") == "encadena_app"

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("parameter", "value"),
        [("idle_in_transaction_session_timeout", "10s"), ("lock_timeout", "5s"), ("statement_timeout", "30s")],
    )
    def test_sessions_of_the_application_have_time_limits(self, parameter: str, value: str) -> None:
        assert scalar(f"SHOW {parameter}") == value

    def test_procrastinates_worker_connects_with_the_same_role_and_limits(self, fresh_database: Database) -> None:
        async def ask() -> list[dict[str, object]]:
            connector = DjangoConnector().get_worker_connector()
            await connector.open_async()
            try:
                return await connector.execute_query_all_async(
                    "SELECT current_user AS role, current_database() AS name,"
                    " current_setting('lock_timeout') AS lock_timeout"
                )
            finally:
                await connector.close_async()

        expected = {"role": "encadena_app", "name": fresh_database.name, "lock_timeout": "5s"}
        if connection.settings_dict["USER"] != "encadena_app":
            expected["role"] = connection.settings_dict["USER"]
        assert asyncio.run(ask()) == [expected]


class TestMigrate:
    def test_the_owner_owns_every_table_and_the_application_none(self, fresh_database: Database) -> None:
        with as_owner(connection):
            owner = scalar("SELECT current_user")
        application = scalar("SELECT current_user")
        assert owner != application
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
            assert cursor.fetchall() == [(owner,)]

    def test_the_catalogue_holds_the_computed_grants(self, fresh_database: Database) -> None:
        assert grants.differences(connection) == []

    def test_it_repairs_grants_that_somebody_changed(self, fresh_database: Database) -> None:
        application = connection.settings_dict["USER"]
        with as_owner(connection), connection.cursor() as cursor:
            cursor.execute(f"GRANT TRUNCATE, UPDATE ON django_migrations TO {application}")
            cursor.execute(f"REVOKE SELECT ON django_content_type FROM {application}")
        assert grants.differences(connection) == [
            f"django_content_type: {application} lacks SELECT",
            f"django_migrations: {application} has UPDATE and should not",
            f"django_migrations: {application} has TRUNCATE and should not",
        ]
        call_command("migrate", verbosity=0)
        assert grants.differences(connection) == []

    def test_the_alias_is_the_applications_again_afterwards(self, fresh_database: Database) -> None:
        before = scalar("SELECT current_user")
        call_command("migrate", verbosity=0)
        assert scalar("SELECT current_user") == before

    def test_looking_at_the_plan_changes_no_grant(self, fresh_database: Database) -> None:
        application = connection.settings_dict["USER"]
        with as_owner(connection), connection.cursor() as cursor:
            cursor.execute(f"GRANT TRUNCATE ON django_content_type TO {application}")
        call_command("migrate", "--plan", verbosity=0, stdout=io.StringIO())
        call_command("migrate", "--check", verbosity=0)
        assert grants.differences(connection) == [f"django_content_type: {application} has TRUNCATE and should not"]

    def test_one_role_for_all_is_told_by_migrate_and_by_the_comparison(self, fresh_database: Database) -> None:
        alone = Database(
            fresh_database.name, fresh_database.owner_url, fresh_database.owner_url, fresh_database.data_dir
        )
        told = io.StringIO()
        with pointed_at(alone):
            call_command("migrate", verbosity=0, stderr=told)
            (difference,) = grants.differences(connection)
        assert "owns the tables" in told.getvalue()
        assert "owns the tables" in difference

    @pytest.mark.faults
    def test_two_at_once_on_an_empty_database_both_succeed(self, test_server: TestServer) -> None:
        database = test_server.empty()
        both = [
            subprocess.Popen(
                [sys.executable, "-m", "django", "migrate"],
                env={**os.environ, **database.env},
                cwd=PROJECT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for _ in range(2)
        ]
        said = [process.communicate()[0] for process in both]
        assert [process.returncode for process in both] == [0, 0], "\n".join(said)
        assert sorted("No migrations to apply" in words for words in said) == [False, True]
        test_server.drop(database)

    @pytest.mark.django_db
    def test_the_owner_is_refused_inside_a_transaction(self) -> None:
        with pytest.raises(ImproperlyConfigured), as_owner(connection):
            pass


class TestTheApplicationRole:
    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TABLE mine (n int)",
            "TRUNCATE django_content_type",
            "DROP TABLE django_content_type",
            "ALTER TABLE django_content_type DISABLE TRIGGER ALL",
            "DELETE FROM django_migrations",
        ],
    )
    def test_may_not(self, statement: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), transaction.atomic():
            execute(statement)

    @pytest.mark.django_db
    def test_may_work_with_the_queue(self) -> None:
        DjangoConnector().execute_query("DELETE FROM procrastinate_jobs WHERE false")


def execute(statement: str) -> None:
    """Run a statement, with psycopg's own error when it fails."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        raise error.__cause__ or error from None


def scalar(query: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]
