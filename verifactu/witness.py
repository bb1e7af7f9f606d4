"""A witness outside the database: how far each chain had got when something of it last left the house.

A restored database is behind it. One small file per chain, in the documents folder, which outlives the database and is
shared by all workers. Whoever lets something out (a submission, a rendered invoice) notes the record here first, so
that nothing is known outside of which the witness does not know.
"""

import fcntl
import json
import os
import tempfile
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.conf import settings


class Seen(NamedTuple):
    """The furthest record of a chain that left the house."""

    seq: int
    huella: str
    num_serie: str


def read(installation_id: UUID) -> Seen | None:
    """Return what the witness saw of a chain; None when it never saw it.

    :raises ValueError: for a file that was damaged.
    """
    try:
        told = json.loads(_file(installation_id).read_bytes())
    except FileNotFoundError:
        return None
    return Seen(int(told["seq"]), str(told["huella"]), str(told["num_serie"]))


def note(installation_id: UUID, seen: Seen) -> None:
    """Write down that this record is about to leave, on disk before this returns; never less than before."""
    before = read(installation_id)
    if before and before.seq >= seen.seq:
        return
    file = _file(installation_id)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (file.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = read(installation_id)
        if before is None or before.seq < seen.seq:
            _write(file, seen)


def correct(installation_id: UUID, seen: Seen) -> None:
    """Set the witness to what a comparison with the AEAT has shown, also when that is less."""
    file = _file(installation_id)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (file.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _write(file, seen)


def _file(installation_id: UUID) -> Path:
    folder: Path = settings.DOCUMENTS_DIR
    return folder / "witness" / f"{installation_id}.json"


def _write(file: Path, seen: Seen) -> None:
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".", suffix=".part", delete=False) as part:
        json.dump(seen._asdict(), part)
        part.flush()
        os.fsync(part.fileno())
    Path(part.name).replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
