"""The floor under every other test: clones, their template, and what a dead run leaves behind."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import connection
from pytest_django import DjangoDbBlocker

from config.postgres.server import APP_ROLE, PROJECT
from invoicing.models import Company
from tests.databases import Database, TestServer, pointed_at
from tests.deadline import eventually, throughout
from tests.world import la_encina

RUN = """
import sys
import django
django.setup()
from tests.databases import TestServer
server = TestServer()
print(server.clone().name, flush=True)
sys.stdin.read()
"""


class TestFreshDatabase:
    @pytest.mark.faults
    def test_commits_are_seen_by_other_threads_and_processes(self, fresh_database: Database) -> None:
        Group.objects.create(name="Contabilidad")
        seen: list[str] = []

        def look() -> None:
            seen.extend(Group.objects.values_list("name", flat=True))
            connection.close()

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        code = (
            "import django; django.setup(); from django.contrib.auth.models import Group;"
            "print(Group.objects.get().name)"
        )
        other = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **fresh_database.env},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert (seen, other.stdout) == (["Contabilidad"], "Contabilidad\n")

    def test_is_empty_again_for_the_next(self, fresh_database: Database, database_url: str) -> None:
        assert not Group.objects.exists()
        assert database_url == fresh_database.url

    @pytest.mark.django_db
    def test_is_not_the_database_of_tests_that_roll_back(self, test_server: TestServer) -> None:
        assert connection.settings_dict["NAME"].startswith(f"encadena_test_{test_server.token}_")


class TestUsedAgain:
    def test_what_was_written_is_gone_from_ledgers_too_and_numbers_begin_anew(
        self, test_server: TestServer, django_db_blocker: DjangoDbBlocker
    ) -> None:
        def story() -> list[tuple[int, int]]:
            la_encina()
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO procrastinate_jobs (task_name, queue_name) VALUES ('x', 'x') RETURNING id")
                return [(Company.objects.count(), cursor.fetchone()[0])]

        names = set()
        for _ in range(2):
            with django_db_blocker.unblock(), used(test_server) as database, pointed_at(database):
                assert not Company.objects.exists()
                assert story() == [(1, 1)]
                names.add(database.name)
        assert len(names) == 1

    @pytest.mark.parametrize(
        "change",
        [
            "CREATE TABLE mine (id int)",
            f"REVOKE SELECT ON invoicing_invoice FROM {APP_ROLE}",
            "ALTER TABLE invoicing_invoice DISABLE TRIGGER USER",
            "UPDATE auth_permission SET name = 'x' WHERE id = 1",
            "DELETE FROM auth_permission WHERE id = 1",
        ],
    )
    def test_one_that_was_changed_is_not(self, test_server: TestServer, change: str) -> None:
        with used(test_server) as changed, psycopg.connect(changed.owner_url, autocommit=True) as session:
            session.execute(change)
        assert changed.name not in existing(test_server)

    def test_nor_one_to_which_somebody_is_connected(self, test_server: TestServer) -> None:
        with used(test_server) as database:
            left = psycopg.connect(database.url)
        assert database.name not in existing(test_server)
        left.close()


class TestLeftovers:
    @pytest.mark.faults
    def test_a_dead_runs_databases_go_and_a_live_ones_stay(
        self, fresh_database: Database, test_server: TestServer
    ) -> None:
        command = [sys.executable, "-c", RUN]
        with subprocess.Popen(command, cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
            assert run.stdout
            left = run.stdout.readline().strip()
            sweep()
            assert {left, fresh_database.name} <= existing(test_server)
            run.kill()

        def swept() -> bool:
            sweep()
            return left not in existing(test_server)

        eventually(swept, message="the dead run's database stayed")
        assert fresh_database.name in existing(test_server)


class TestRefusals:
    def test_a_test_that_would_truncate_fails_and_says_what_to_use(self, tmp_path: Path) -> None:
        (tmp_path / "test_that_truncates.py").write_text(
            "import pytest\n@pytest.mark.django_db(transaction=True)\ndef test_it(): pass\n"
        )
        result = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", str(tmp_path)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 1
        assert "fresh_database instead of django_db(transaction=True)" in result.stdout


class TestWaiting:
    def test_eventually_gives_up_with_its_message(self) -> None:
        with pytest.raises(AssertionError, match="the bus did not come"):
            eventually(lambda: False, seconds=0.1, message="the bus did not come")

    def test_throughout_sees_the_one_moment(self) -> None:
        values = iter([True, True, False])
        with pytest.raises(AssertionError, match="blinked"):
            throughout(lambda: next(values), seconds=5, message="blinked")


@contextmanager
def used(server: TestServer) -> Iterator[Database]:
    database = server.lend()
    yield database
    server.take_back(database)


def sweep() -> None:
    """Do what the next run does at its beginning."""
    TestServer().close()


def existing(server: TestServer) -> set[str]:
    return {name for (name,) in server.session.execute("SELECT datname FROM pg_database")}
