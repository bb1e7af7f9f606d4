"""Work for the worker processes of the engine's faults, and what it leaves behind to be counted from outside.

Atomic steps leave a row each in `labour_effect`, in the step's own transaction; external steps write a line at the
beginning and one at the end of their call into a file, which no rollback reaches: LABOUR_FILE.
"""

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from workflows import api
from workflows.journal import Run
from workflows.rows import sql

TABLE = """
CREATE TABLE labour_effect (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number integer NOT NULL, step text NOT NULL
);
GRANT SELECT, INSERT ON labour_effect TO PUBLIC
"""
HANDS, TOOLS = 3, 4
"""The limit of each gang's lane, and that of the resource which all gangs share."""
LOOK_EVERY = 0.02


class Task(msgspec.Struct, frozen=True):
    """A piece of work: whose it is, and after which others it comes."""

    number: int
    gang: str = ""
    key: str = ""


class Line(NamedTuple):
    """What an external call left: when (monotonic nanoseconds), which end of it, for whom, by whom."""

    at: int
    what: str
    number: int
    gang: str
    idempotency_key: str
    pid: int


@api.step
def dig(number: int) -> int:
    """Leave a row."""
    effect(number, "dig")
    return number


@api.step
def fill(number: int) -> int:
    """Leave another."""
    effect(number, "fill")
    return number


@api.step.external()
def telephone(number: int, gang: str, *, idempotency_key: str) -> str:
    """Act on the outside for a moment."""
    write("begin", number, gang, idempotency_key)
    time.sleep(number % 7 / 100)
    write("end", number, gang, idempotency_key)
    return idempotency_key


@api.step.external()
def ponder(number: int, *, idempotency_key: str) -> str:
    """Act on the outside until the test lets it go."""
    write("begin", number, "", idempotency_key)
    await_go(number)
    write("end", number, "", idempotency_key)
    return f"pondered by {os.getpid()}"


@api.step.external(timeout=timedelta(seconds=1))
def ponder_briefly(number: int, *, idempotency_key: str) -> str:
    """The same, with a time by which it must have come back."""
    return str(ponder.function(number, idempotency_key=idempotency_key))


@api.step
def dig_slowly(number: int) -> str:
    """Leave a row and stay inside the transaction until the test lets it go."""
    effect(number, "dig")
    write("begin", number, "", "-")
    await_go(number)
    write("end", number, "", "-")
    return f"dug by {os.getpid()}"


def await_go(number: int) -> None:
    """Wait for the file by which the test says so."""
    while not Path(f"{os.environ['LABOUR_FILE']}.{number}").exists():
        time.sleep(LOOK_EVERY)


@api.workflow(
    "labour", version=1, tenant=lambda p: p.gang, lane=lambda p: api.Lane(f"gang:{p.gang}", HANDS),
    resource=lambda p: api.Lane("tools", TOOLS), order_by=lambda p: f"labour:{p.key}", on_failure="hold",
)  # fmt: skip
def labour(run: Run, p: Task) -> str:
    """Two effects of our own and a call between them; one after another within a key."""
    run.step(dig, p.number)
    answer = run.step(telephone, p.number, p.gang)
    run.step(fill, p.number)
    return answer


@api.workflow("pondering", version=1)
def pondering(run: Run, p: Task) -> str:
    """A call that hangs until it is let go."""
    answer = run.step(ponder, p.number)
    run.step(fill, p.number)
    return answer


@api.workflow("hurrying", version=1)
def hurrying(run: Run, p: Task) -> str:
    """A call that hangs, and must not."""
    answer = run.step(ponder_briefly, p.number)
    run.step(fill, p.number)
    return answer


@api.workflow("digging", version=1)
def digging(run: Run, p: Task) -> str:
    """A transaction that hangs until it is let go."""
    answer = run.step(dig_slowly, p.number)
    run.step(fill, p.number)
    return answer


@api.workflow(
    "crossing", version=1, lane=lambda p: api.Lane(f"cross:{p.gang[0]}", HANDS),
    resource=lambda p: api.Lane(f"cross:{p.gang[1]}", HANDS), order_by=lambda p: p.key and f"crossing:{p.key}",
)  # fmt: skip
def crossing(run: Run, p: Task) -> str:
    """What is the lane of one gang is the resource of another, and the other way round."""
    run.step(dig, p.number)
    return run.step(telephone, p.number, p.gang)


@api.workflow("asking", version=1, lane=lambda p: api.Lane("asking", 1), order_by=lambda p: f"asking:{p.key}")
def asking(run: Run, p: Task) -> str:
    """Wait for a person's word between two effects."""
    run.step(dig, p.number)
    word = run.wait("word", str, key=f"word:{p.number}")
    run.step(fill, p.number)
    return word


def effect(number: int, step: str) -> None:
    """Leave a row in the present transaction."""
    sql("INSERT INTO labour_effect (number, step) VALUES (%s, %s)", [number, step])


def write(what: str, number: int, gang: str, idempotency_key: str) -> None:
    """Add a line to the file; one write of a few bytes is never torn."""
    line = f"{time.monotonic_ns()} {what} {number} {gang or '-'} {idempotency_key} {os.getpid()}\n"
    descriptor = os.open(os.environ["LABOUR_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def lines(file: Path) -> list[Line]:
    """Return what was written, in the order of writing."""
    if not file.exists():
        return []
    split = [line.split() for line in file.read_text().splitlines()]
    return [Line(int(at), what, int(number), gang, key, int(pid)) for at, what, number, gang, key, pid in split]
