"""What is told of a process while it runs: its log lines carry it, and OpenTelemetry gets a span of it.

Two blocks, entered where a worker runs a process and where it executes a step. Spans need the extra `otel` and the
setting OTEL_EXPORTER_OTLP_ENDPOINT; without either, a block only names process and step to the log.

All runs of a process are one trace, whose id is the process's own: whoever has the process finds its trace.
"""

import logging
import os
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from common.logs import Carrying
from workflows.errors import Fenced, Suspend
from workflows.rows import Claimed, sql

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from workflows.journal import Run

log = logging.getLogger(__name__)

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SAMPLED = 1
AMISS = ("failed", "lost", "unknown")

_tracer: Any = None


def start() -> bool:
    """Send spans to where the environment says, in the background; return whether it says so.

    The exporter reads OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME and the others of OpenTelemetry by itself.
    """
    if not os.environ.get(ENDPOINT):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 (optional)
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 (optional)
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 (optional)
    except ImportError as error:
        log.warning("%s is set, but no span is sent: %s (install the extra `otel`)", ENDPOINT, error)
        return False
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use(provider)
    return True


def use(provider: "TracerProvider | None") -> None:
    """Have the spans made by `provider`; none are made with None."""
    global _tracer  # noqa: PLW0603 (said once, when a worker starts)
    _tracer = provider.get_tracer("workflows") if provider else None


class _Block:
    """Names the work to the log, and has a span where spans are made."""

    def __init__(self, name: str, carried: dict[str, str], attributes: dict[str, Any], trace: UUID | None) -> None:
        self._name = name
        self._carrying = Carrying(**carried)
        self._attributes = attributes
        self._trace = trace
        self._stack = ExitStack()
        self._span: Any = None

    def __enter__(self) -> Self:
        self._carrying.__enter__()
        if _tracer:
            self._span = self._stack.enter_context(
                _tracer.start_as_current_span(
                    self._name,
                    context=_one_trace(self._trace) if self._trace else None,
                    attributes={f"workflows.{name}": value for name, value in self._attributes.items()},
                    record_exception=False,
                    set_status_on_exception=False,
                )
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span:
            state, failure = self._outcome(error)
            self._span.set_attribute("workflows.state", state)
            if failure:
                self._span.record_exception(failure)
            if failure or state in AMISS:
                self._span.set_status(_error(), type(failure).__name__ if failure else state)
            self._stack.close()
        self._carrying.__exit__()

    def _outcome(self, error: BaseException | None) -> tuple[str, BaseException | None]:
        """Return the state in which the work is left, and the error that it failed with, if it did."""
        raise NotImplementedError


class process(_Block):  # noqa: N801 (entered like a function)
    """One execution of a process by one worker, from claim to leaving it."""

    def __init__(self, claimed: Claimed) -> None:
        self._claimed = claimed
        super().__init__(
            f"process {claimed.workflow}",
            {"process": str(claimed.id)},
            {
                "workflow": claimed.workflow, "version": claimed.version, "process": str(claimed.id),
                "attempt": claimed.fence, "queue": claimed.queue, "worker": claimed.worker,
            },
            claimed.id,
        )  # fmt: skip

    def _outcome(self, error: BaseException | None) -> tuple[str, BaseException | None]:
        me = [self._claimed.id, self._claimed.id, self._claimed.worker]
        try:
            left = sql(
                """
                SELECT CASE move WHEN 'recover' THEN 'lost' ELSE to_state END FROM workflows_processevent
                WHERE process_id = %s AND from_state = 'processing' AND id > (
                    SELECT max(id) FROM workflows_processevent WHERE process_id = %s AND move = 'claim' AND actor = %s
                ) ORDER BY id LIMIT 1
                """,
                me,
            )
        except (DatabaseError, InterfaceError):
            return "unknown", error  # the process itself met that and is left to recovery
        return str(left[0][0]) if left else "lost", error


class step(_Block):  # noqa: N801 (entered like a function)
    """One try of one step."""

    def __init__(self, run: "Run", name: str) -> None:
        saved = run._journal.get(name)
        super().__init__(
            f"step {name}",
            {"step": name},
            {
                "workflow": run.process.workflow, "process": str(run.id), "step": name,
                "attempt": (saved.failures if saved else 0) + 1,
            },
            None,
        )  # fmt: skip

    def _outcome(self, error: BaseException | None) -> tuple[str, BaseException | None]:
        match error:
            case None:
                return "done", None
            case Fenced():
                return "lost", None
            case Suspend():
                # Written down already; what the step raised is what the suspension was raised from.
                return "failed", error.__context__
        return "broken", error


def _one_trace(process: UUID) -> Any:
    """Return the context of a span in the trace that has the process's id."""
    from opentelemetry import trace  # noqa: PLC0415 (optional, and there when there is a tracer)

    root = trace.SpanContext(
        process.int, process.int & (1 << 64) - 1, is_remote=True, trace_flags=trace.TraceFlags(SAMPLED)
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(root))


def _error() -> Any:
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 (optional, and there when there is a span)

    return StatusCode.ERROR
