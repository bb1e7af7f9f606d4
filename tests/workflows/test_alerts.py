"""Alerts: a row in the caller's transaction, receivers after its commit, and nobody hurt by them."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from common import clock
from tests.workflows import bench
from tests.workflows.bench import Bread, drain, start, state
from workflows import alerts
from workflows.alerts import Kind, alert, forget, tell
from workflows.errors import Abort
from workflows.models import Alert, Process
from workflows.rows import sql
from workflows.tick import MAX_RECOVERIES, tick

Register = Callable[[alerts.Receiver], None]


@pytest.fixture
def receivers() -> Iterator[Register]:
    """Register receivers for the length of the test."""
    registered: list[alerts.Receiver] = []

    def register(receiver: alerts.Receiver) -> None:
        tell(receiver)
        registered.append(receiver)

    yield register
    for receiver in registered:
        forget(receiver)


def ring() -> Alert:
    return alert(Kind.LANE_PAUSED, "bakery", "out of flour", "tenant", clock.now())


class TestAlert:
    def test_is_told_after_the_commit_and_not_before(self, receivers: Register) -> None:
        heard: list[tuple[str, bool]] = []
        receivers(lambda row: heard.append((row.subject, connection.in_atomic_block)))
        with transaction.atomic():
            ring()
            assert not heard
        assert heard == [("bakery", False)]

    def test_that_is_rolled_back_is_neither_kept_nor_told(self, receivers: Register) -> None:
        heard: list[Alert] = []
        receivers(heard.append)
        with transaction.atomic():
            ring()
            transaction.set_rollback(True)
        assert not heard
        assert not Alert.objects.exists()

    def test_reaches_the_others_when_a_receiver_breaks(
        self, receivers: Register, caplog: pytest.LogCaptureFixture
    ) -> None:
        heard: list[Alert] = []

        def broken(row: Alert) -> None:
            raise OSError("no loudspeaker")

        receivers(broken)
        receivers(heard.append)
        with transaction.atomic():
            row = ring()
        assert heard == [row]
        assert Alert.objects.get() == row
        (told,) = [record for record in caplog.records if record.name == "workflows.alerts"]
        assert (told.levelno, told.exc_info is not None) == (logging.ERROR, True)

    def test_is_never_changed_nor_deleted(self) -> None:
        ring()
        for statement in ("UPDATE workflows_alert SET text = 'all is well'", "DELETE FROM workflows_alert"):
            with pytest.raises(Exception, match="permission denied"):
                sql(statement)

    def test_refuses_a_kind_that_nobody_knows(self) -> None:
        with pytest.raises(ValueError, match="fire"):
            alert("fire", "bakery", "", "", clock.now())


class TestProcess:
    def test_held_after_its_last_failure(self) -> None:
        bench.faults.append(Abort("no flour"))
        process = start(bench.in_order, Bread("one"))
        drain()
        row = Alert.objects.get()
        assert state(process) == "held"
        assert (row.kind, row.subject, row.process) == ("process_held", "queue", process)
        assert "knead: Abort: no flour" in row.text

    def test_failed(self) -> None:
        bench.faults.append(Abort("no flour"))
        process = start(bench.bakery, Bread("one"))
        drain()
        row = Alert.objects.get()
        assert (row.kind, row.subject, row.process) == ("process_failed", "bakery", process)

    def test_that_will_be_tried_again_is_none(self) -> None:
        bench.faults.append(OSError("the oven does not answer"))
        start(bench.bakery, Bread("one"))
        drain()
        assert not Alert.objects.exists()

    def test_held_with_a_question_is_none(self) -> None:
        start(bench.newest_wins, Bread("one"))
        drain()
        assert not Alert.objects.exists()

    def test_held_as_poison(self) -> None:
        process = start(bench.bakery, Bread("one"))
        sql(
            "UPDATE workflows_process SET state = 'processing', lease_until = %s, worker = 'dead', recoveries = %s "
            "WHERE id = %s",
            [datetime.now(UTC) - timedelta(seconds=1), MAX_RECOVERIES - 1, process],
        )
        tick()
        row = Alert.objects.get()
        assert state(process) == "held"
        assert (row.kind, row.subject, row.process) == ("process_held", "bakery", process)
        assert "10 workers in a row" in row.text

    def test_that_is_recovered_is_none(self) -> None:
        process = start(bench.bakery, Bread("one"))
        sql(
            "UPDATE workflows_process SET state = 'processing', lease_until = %s WHERE id = %s",
            [datetime.now(UTC) - timedelta(seconds=1), process],
        )
        tick()
        assert not Alert.objects.exists()

    def test_that_this_code_cannot_run(self) -> None:
        process = start(bench.bakery, Bread("one"))
        Process.objects.filter(pk=process).update(version=99)
        drain()
        row = Alert.objects.get()
        assert (row.kind, row.process) == ("process_held", process)
        assert "deploy the version that holds it" in row.text
