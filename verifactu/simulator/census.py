"""The NIFs that exist, with their names, and who may act for whom.

Without a census every well-formed one does; without powers nobody.
"""

import re
from dataclasses import dataclass
from pathlib import Path

_SHAPE = re.compile(r"[0-9A-Z]\d{7}[0-9A-Z]")


STATES = ("BAJA", "REVOCADO")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the census says of a NIF: BAJA, REVOCADO or nothing, and its name; without one, any name is its own."""

    state: str = ""
    name: str = ""


class Census:
    """A file with one NIF a line, perhaps BAJA or REVOCADO, and its name; read again when it changes.

    `powers` is a file with two on each line, an attorney's, successor's or colaborador social's and that of the
    taxpayer for whom it may act (verifactu.md 1.6); read at each question.
    """

    def __init__(self, file: Path | None = None, powers: Path | None = None) -> None:
        self._file, self._powers = file, powers
        self._stamp: tuple[int, int] | None = None
        self._entries: dict[str, Entry] = {}

    def knows(self, nif: str) -> bool:
        """Return whether the NIF is in the census; true of every one when there is none.

        :raises OSError: when the file cannot be read.
        """
        return self.find(nif) is not None

    def find(self, nif: str) -> Entry | None:
        """Return what the census says of a NIF, None of one that it does not know.

        :raises OSError: when the file cannot be read.
        """
        return Entry() if self._file is None else self._read(self._file).get(nif)

    def lets(self, presenter: str, taxpayer: str) -> bool:
        """Return whether the holder of a certificate may act for a taxpayer; for oneself everybody may.

        :raises OSError: when the file cannot be read.
        """
        if presenter == taxpayer:
            return True
        lines = self._powers.read_text("utf-8").upper().splitlines() if self._powers else []
        return [presenter, taxpayer] in [line.split()[:2] for line in lines]

    def _read(self, file: Path) -> dict[str, Entry]:
        about = file.stat()
        stamp = (about.st_mtime_ns, about.st_size)
        if stamp != self._stamp:
            lines = (line.split() for line in file.read_text("utf-8").splitlines())
            self._entries = {
                words[0].upper(): _entry(words[1:]) for words in lines if words and not words[0].startswith("#")
            }
            self._stamp = stamp
        return self._entries


def _entry(words: list[str]) -> Entry:
    state = words[0] if words and words[0] in STATES else ""
    return Entry(state, " ".join(words[1:] if state else words))


def well_formed(nif: str) -> bool:
    """Return whether the text has the shape of a Spanish NIF; its control character is not judged."""
    return _SHAPE.fullmatch(nif) is not None
