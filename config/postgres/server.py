"""The embedded PostgreSQL: made on first use, shared by every process of one DATA_DIR, stopped by its keeper.

`ensure` is the only door. Its map:

1. under the start lock, become a user (a shared lock that the kernel frees however the process ends);
2. no cluster yet: make one beside its place, roles and database included, and rename it into place;
3. nobody answers on the socket: start it, also after a kill -9 of the postmaster;
4. no keeper: start one. It stops the server under the same start lock when nobody uses it any more.

Only the socket tells whether the server lives: after a kill -9 its pid may look alive for long.
"""

import os
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from config.postgres.binaries import EmbeddedPostgresError, Programs, environment, programs
from config.postgres.place import Place, open_lock, same_file, share_lock, starting_or_stopping, try_lock

DATABASE = "encadena"
OWNER_ROLE = "encadena_owner"
APP_ROLE = "encadena_app"

BOOTSTRAP = f"""
CREATE ROLE {OWNER_ROLE} LOGIN CREATEDB
CREATE ROLE {APP_ROLE} LOGIN
GRANT pg_signal_backend TO {OWNER_ROLE}
CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}
"""
"""One statement a line, as single-user mode reads them. The owner ends sessions to drop a test's database."""

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_checkpoints": "off",
    "timezone": "UTC",
    # Statements and the DETAIL of an error carry customers' data; a log file is no place for them.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""PostgreSQL's message formats, `SSLRequest`: length and code."""
START_DEADLINE = 30.0
"""Seconds to wait for what a killed postmaster left: its orphans finish their statement first."""
LARGEST_LOG = 10_000_000
PROJECT = Path(__file__).resolve().parent.parent.parent

_held: dict[Path, int] = {}


def ensure(home: Path) -> Path:
    """Return the socket folder of the server at `home`, running, and count this process among its users.

    Costs about a millisecond when it is up, a tenth of a second when it must start, one when it must be made.

    :raises EmbeddedPostgresError: when there is no PostgreSQL here, or it does not start; with the server's words.
    """
    place = Place(home)
    if not (_is_user(place) and answers(place)):
        place.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.socket_folder.mkdir(mode=0o700, exist_ok=True)
        with starting_or_stopping(place):
            _become_user(place)
            _link_socket(place)
            if not answers(place):
                _bring_up(place)
    _have_keeper(place)
    return place.socket


def release(home: Path) -> None:
    """Stop counting this process among the users of the server at `home`; its connections must be closed."""
    descriptor = _held.pop(Place(home).home, None)
    if descriptor is not None:
        os.close(descriptor)


def stop(home: Path) -> None:
    """Stop the server at `home` now, whoever uses it; the next `ensure` starts it again."""
    place = Place(home)
    with starting_or_stopping(place):
        stop_under_lock(place)


def stop_under_lock(place: Place) -> None:
    """Stop the server in good order; the caller holds the start lock.

    :raises EmbeddedPostgresError: when it still answers afterwards.
    """
    result = programs(place).run("pg_ctl", "stop", "-D", place.data, "-m", "fast", "-w", "-t", "60")
    if answers(place):
        raise EmbeddedPostgresError(f"pg_ctl stop failed:\n{result.stdout}{result.stderr}")


def answers(place: Place) -> bool:
    """Say whether a server answers on the socket, be it only that it is recovering.

    A connection alone proves nothing: a dying postmaster's socket still takes some. So we ask for TLS, which it
    answers with one byte, and hang up, which it does not log.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(place.socket_file))
            probe.sendall(SSL_REQUEST)
            return probe.recv(1) in (b"S", b"N")
        except OSError:
            return False


def _is_user(place: Place) -> bool:
    return place.home in _held and same_file(_held[place.home], place.users)


def _become_user(place: Place) -> None:
    if not _is_user(place):
        release(place.home)
        _held[place.home] = open_lock(place.users)
    share_lock(_held[place.home])
    # A use shorter than the keeper's pace is seen by this.
    os.utime(_held[place.home])


def _link_socket(place: Place) -> None:
    """Make the short name of a socket folder whose own path is too long for the kernel.

    :raises EmbeddedPostgresError: when somebody else's file has that name.
    """
    link = place.socket
    if link == place.socket_folder:
        return
    try:
        link.symlink_to(place.socket_folder)
    except FileExistsError:
        if link.lstat().st_uid != os.getuid() or not link.is_symlink() or link.readlink() != place.socket_folder:
            raise EmbeddedPostgresError(f"{link} is not ours: remove it, or set DATA_DIR to a shorter path") from None


def _bring_up(place: Place) -> None:
    tools = programs(place)
    if not place.data.exists():
        _create(place, tools)
    _start(place, tools)


def _create(place: Place, tools: Programs) -> None:
    """Make the cluster under another name, then rename it: what is in place is whole, however often we were killed."""
    for leftover in place.home.glob("data.new-*"):
        shutil.rmtree(leftover)
    fresh = place.home / f"data.new-{os.getpid()}"
    tools.must("initdb", "-D", fresh, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    tools.must("postgres", "--single", "-D", fresh, "-c", "exit_on_error=on", "postgres", text=BOOTSTRAP.lstrip())
    fresh.rename(place.data)


def _start(place: Place, tools: Programs) -> None:
    if place.log.exists() and place.log.stat().st_size > LARGEST_LOG:
        place.log.replace(place.log.with_suffix(".log.1"))
    options = {**SERVER_SETTINGS, "unix_socket_directories": f'"{place.socket}"'}
    command_line = shlex.join(f"--{name}={value}" for name, value in options.items())
    deadline = time.monotonic() + START_DEADLINE
    while True:
        _clear_stale_locks(place)
        said_before = place.log.stat().st_size if place.log.exists() else 0
        tools.run("pg_ctl", "start", "-D", place.data, "-l", place.log, "-w", "-t", "120", "-o", command_line)
        if answers(place):
            return
        said = place.log.read_bytes()[said_before:].decode(errors="replace") if place.log.exists() else ""
        left_behind = "lock file" in said or "still in use" in said
        if not left_behind or time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"PostgreSQL does not start ({place.log}):\n{said}")
        time.sleep(0.1)


def _clear_stale_locks(place: Place) -> None:
    """Remove the lock files of a dead postmaster whose pid looks alive: a zombie, or a pid that is used again.

    PostgreSQL itself asks only whether the pid exists. We hold the start lock, nobody answers, and on Linux we can
    see whether any process works in the data folder, as each of a server's does; elsewhere waiting must do.
    """
    locks = [place.pid_file, place.socket_folder / f"{place.socket_file.name}.lock"]
    if any(map(Path.exists, locks)) and Path("/proc/self/cwd").exists() and not _somebody_works_in(place.data):
        for lock in locks:
            lock.unlink(missing_ok=True)


def _somebody_works_in(folder: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").samefile(folder):
                return True
        except PermissionError:
            # Another user's process. If it is a PostgreSQL it might be ours, run as that user: do no harm.
            if _is_live_postgres(process):
                return True
        except OSError:
            continue  # Ended meanwhile, or a zombie: it works nowhere.
    return False


def _is_live_postgres(process: Path) -> bool:
    try:
        name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return False
    return name == "postgres" and not rest.strip().startswith("Z")


def _have_keeper(place: Place) -> None:
    """Start a keeper unless one holds the keeper lock; it inherits that lock, so there is never a second one."""
    descriptor = open_lock(place.keeper_lock)
    try:
        if try_lock(descriptor):
            with place.log.open("ab") as log:
                subprocess.run(
                    [sys.executable, "-m", "config.postgres.keeper", str(place.home), str(descriptor)],
                    cwd=PROJECT,
                    env=environment(),
                    pass_fds=(descriptor,),
                    start_new_session=True,
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
    finally:
        os.close(descriptor)
