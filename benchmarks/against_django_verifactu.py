"""Issuing and sending, against django-verifactu on the same PostgreSQL and to the same stand-in AEAT.

Issuing. Ours: `issue_document` of decisions taken beforehand (order, head and series locked, number, invoice with
lines, record made, judged by schema and rules, hashed, sealed and linked, head advanced, its sending woken). Theirs, in
a process and a database of its own on the same server: an invoice row with its lines, numbered beforehand, and
`register()` in one transaction, which locks, judges, links and stores the record. Both judge by schema and rules, as
each does by default. With several writers each side has so many threads in one process, each with its connection.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection

from benchmarks.database import a_database, an_empty_database
from benchmarks.harness import Figure, Side, compare, per_second, scaled
from benchmarks.issuing import decided_orders, issue_one, issuing
from common import clock
from config.demo.catalogue import cif
from invoicing.deciding import Decided
from invoicing.issuing import issue_document
from tests.world import la_encina, shop

TAXPAYERS, WRITERS = 20, 8
ROUNDS = 9
"""A round takes a second or less, and a virtual machine keeps a speed for seconds: the median wants many."""


def measure(scale: float) -> list[Figure]:
    """Return `issue_vs_django_verifactu` and `issue_8_writers_vs_django_verifactu`, in invoices per second."""
    each = scaled(40, scale, least=WRITERS)
    with a_database(), rival() as other:
        return [one_writer(other, each), several_writers(other, each * 2)]


def one_writer(other: "Rival", each: int) -> Figure:
    """Compare one session that issues for one taxpayer."""
    connected = shop(la_encina())
    issue_one(connected)
    return compare(
        "issue_vs_django_verifactu",
        ours=issuing(decided_orders(connected), each),
        other=other.issuing([cif("B", 1_000_000)], writers=1, each=each),
        other_is="an invoice with its lines and register(), in one transaction",
        unit="per second",
        at_least=2,
        rounds=ROUNDS,
    )


def several_writers(other: "Rival", each: int) -> Figure:
    """Compare eight sessions that issue for twenty taxpayers in turn."""
    nifs = [cif("B", 3_000_000 + number) for number in range(TAXPAYERS)]
    streams = [decided_orders(shop(la_encina(nif=nif))) for nif in nifs]
    with ThreadPoolExecutor(WRITERS, initializer=connection.ensure_connection) as writers:
        figure = compare(
            "issue_8_writers_vs_django_verifactu",
            ours=shared_out(streams, writers, each),
            other=other.issuing(nifs, writers=WRITERS, each=each),
            other_is=f"the same by {WRITERS} threads for {TAXPAYERS} taxpayers",
            unit="per second",
            at_least=2,
            rounds=ROUNDS,
        )
        list(writers.map(lambda _: connection.close(), range(WRITERS * 4)))
    return figure


def shared_out(streams: list[Iterator[tuple[UUID, Decided]]], writers: ThreadPoolExecutor, each: int) -> Side:
    """Return a round of ours: so many orders, of the taxpayers in turn, issued by whichever writer is free."""

    def side() -> float:
        ready = [next(streams[number % len(streams)]) for number in range(each)]
        return per_second(each, lambda: list(writers.map(_issue, ready)))

    return side


class Rival:
    """The process of the other side."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._read()

    def issuing(self, taxpayers: list[str], *, writers: int, each: int) -> Side:
        """Return a round of its issuing, in invoices per second."""

        def side() -> float:
            told = self.ask(do="issue", taxpayers=taxpayers, writers=writers, each=each)
            return each / float(told["seconds"])

        return side

    def ask(self, **work: Any) -> dict[str, Any]:
        """Have it do something, and return what it took."""
        assert self._process.stdin  # noqa: S101 (it is a pipe)
        self._process.stdin.write(json.dumps(work) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout  # noqa: S101 (it is a pipe)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process of django-verifactu ended; what it said is above")
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def rival(**environment: str) -> Iterator[Rival]:
    """Start the other side on an empty database of its own, and end it with its input."""
    with an_empty_database() as database:
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "benchmarks.rival.settings",
            "RIVAL_DATABASE_URL": database.owner_url,
            **environment,
        }
        command = [sys.executable, "-m", "benchmarks.rival.worker"]
        with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield Rival(process)


def _issue(one: tuple[UUID, Decided]) -> None:
    order, decided = one
    issue_document(order, decided, now=clock.now)
