"""The files of one embedded server, and the two file locks that say who starts it and who uses it."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOCKET_FILE = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100
"""Bytes. The kernel takes 107 on Linux and 103 on macOS."""

TEMPORARY_FOLDERS = (tempfile.gettempdir(), "/tmp")  # noqa: S108 - a name in it is used only when it is our own link


class Place:
    """Where one embedded server lives; nothing is created by naming it."""

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self.data = self.home / "data"
        self.log = self.home / "server.log"
        self.start_lock = self.home / "start.lock"
        self.users = self.home / "users"
        """Every process that uses the server holds a shared lock on it; the kernel gives it back on kill -9."""
        self.keeper_lock = self.home / "keeper.lock"
        self.socket_folder = self.home / "s"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def socket(self) -> Path:
        """The folder to give to libpq as `host`: the socket's own, or a short link to it in the temporary folder.

        A comma would split the path into two hosts, so it is linked too.
        """
        if _fits(self.socket_folder) and "," not in str(self.socket_folder):
            return self.socket_folder
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        links = [Path(folder) / f"encadena-pg-{os.getuid()}-{digest}" for folder in TEMPORARY_FOLDERS]
        return next(filter(_fits, links))

    @property
    def socket_file(self) -> Path:
        return self.socket / SOCKET_FILE


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_FILE)) <= LONGEST_SOCKET_PATH


def open_lock(file: Path) -> int:
    """Return a descriptor of `file`, made if need be, that survives fork and not exec."""
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int) -> bool:
    """Take the exclusive lock at once, and say whether that worked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def share_lock(descriptor: int) -> None:
    """Take the shared lock, or turn the exclusive one into it; waits for whoever has it alone."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def unlock(descriptor: int) -> None:
    """Give the lock back and keep the descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def starting_or_stopping(place: Place) -> Iterator[None]:
    """Hold the start lock: one process at a time changes whether the server runs."""
    descriptor = open_lock(place.start_lock)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def same_file(descriptor: int, file: Path) -> bool:
    """Say whether `file` is still what the descriptor was opened on (a deleted data folder takes it away)."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False
