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

from workflows.breaker import Breaker
from workflows.errors import WorkflowError
from workflows.retry import Retry

T = TypeVar("T")

DEFAULT_QUEUE = "default"


PERIODS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


class Lane(msgspec.Struct, frozen=True):
    """A lane by name. `limit` and `rate` are what it is created with; afterwards its row decides.

    `rate` is the most that are admitted in a period, which fill evenly: "5/s", "60/min", "100/h", "1000/d".
    """

    key: str
    limit: int = 5
    rate: str = ""

    @property
    def per_seconds(self) -> str:
        """The rate as `admissions/seconds`, as a process carries it; empty without one.

        :raises WorkflowError: when it is not written as a rate.
        """
        if not self.rate:
            return ""
        count, _, period = self.rate.partition("/")
        if not count.isdigit() or not int(count) or period not in PERIODS:
            raise WorkflowError(f"lane {self.key}: {self.rate!r} is no rate; write it as 5/s, 60/min, 100/h or 1000/d")
        return f"{count}/{PERIODS[period]}"


NO_LANE = Lane("", 0)


@dataclass(frozen=True)
class Place:
    """Where a process stands: the lane that admits it, the resource it shares, the queue whose workers run it."""

    lane: Lane
    resource: Lane
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
        resource: Callable[..., Lane] | None = None,
        timeout: timedelta | None = None,
        undo: "Step[Any] | None" = None,
        store: Callable[..., T] | None = None,
        interrupted: Callable[..., Any] | None = None,
        breaker: Callable[..., Breaker] | None = None,
    ) -> None:
        self.function = function
        self.name = function.__name__
        self.external = external
        self.retry = retry or Retry()
        self.queue = queue
        self.lane = lane
        self.resource = resource
        self.timeout = timeout
        self.undo = undo
        self.store = store
        self.interrupted = interrupted
        self.breaker = breaker
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
    @overload
    def __call__(self, function: Callable[..., T]) -> Step[T]: ...

    @overload
    def __call__(
        self, *, retry: Retry | None = None, undo: Step[Any] | None = None
    ) -> Callable[[Callable[..., T]], Step[T]]: ...

    def __call__(
        self, function: Callable[..., Any] | None = None, *, retry: Retry | None = None, undo: Step[Any] | None = None
    ) -> Any:
        """Declare a step whose writes and checkpoint are one commit; `@step` or `@step(undo=...)`.

        `undo` is the step by which a process that fails later takes this one back: it is called with this step's
        arguments and its result, and the undoing runs from the last step to the first.
        """
        if function is not None:
            return Step(function)
        return lambda function: Step(function, retry=retry, undo=undo)

    @overload
    def external(
        self,
        *,
        store: Callable[..., T],
        retry: Retry | None = None,
        queue: str | None = None,
        lane: Callable[..., Lane] | None = None,
        resource: Callable[..., Lane] | None = None,
        timeout: timedelta | None = None,
        undo: Step[Any] | None = None,
        interrupted: Callable[..., Any] | None = None,
        breaker: Callable[..., Breaker] | None = None,
    ) -> Callable[[Callable[..., Any]], Step[T]]: ...

    @overload
    def external(
        self,
        *,
        retry: Retry | None = None,
        queue: str | None = None,
        lane: Callable[..., Lane] | None = None,
        resource: Callable[..., Lane] | None = None,
        timeout: timedelta | None = None,
        undo: Step[Any] | None = None,
        interrupted: Callable[..., Any] | None = None,
        breaker: Callable[..., Breaker] | None = None,
    ) -> Callable[[Callable[..., T]], Step[T]]: ...

    def external(
        self,
        *,
        store: Callable[..., Any] | None = None,
        retry: Retry | None = None,
        queue: str | None = None,
        lane: Callable[..., Lane] | None = None,
        resource: Callable[..., Lane] | None = None,
        timeout: timedelta | None = None,
        undo: Step[Any] | None = None,
        interrupted: Callable[..., Any] | None = None,
        breaker: Callable[..., Breaker] | None = None,
    ) -> Callable[[Callable[..., Any]], Step[Any]]:
        """Declare a step that calls the outside: never inside a transaction, with `idempotency_key` as keyword.

        `store` is called with the inputs and the result inside the result's commit, and what it returns is the
        step's output. `interrupted` is called instead of the function when an earlier try was cut off between intent
        and result, so that a call which must not be repeated blindly is asked about first. `queue`, `lane` and
        `resource` give the step a place of its own. After `timeout` the try counts as failed, and whatever the call
        still brings is dropped; the call itself cannot be stopped, so give it a timeout of its own too. `breaker`
        names the resource that is called (`lambda *args: Breaker("bank:cards")`): while it is broken, the step waits
        instead of calling, and spends no attempt. `undo`: see `@step`.
        """

        def declare(function: Callable[..., Any]) -> Step[Any]:
            return Step(
                function,
                external=True,
                retry=retry,
                queue=queue,
                lane=lane,
                resource=resource,
                timeout=timeout,
                undo=undo,
                store=store,
                interrupted=interrupted,
                breaker=breaker,
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
    resource: Callable[[Any], Lane] | None
    queue: str
    order_by: Callable[[Any], str] | None
    on_failure: Literal["hold", "skip"]
    supersede_until: Step[Any] | None
    idempotency_key: Callable[[Any], str] | None
    once_key: Callable[[Any], str] | None
    settle_max: timedelta
    start_within: timedelta | None
    max_duration: timedelta | None
    key_lasts: timedelta | None
    keep: timedelta | None
    tags: Callable[[Any], tuple[str, ...]] = field(default=lambda payload: ())

    def place(self, payload: Any) -> Place:
        """Return where a process with this payload is at home."""
        return Place(self.lane(payload), self.resource(payload) if self.resource else NO_LANE, self.queue)


WORKFLOWS: dict[tuple[str, int], Workflow] = {}


def workflow(
    name: str,
    *,
    version: int,
    tenant: Callable[[Any], str] = lambda payload: "",
    lane: Callable[[Any], Lane] | None = None,
    resource: Callable[[Any], Lane] | None = None,
    queue: str = DEFAULT_QUEUE,
    order_by: Callable[[Any], str] | None = None,
    on_failure: Literal["hold", "skip"] = "skip",
    supersede_until: Step[Any] | None = None,
    idempotency_key: Callable[[Any], str] | None = None,
    once_key: Callable[[Any], str] | None = None,
    settle_max: timedelta = timedelta(seconds=60),
    start_within: timedelta | None = None,
    max_duration: timedelta | None = None,
    key_lasts: timedelta | None = None,
    keep: timedelta | None = None,
    tags: Callable[[Any], tuple[str, ...]] = lambda payload: (),
) -> Callable[[Callable[..., Any]], Workflow]:
    """Register a workflow.

    `lane` and `resource`: the tenant's limit and that of something all share; a process takes a place in both, and
    one whose resource is full is passed over. `order_by`: processes of one key run one after another, in the order of
    triggering; with `on_failure="hold"` the last failure of one stops those behind it until a person acts.
    `supersede_until`: a newer process of the same order key cancels every open one that has no checkpoint of this
    step. `idempotency_key`: one process per key for ever, or for `key_lasts` after it was triggered and ended.
    `once_key`: at most one process of this key waits to be started; with `settle` a newer trigger puts it off and
    brings its own payload. `settle_max`: the longest that triggers with `settle` may keep putting off.
    `start_within`: not started by then, it expires. `max_duration`: not ended so long after its start, it fails.
    `keep`: how long after its end its rows stay; for ever without.
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
            resource=resource,
            queue=queue,
            order_by=order_by,
            on_failure=on_failure,
            supersede_until=supersede_until,
            idempotency_key=idempotency_key,
            once_key=once_key,
            settle_max=settle_max,
            start_within=start_within,
            max_duration=max_duration,
            key_lasts=key_lasts,
            keep=keep,
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


def newest(name: str) -> Workflow:
    """Return the highest registered version of a workflow.

    :raises WorkflowError: when this code holds none.
    """
    versions = [version for known, version in WORKFLOWS if known == name]
    if not versions:
        raise WorkflowError(f"workflow {name} is not in this code")
    return WORKFLOWS[name, max(versions)]


_UNKNOWN = object()
