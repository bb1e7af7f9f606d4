"""What an author writes with: `@step`, `@step.external`, `@workflow`, and the values they take.

@step                                   # domain writes and checkpoint in ONE commit
def issue(decision: Decision) -> InvoiceRef: ...

def keep(ref: InvoiceRef, pdf: bytes) -> DocumentRef: ...

@step.external(queue="pdf", store=keep) # intent committed, then the call, then what `keep` makes of its result
def render(ref: InvoiceRef, *, idempotency_key: str) -> bytes: ...

@workflow("invoice-order", version=1, lane=..., order_by=...)
def invoice_order(run: Run, p: InvoiceOrder) -> InvoiceRef | None: ...
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Literal, TypeVar, get_type_hints, overload

import msgspec

from workflows.errors import WorkflowError
from workflows.retry import Retry

T = TypeVar("T")

DEFAULT_QUEUE = "default"


class Lane(msgspec.Struct, frozen=True):
    """A lane by name. `limit` is what it is created with; afterwards its row decides."""

    key: str
    limit: int = 5


@dataclass(frozen=True)
class Place:
    """Where a process stands: the lane that admits it and the queue whose workers run it."""

    lane: Lane
    queue: str


class Step(Generic[T]):
    """A function whose answer is journaled under its name."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        external: bool = False,
        retry: Retry | None = None,
        queue: str | None = None,
        lane: Callable[..., Lane] | None = None,
        store: Callable[..., T] | None = None,
        interrupted: Callable[..., Any] | None = None,
    ) -> None:
        self.function = function
        self.name = function.__name__
        self.external = external
        self.retry = retry or Retry()
        self.queue = queue
        self.lane = lane
        self.store = store
        self.interrupted = interrupted
        self._output: Any = _UNKNOWN

    @property
    def output(self) -> Any:
        """The declared type of what the journal keeps."""
        if self._output is _UNKNOWN:
            source = self.store or self.function
            hints = get_type_hints(source)
            if "return" not in hints:
                raise WorkflowError(f"step {self.name}: declare what it returns")
            self._output = hints["return"]
        return self._output

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the plain function, outside any process."""
        return self.function(*args, **kwargs)


class _StepDecorator:
    def __call__(self, function: Callable[..., T]) -> Step[T]:
        return Step(function)

    @overload
    def external(
        self,
        *,
        store: Callable[..., T],
        retry: Retry | None = None,
        queue: str | None = None,
        lane: Callable[..., Lane] | None = None,
        interrupted: Callable[..., Any] | None = None,
    ) -> Callable[[Callable[..., Any]], Step[T]]: ...

    @overload
    def external(
        self,
        *,
        retry: Retry | None = None,
        queue: str | None = None,
        lane: Callable[..., Lane] | None = None,
        interrupted: Callable[..., Any] | None = None,
    ) -> Callable[[Callable[..., T]], Step[T]]: ...

    def external(
        self,
        *,
        store: Callable[..., Any] | None = None,
        retry: Retry | None = None,
        queue: str | None = None,
        lane: Callable[..., Lane] | None = None,
        interrupted: Callable[..., Any] | None = None,
    ) -> Callable[[Callable[..., Any]], Step[Any]]:
        """Declare a step that calls the outside: never inside a transaction, with `idempotency_key` as keyword.

        `store` is called with the inputs and the result inside the result's commit, and what it returns is the
        step's output. `interrupted` is called instead of the function when an earlier try was cut off between intent
        and result, so that a call which must not be repeated blindly is asked about first. `queue` and `lane` give
        the step a place of its own.
        """

        def declare(function: Callable[..., Any]) -> Step[Any]:
            return Step(
                function, external=True, retry=retry, queue=queue, lane=lane, store=store, interrupted=interrupted
            )

        return declare


step = _StepDecorator()


@dataclass(frozen=True)
class Workflow:
    """A registered workflow: the function and the policies of its processes."""

    name: str
    version: int
    function: Callable[..., Any]
    payload_type: Any
    result_type: Any
    tenant: Callable[[Any], str]
    lane: Callable[[Any], Lane]
    queue: str
    order_by: Callable[[Any], str] | None
    on_failure: Literal["hold", "skip"]
    supersede_until: Step[Any] | None
    idempotency_key: Callable[[Any], str] | None
    once_key: Callable[[Any], str] | None
    settle_max: timedelta
    tags: Callable[[Any], tuple[str, ...]] = field(default=lambda payload: ())


WORKFLOWS: dict[tuple[str, int], Workflow] = {}


def workflow(
    name: str,
    *,
    version: int,
    tenant: Callable[[Any], str] = lambda payload: "",
    lane: Callable[[Any], Lane] | None = None,
    queue: str = DEFAULT_QUEUE,
    order_by: Callable[[Any], str] | None = None,
    on_failure: Literal["hold", "skip"] = "skip",
    supersede_until: Step[Any] | None = None,
    idempotency_key: Callable[[Any], str] | None = None,
    once_key: Callable[[Any], str] | None = None,
    settle_max: timedelta = timedelta(seconds=60),
    tags: Callable[[Any], tuple[str, ...]] = lambda payload: (),
) -> Callable[[Callable[..., Any]], Workflow]:
    """Register a workflow.

    `order_by`: processes of one key run one after another, in the order of triggering; with `on_failure="hold"` the
    last failure of one stops those behind it until a person acts. `supersede_until`: a newer process of the same
    order key cancels every open one that has no checkpoint of this step. `idempotency_key`: one process per key for
    ever. `once_key`: at most one process of this key waits to be started. `settle_max`: the longest that triggers
    with `settle` may keep putting off.
    """

    def register(function: Callable[..., Any]) -> Workflow:
        hints = get_type_hints(function)
        names = list(function.__annotations__)
        definition = Workflow(
            name=name,
            version=version,
            function=function,
            payload_type=hints[names[1]],
            result_type=hints["return"],
            tenant=tenant,
            lane=lane or (lambda payload: Lane(f"workflow:{name}", 20)),
            queue=queue,
            order_by=order_by,
            on_failure=on_failure,
            supersede_until=supersede_until,
            idempotency_key=idempotency_key,
            once_key=once_key,
            settle_max=settle_max,
            tags=tags,
        )
        if (name, version) in WORKFLOWS:
            raise WorkflowError(f"workflow {name} version {version} is registered twice")
        WORKFLOWS[name, version] = definition
        return definition

    return register


def definition_of(name: str, version: int) -> Workflow:
    """Return the registered workflow.

    :raises WorkflowError: when this code does not hold that version any more.
    """
    try:
        return WORKFLOWS[name, version]
    except KeyError:
        raise WorkflowError(
            f"workflow {name} version {version} is not in this code; deploy the version that holds it until its "
            "processes have ended"
        ) from None


_UNKNOWN = object()
