"""How far a long command is: a bar on a terminal, a line per part everywhere else; always on stderr."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn


class Told:
    """One part of the work: what it is called and how much of it is done."""

    def __init__(self, bars: Progress | None, label: str, total: int | None) -> None:
        self._bars = bars
        self._task = bars.add_task(label, total=total) if bars else None

    def at(self, done: int) -> None:
        """Say how much is done."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done)

    def end(self, done: int) -> None:
        """Say that the part is done, however much was announced."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, total=done)


class Teller:
    """Hands out parts."""

    def __init__(self, bars: Progress | None, say: Callable[[str], object]) -> None:
        self._bars = bars
        self._say = say

    def part(self, label: str, total: int | None = None) -> Told:
        """Begin a part."""
        if self._bars is None:
            self._say(label)
        return Told(self._bars, label, total)


@contextmanager
def progress(say: Callable[[str], object], *, as_json: bool) -> Iterator[Teller]:
    """Tell of the parts of a command: by bars on a terminal; by `say`, a line each, elsewhere and with `--json`."""
    if as_json or not sys.stderr.isatty():
        yield Teller(None, say)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TaskProgressColumn(),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bars:
        yield Teller(bars, say)
