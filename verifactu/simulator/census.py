"""The NIFs that exist. Without a census every well-formed one does."""

import re
from pathlib import Path

_SHAPE = re.compile(r"[0-9A-Z]\d{7}[0-9A-Z]")


class Census:
    """A file with one NIF a line, what follows it on the line being a note; read again when it changes."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._nifs: frozenset[str] = frozenset()

    def knows(self, nif: str) -> bool:
        """Return whether the NIF is in the census; true of every one when there is none.

        :raises OSError: when the file cannot be read.
        """
        return self._file is None or nif in self._read(self._file)

    def _read(self, file: Path) -> frozenset[str]:
        about = file.stat()
        stamp = (about.st_mtime_ns, about.st_size)
        if stamp != self._stamp:
            lines = (line.split() for line in file.read_text("utf-8").splitlines())
            self._nifs = frozenset(words[0].upper() for words in lines if words and not words[0].startswith("#"))
            self._stamp = stamp
        return self._nifs


def well_formed(nif: str) -> bool:
    """Return whether the text has the shape of a Spanish NIF; its control character is not judged."""
    return _SHAPE.fullmatch(nif) is not None
