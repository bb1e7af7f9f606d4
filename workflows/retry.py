"""When to try again: a value that decides and never sleeps."""

import random
from datetime import timedelta
from typing import Literal

import msgspec

from workflows.encoding import EncodingError
from workflows.errors import Abort, Transient, WorkflowError


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """The series of waits of one step. Times in seconds.

    `Retry(retries=3, first=1, factor=2, cap=600)` waits 1, 2, 4 and then gives up. A wait is shortened by up to a
    quarter at random, so that what failed together does not come back together.
    """

    retries: int = 3
    first: float = 1.0
    factor: float = 2.0
    cap: float = 600.0

    def wait(self, error: BaseException, failures: int) -> timedelta | None:
        """Return how long to wait after the `failures`-th failure, or None for never.

        Validation and `Abort` never; 429 exponential from 5 s, or as long as Retry-After says; 5xx linear from 1 s;
        everything else exponential from `first` (durable-execution.md section 1; design.md section 4, Failure).
        """
        if isinstance(error, Abort | WorkflowError | EncodingError | msgspec.ValidationError):
            return None
        if failures > self.retries:
            return None
        seconds = self._seconds(_kind(error), failures)
        asked = getattr(error, "retry_after", None)
        if asked is not None:
            return timedelta(seconds=max(asked, 0.0))
        seconds = min(seconds, self.cap)
        return timedelta(seconds=seconds * random.uniform(0.75, 1.0))  # noqa: S311 (spread, not secrecy)

    def _seconds(self, kind: str, failures: int) -> float:
        if kind == "throttled":
            return 5.0 * self.factor ** (failures - 1)
        if kind == "server":
            return max(self.first, 1.0) * failures
        return self.first * self.factor ** (failures - 1)


def _kind(error: BaseException) -> Literal["throttled", "server", "other"]:
    status = error.status if isinstance(error, Transient) else None
    if status == 429:
        return "throttled"
    if status is not None and 500 <= status <= 599:
        return "server"
    return "other"
