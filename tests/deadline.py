"""Waiting in tests: look again and again until a deadline, never sleep and hope."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(predicate: Callable[[], T], seconds: float = 10, every: float = 0.05, message: str = "") -> T:
    """Return the first true value of `predicate`, asked every `every` seconds.

    :raises AssertionError: with `message` and the last value, when `seconds` have passed.
    """
    deadline = time.monotonic() + seconds
    while True:
        if value := predicate():
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"{message or 'It did not happen'} within {seconds} s (last: {value!r})")
        time.sleep(every)


def throughout(predicate: Callable[[], object], seconds: float, every: float = 0.05, message: str = "") -> None:
    """Watch that `predicate` stays true for `seconds`: the way to see that something does not happen.

    :raises AssertionError: with `message`, at the first value that is not.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not predicate():
            raise AssertionError(message or "It did not stay so")
        time.sleep(every)
