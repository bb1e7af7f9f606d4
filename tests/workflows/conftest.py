"""Every engine test commits for real, in a database of its own, and may move the clock."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.databases import Database
from tests.workflows import bench

PassTime = Callable[[timedelta], None]


@pytest.fixture(autouse=True)
def workbench(fresh_database: Database) -> Iterator[None]:
    """An empty database, no faults to come, no effects yet."""
    bench.effects.clear()
    bench.faults.clear()
    yield
    assert not bench.faults, "a fault that was to be met was not"


@pytest.fixture
def pass_time(tmp_path: Path, settings: Settings) -> PassTime:
    """Move the clock of every process on, by an amount."""
    file = tmp_path / "clock"
    settings.CLOCK_OFFSET_FILE = str(file)
    passed = timedelta()

    def move(by: timedelta) -> None:
        nonlocal passed
        passed += by
        file.write_text(str(passed.total_seconds()))

    return move
