"""The simulator's directory: private to its owner, and safe when several processes prepare it at once."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def prepare(directory: Path) -> Path:
    """Make the directory, for its owner only, unless it is there; return its absolute path."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory.resolve()


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Keep every other process out of this block; the kernel lets go of the lock when ours dies."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read; whoever looks sees all of it or what was there before."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
