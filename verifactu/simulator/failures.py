"""What the simulator can be told to do wrong, and how often; played in the order in which it was told."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

MODES = {
    "refuse_connection": "resets the connection before TLS; connections kept open are closed",
    "timeout_before": "reads the request, stores nothing, says nothing",
    "timeout_after": "stores and commits, says nothing",
    "cut_answer": "stores and commits, breaks off in the middle of the answer",
    "html_page": "stores nothing, answers HTTP 200 with a page of HTML",
    "http_403": "stores nothing, answers HTTP 403 with a page of HTML",
    "http_429": "stores nothing, answers HTTP 429 with Retry-After",
    "http_503": "stores nothing, answers HTTP 503 with Retry-After",
    "fault_server": "stores nothing, answers HTTP 500 with a SOAP fault env:Server",
}
"""Each mode, completing "the simulator …"."""

OPERATIONS = ("any", "submission", "query")
LONGEST_STALL = 3600.0
RETRY_AFTER = 5
"""Seconds that 429 and 503 ask for."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing to do wrong: `times` requests long, for one operation or any; a stall ends after `seconds`."""

    mode: str
    times: int = 1
    operation: str = "any"
    seconds: float = 600.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}, not {self.mode!r}")
        if self.times < 1:
            raise ValueError(f"times is a number from 1 on, not {self.times!r}")
        if self.operation not in OPERATIONS:
            raise ValueError(f"operation is one of {', '.join(OPERATIONS)}, not {self.operation!r}")
        if self.mode == "refuse_connection" and self.operation != "any":
            raise ValueError("a connection is refused before its operation is known")
        if not 0 < self.seconds <= LONGEST_STALL:
            raise ValueError(f"seconds is a number up to {LONGEST_STALL}, not {self.seconds!r}")

    @classmethod
    def parse(cls, text: str) -> "Failure":
        """Return the failure that a command line names: MODE or MODE:TIMES.

        :raises ValueError: for anything else.
        """
        mode, colon, times = text.partition(":")
        if colon and not times.isdecimal():
            raise ValueError(f"{text!r} is not MODE or MODE:TIMES")
        return cls(mode, int(times) if colon else 1)


class Failures:
    """The list of what is to be played, shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Failure] = []
        self.played: Counter[str] = Counter()

    def add(self, failure: Failure) -> None:
        """Put a failure at the end of the list."""
        with self._lock:
            self._pending.append(failure)

    def clear(self) -> None:
        """Forget what has not been played."""
        with self._lock:
            self._pending.clear()

    def pending(self) -> list[Failure]:
        """Return what has not been played, `times` being what is left."""
        with self._lock:
            return list(self._pending)

    def refuses_connection(self) -> bool:
        """Tell whether to refuse this connection, and count it as played."""
        return self._take(lambda failure: failure.mode == "refuse_connection") is not None

    def refusing(self) -> bool:
        """Tell whether connections are to be refused, without counting anything."""
        return any(failure.mode == "refuse_connection" for failure in self.pending())

    def for_request(self, operation: str) -> Failure | None:
        """Return what to do wrong with this request, and count it as played."""
        return self._take(
            lambda failure: failure.mode != "refuse_connection" and failure.operation in ("any", operation)
        )

    def _take(self, fits: Callable[[Failure], bool]) -> Failure | None:
        with self._lock:
            for index, failure in enumerate(self._pending):
                if fits(failure):
                    if failure.times > 1:
                        self._pending[index] = replace(failure, times=failure.times - 1)
                    else:
                        del self._pending[index]
                    self.played[failure.mode] += 1
                    return failure
        return None
