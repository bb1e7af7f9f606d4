"""What the engine raises, and what a step may raise to say how it failed."""


class WorkflowError(Exception):
    """The engine refuses this; the message says what to do."""


class Abort(WorkflowError):
    """Raised by a step: trying again cannot help. The process fails (or is held) with this reason."""


class Transient(Exception):
    """Raised by a step whose remote side may answer better later.

    `status` is the HTTP status when there is one; `retry_after` the seconds that the other side asked for.
    """

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class StepTimeout(Exception):
    """An external step did not come back in the time that it has; it is tried again like any other failure."""


class DeadlineExceeded(Abort):
    """The process was to end by now; resuming it gives it its time anew."""


class TokenExpired(Abort):
    """Nobody answered in time."""


class ChildFailed(Abort):
    """A child ended without result. Resume or replay the child first, then resume this process."""


class JournalMismatch(WorkflowError):
    """The code asks for a step that the journal answers differently.

    Put the old step back and resume; or register the changed function as a new version and replay the process on it.
    """


class WrongState(WorkflowError):
    """The process is not in a state that allows this; it says which one it is in."""

    def __init__(self, move: str, state: str) -> None:
        super().__init__(f"cannot {move}: the process is {state}")
        self.state = state


class Superseded(WrongState):
    """A newer process has taken this one's place; `by` is its id."""

    def __init__(self, move: str, by: object) -> None:
        super().__init__(move, f"superseded by {by}")
        self.by = by


class TokenClosed(WorkflowError):
    """This token has its answer already, or nobody waits for it any more."""


class Suspend(BaseException):
    """The process leaves the worker (waiting, retrying, held, moved); its rows are committed already.

    A BaseException so that a workflow's own `except Exception` cannot swallow it.
    """


class Unwound(BaseException):
    """A failed process that takes its steps back has come to the one that it never did."""


class Fenced(Suspend):
    """Another worker owns the process now; whatever was not committed is dropped."""
