"""What a running process tells: log lines that carry it, spans when they are wanted, and nothing otherwise."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from common import clock
from common.logs import Carrying, ContextFilter, JsonFormatter
from tests.workflows import bench
from tests.workflows.bench import Answer, Bread, drain, fetch, start
from tests.workflows.conftest import PassTime
from workflows import engine, tokens, tracing
from workflows.errors import Abort
from workflows.rows import sql
from workflows.tick import tick


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Where the spans go meanwhile."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider)
    yield exporter
    tracing.use(None)
    provider.shutdown()


def told(span: ReadableSpan) -> dict[str, object]:
    """The attributes of a span, without their prefix."""
    return {name.removeprefix("workflows."): value for name, value in (span.attributes or {}).items()}


class TestSpans:
    def test_are_one_for_the_process_and_one_for_each_step(self, exporter: InMemorySpanExporter) -> None:
        process = start(bench.bakery, Bread("one"))
        drain()
        *steps, whole = exporter.get_finished_spans()
        assert [span.name for span in steps] == ["step knead", "step bake", "step sell"]
        assert all(span.parent and whole.context and span.parent.span_id == whole.context.span_id for span in steps)
        assert told(steps[0]) == {
            "workflow": "bakery", "process": str(process), "step": "knead", "attempt": 1, "state": "done",
        }  # fmt: skip
        assert told(whole) == {
            "workflow": "bakery", "version": 1, "process": str(process), "attempt": 1, "queue": "default",
            "worker": "bench", "state": "completed",
        }  # fmt: skip

    def test_of_a_failed_try_carry_its_error_and_the_next_try_its_number(
        self, exporter: InMemorySpanExporter, pass_time: PassTime
    ) -> None:
        bench.faults.append(OSError("the oven is cold"))
        start(bench.bakery, Bread("one"))
        drain()
        knead, whole = exporter.get_finished_spans()
        assert (told(knead)["state"], told(knead)["attempt"], told(whole)["state"]) == ("failed", 1, "retrying")
        assert knead.status.status_code is StatusCode.ERROR
        assert (knead.events[0].attributes or {})["exception.message"] == "the oven is cold"
        exporter.clear()
        pass_time(timedelta(minutes=1))
        tick()
        drain()
        again = told(exporter.get_finished_spans()[0])
        assert (again["step"], again["state"], again["attempt"]) == ("knead", "done", 2)

    def test_of_all_runs_of_a_process_are_in_the_trace_of_its_id(self, exporter: InMemorySpanExporter) -> None:
        process = start(bench.waiting, Bread("one"))
        drain()
        tokens.answer("bell:one", Answer("baguette"), tenant="", now=clock.now(), actor="test")
        drain()
        spans = exporter.get_finished_spans()
        assert [told(span)["state"] for span in spans] == ["waiting", "done", "completed"]
        assert {span.context.trace_id for span in spans if span.context} == {process.int}

    def test_of_a_worker_that_lost_its_process_say_so(self, exporter: InMemorySpanExporter) -> None:
        start(bench.bakery, Bread("one"))
        job = fetch()
        assert job
        function = bench.bake.function

        def slow(loaves: int, *, idempotency_key: str) -> str:
            bench.bake.function = function
            sql("UPDATE workflows_process SET lease_until = now() - interval '1 s' WHERE state = 'processing'")
            tick()
            return str(function(loaves, idempotency_key=idempotency_key))

        bench.bake.function = slow
        job.run()
        states = {span.name: told(span)["state"] for span in exporter.get_finished_spans()}
        assert states == {"step knead": "done", "step bake": "lost", "process bakery": "lost"}

    def test_of_a_process_that_fails_are_marked(self, exporter: InMemorySpanExporter) -> None:
        bench.faults.append(Abort("no flour"))
        start(bench.bakery, Bread("one"))
        drain()
        assert exporter.get_finished_spans()[-1].status.status_code is StatusCode.ERROR

    def test_are_not_made_where_nothing_says_where_to(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(tracing.ENDPOINT, raising=False)
        assert not tracing.start()

    def test_are_not_needed_to_run_without_the_package(self) -> None:
        program = """
import sys
sys.modules["opentelemetry"] = None
import django
django.setup()
from workflows import tracing
assert not tracing.start()
with tracing.step(type("Run", (), {"_journal": {}, "process": type("P", (), {"workflow": "w"}), "id": "1"})(), "s"):
    print("ran")
"""
        environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", tracing.ENDPOINT: "http://127.0.0.1:1"}
        ran = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
        assert ran.stdout == "ran\n"
        assert "install the extra `otel`" in ran.stderr


class TestLogLines:
    def test_carry_process_and_step(self) -> None:
        seen: list[dict[str, str]] = []

        class Ears(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                seen.append(json.loads(JsonFormatter().format(record)))

        ears = Ears()
        ears.addFilter(ContextFilter())
        logging.getLogger("workflows").addHandler(ears)
        try:
            bench.faults.append(Abort("no flour"))
            process = engine.trigger(bench.bakery, Bread("one"), now=clock.now(), actor="test").id
            drain()
            tick()
        finally:
            logging.getLogger("workflows").removeHandler(ears)
        [line] = [line for line in seen if "failed" in line["message"]]
        assert (line["process"], line["step"]) == (str(process), "knead")

    def test_in_text_end_with_what_they_carry(self) -> None:
        record = logging.LogRecord("bread", logging.INFO, "", 0, "kneading", None, None)
        with Carrying(process="7"), Carrying(step="knead"):
            ContextFilter().filter(record)
        assert logging.Formatter("%(message)s%(context)s").format(record) == "kneading process=7 step=knead"

    def test_outside_a_process_carry_nothing(self) -> None:
        record = logging.LogRecord("bread", logging.INFO, "", 0, "resting", None, None)
        with Carrying(process="7"):
            pass
        ContextFilter().filter(record)
        assert logging.Formatter("%(message)s%(context)s").format(record) == "resting"
        assert "process" not in json.loads(JsonFormatter().format(record))
