"""A ZIP that is written as a stream, says the SHA-256 of each of its files, and is there whole or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

from invoicing import sheets
from invoicing.documents import sync
from invoicing.inspection.cells import Value, cells

MANIFEST = "MANIFIESTO.sha256"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file: the earliest a ZIP knows, so that equal contents make equal bytes."""
_READABLE = 0o644 << 16
_UNIX = 3
_AT_ONCE = 1 << 20


class Table(NamedTuple):
    """A CSV that grows beside the other files; it is added to the archive when it is whole."""

    spool: IO[bytes]
    zone: ZoneInfo

    def row(self, *values: Value) -> None:
        """Write a line of values."""
        self.lines([cells(list(values), self.zone)])

    def lines(self, rows: Sequence[Sequence[str]]) -> None:
        """Write lines of finished cells."""
        self.spool.write(sheets.encoded(rows))


class Archive:
    """Takes files in, one after another. In memory are the one that is being added, and the names of all."""

    def __init__(self, zip: ZipFile, folder: Path, zone: ZoneInfo, manifest: IO[bytes]) -> None:
        self._zip = zip
        self._folder = folder
        self._zone = zone
        self._manifest = manifest

    def add(self, name: str, data: bytes, *, pressed: bool = False) -> None:
        """Add a file.

        :param pressed: its format is a compressed one already.
        :raises FileExistsError: when there is one of that name.
        """
        self._zip.writestr(self._entry(name, ZIP_STORED if pressed else ZIP_DEFLATED), data)
        self._list(name, hashlib.sha256(data).hexdigest())

    @contextmanager
    def table(self, name: str, *heads: Sequence[str]) -> Iterator[Table]:
        """Open a CSV under its header lines; it is added at the end of the block, and other files meanwhile."""
        with spool_in(self._folder) as spool:
            spool.write(sheets.BOM)
            table = Table(spool, self._zone)
            table.lines(heads)
            yield table
            self._add_spool(name, spool)

    def finish(self) -> None:
        """Add the manifest, which is about all files before it."""
        self._add_spool(MANIFEST, self._manifest, listed=False)

    def _add_spool(self, name: str, spool: IO[bytes], *, listed: bool = True) -> None:
        entry = self._entry(name, ZIP_DEFLATED)
        entry.file_size = spool.tell()
        spool.seek(0)
        digest = hashlib.file_digest(spool, "sha256").hexdigest()  # type: ignore[arg-type] # a file of ours
        spool.seek(0)
        with self._zip.open(entry, "w") as out:
            shutil.copyfileobj(spool, out, _AT_ONCE)
        if listed:
            self._list(name, digest)

    def _entry(self, name: str, how: int) -> ZipInfo:
        if name in self._zip.NameToInfo:
            raise FileExistsError(f"two files would be called {name}")
        entry = ZipInfo(name, _EPOCH)
        entry.compress_type, entry.external_attr, entry.create_system = how, _READABLE, _UNIX
        return entry

    def _list(self, name: str, digest: str) -> None:
        self._manifest.write(f"{digest}  {name}\n".encode())


@contextmanager
def writing(target: Path, zone: ZoneInfo) -> Iterator[Archive]:
    """Write an archive to a half-made file beside `target`, which takes its name when it is whole and on the disk.

    A failure leaves no file; a kill leaves a hidden one that ends in `.part` and that nothing takes for whole.
    Only our own user may read it: it holds what is in invoices.
    """
    with tempfile.NamedTemporaryFile(
        dir=target.parent, prefix=f".{target.name}.", suffix=".part", delete=False
    ) as file:
        try:
            with spool_in(target.parent) as manifest, ZipFile(file, "w") as zip:
                archive = Archive(zip, target.parent, zone, manifest)
                yield archive
                archive.finish()
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    sync(target.parent)


def spool_in(folder: Path) -> IO[bytes]:
    """Open a file without a name, of which nothing is left whatever happens; beside the target, where there is room."""
    return tempfile.TemporaryFile(dir=folder)
