"""The evidence as whoever gets it sees it: a ZIP, opened with zipfile, csv, hashlib and sha256sum alone."""

import csv
import hashlib
import io
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from tests.terminal import Said, manage

NIF = "B12345674"
EXPLAINS = ("LEEME.txt", "MANIFIESTO.sha256")
"""The files that say when they were made, and the hash of that."""


class Evidence:
    """An export, unpacked beside itself."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.folder = file.with_suffix("")
        with ZipFile(file) as zip:
            assert zip.testzip() is None
            self.names = zip.namelist()
            entries = zip.infolist()
            self.entries = [(e.filename, e.date_time, e.external_attr, e.compress_type) for e in entries]
            zip.extractall(self.folder)

    def __getitem__(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return the lines of a CSV by the names of its columns."""
        return list(csv.DictReader(io.StringIO(self[name].decode("utf-8-sig"), newline=""), delimiter=";"))

    def under(self, folder: str) -> list[str]:
        """Return the files under a folder, in the order of their names."""
        return sorted(name for name in self.names if name.startswith(f"{folder}/"))

    def text(self) -> Iterator[tuple[str, str]]:
        """Yield each file as text, as far as it is text."""
        for name in self.names:
            yield name, self[name].decode("utf-8", "ignore")

    def assert_manifest(self) -> None:
        """Fail unless the manifest, which comes last, names every other file with its hash, as sha256sum reads it."""
        assert self.names[-1] == "MANIFIESTO.sha256"
        lines = [line.split("  ") for line in self["MANIFIESTO.sha256"].decode().splitlines()]
        listed = {name: digest for digest, name in lines}
        assert listed == {name: hashlib.sha256(self[name]).hexdigest() for name in self.names[:-1]}
        done = subprocess.run(
            ["sha256sum", "-c", "--strict", "--quiet", "MANIFIESTO.sha256"],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (0, ""), done.stderr


def command(out: Path, first: date, last: date, *more: str, nif: str = NIF) -> Said:
    """Run the command as a person does."""
    return manage(
        "export_evidence", "--company", nif, "--from", str(first), "--to", str(last), "--out", str(out), *more
    )


def export(out: Path, first: date, last: date, *more: str, nif: str = NIF, code: int = 0) -> tuple[Evidence, Any]:
    """Export, and return what is inside and what the command said of it."""
    said = command(out, first, last, "--json", *more, nif=nif)
    assert said.code == code, said.stdout + said.stderr
    return Evidence(out), said.json
