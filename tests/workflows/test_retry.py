"""The series of waits, in seconds, as the design writes them (durable-execution.md section 1; design.md section 4)."""

import pytest

from workflows.errors import Abort, Transient
from workflows.retry import Retry

CASES = [
    # error, after the n-th failure, longest wait of the series
    (Transient("slow down", status=429), 1, 5),
    (Transient("slow down", status=429), 2, 10),
    (Transient("slow down", status=429), 3, 20),
    (Transient("broken", status=503), 1, 1),
    (Transient("broken", status=503), 2, 2),
    (Transient("broken", status=503), 3, 3),
    (RuntimeError("unknown"), 1, 1),
    (RuntimeError("unknown"), 2, 2),
    (RuntimeError("unknown"), 3, 4),
]


@pytest.mark.parametrize(("error", "failures", "longest"), CASES)
def test_waits_at_most_the_series_and_at_least_three_quarters_of_it(
    error: Exception, failures: int, longest: float
) -> None:
    waits = [Retry().wait(error, failures) for _ in range(50)]
    seconds = [wait.total_seconds() for wait in waits if wait]
    assert len(seconds) == 50
    assert 0.75 * longest <= min(seconds) <= max(seconds) <= longest
    assert len(set(seconds)) > 1, "a spread, so that what failed together does not come back together"


def test_gives_up_after_the_last_retry() -> None:
    assert Retry(retries=3).wait(RuntimeError(), 4) is None


def test_never_tries_again_what_cannot_become_right() -> None:
    assert Retry().wait(Abort("wrong"), 1) is None


def test_does_as_retry_after_says() -> None:
    wait = Retry().wait(Transient("later", status=429, retry_after=42.0), 1)
    assert wait
    assert wait.total_seconds() == 42.0


def test_is_capped() -> None:
    wait = Retry(retries=99, cap=600).wait(RuntimeError(), 40)
    assert wait
    assert wait.total_seconds() <= 600
