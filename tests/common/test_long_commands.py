"""What long commands share: how far they are is told, and no more than a page is in memory."""

import io
import sys

import pytest

from common.clock import now
from common.progress import progress
from common.verification import in_pages
from tests.databases import Database
from workflows.models import Alert


@pytest.mark.parametrize(("count", "size", "told"), [(5, 2, [2, 4, 5]), (4, 2, [2, 4]), (0, 2, []), (3, 10, [3])])
def test_every_row_comes_once_and_in_order(fresh_database: Database, count: int, size: int, told: list[int]) -> None:
    for n in range(count):
        Alert(at=now(), kind="lane_paused", subject=str(n), text="x").save()
    heard: list[int] = []
    rows = list(in_pages(Alert.objects.all(), size=size, tell=heard.append))
    assert [row.pk for row in rows] == sorted(Alert.objects.values_list("pk", flat=True))
    assert heard == told


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("terminal", "as_json"), [(False, False), (False, True), (True, True)])
def test_without_a_terminal_and_with_json_a_part_is_a_line(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, as_json: bool
) -> None:
    stderr = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    said: list[str] = []
    with progress(said.append, as_json=as_json) as teller:
        part = teller.part("chain A", 10)
        part.at(5)
        part.end(10)
        teller.part("chain B")
    assert said == ["chain A", "chain B"]
    assert stderr.getvalue() == ""


def test_on_a_terminal_a_part_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    said: list[str] = []
    with progress(said.append, as_json=False) as teller:
        part = teller.part("chain A", 10)
        part.at(5)
        part.end(10)
    assert said == []
    assert "chain A" in stderr.getvalue()
