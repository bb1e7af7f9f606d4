"""Files that are stored once, under the SHA-256 of their bytes, and never written again.

A file whose row was rolled back is harmless: nothing names it, and the next attempt that makes the same bytes finds it.
"""

import hashlib
import hmac
import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO

import msgspec

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Tampered(Exception):
    """The stored bytes are not the ones whose hash was recorded; restore the file from a backup."""


class StoredDocument(msgspec.Struct, frozen=True):
    """What a row keeps of a stored file: its hash in lower case hexadecimal, its size in bytes."""

    sha256: str
    size: int


class Documents:
    """The files of one kind under one folder, spread as `ab/cd/<sha256>.pdf`."""

    def __init__(self, root: Path, kind: str = "pdf") -> None:
        self.root = root
        self.kind = kind

    def store(self, data: bytes) -> StoredDocument:
        """Write the bytes so that they survive a power cut, or find that they are there already.

        1. A temporary file in the same folder, written and synced.
        2. Renamed into place: readers see all of it or nothing, and two writers of the same bytes both win.
        3. The folder is synced, for the name lives there.
        """
        stored = StoredDocument(hashlib.sha256(data).hexdigest(), len(data))
        path = self.path(stored.sha256)
        if path.exists() and _hash(path.read_bytes()) == stored.sha256:
            # Whoever wrote it may have died before its name was safe.
            sync(path.parent)
            return stored
        _make_folder(path.parent)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        sync(path.parent)
        return stored

    def adopt(self, file: Path) -> StoredDocument:
        """Take in a finished file of the same file system, of any size, under its hash; it leaves where it was."""
        with file.open("rb") as data:
            sha256 = hashlib.file_digest(data, "sha256").hexdigest()
            os.fsync(data.fileno())
        stored = StoredDocument(sha256, file.stat().st_size)
        path = self.path(sha256)
        _make_folder(path.parent)
        file.chmod(0o600)
        file.replace(path)
        sync(path.parent)
        return stored

    def open(self, sha256: str) -> BinaryIO:
        """Return the file under `sha256`, hashed anew and wound back to its beginning; for what is too big to read.

        :raises FileNotFoundError: when it was never stored here.
        :raises Tampered: when it does not hold the bytes that were stored.
        """
        file = self.path(sha256).open("rb")
        if not hmac.compare_digest(hashlib.file_digest(file, "sha256").hexdigest(), sha256):
            file.close()
            raise Tampered(f"{sha256}: {Tampered.__doc__}")
        file.seek(0)
        return file

    def read(self, sha256: str) -> bytes:
        """Return the bytes stored under `sha256`, hashed anew.

        :raises FileNotFoundError: when they were never stored here.
        :raises Tampered: when they are not the bytes that were stored.
        """
        data = self.path(sha256).read_bytes()
        if not hmac.compare_digest(_hash(data), sha256):
            raise Tampered(f"{sha256}: {Tampered.__doc__}")
        return data

    def path(self, sha256: str) -> Path:
        """Return where the bytes of that hash lie, present or not.

        :raises ValueError: for anything but 64 lower case hexadecimal digits, so that no text becomes a path.
        """
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"not a SHA-256: {sha256!r}")
        return self.root / sha256[:2] / sha256[2:4] / f"{sha256}.{self.kind}"


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it; a new name is synced in the folder that holds it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    # Invoices are nobody's business: only our own user may enter.
    folder.mkdir(mode=0o700, exist_ok=True)
    sync(folder.parent)


def sync(folder: Path) -> None:
    """Have the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
