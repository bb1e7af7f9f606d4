"""What sending 1000 records costs the sender, against django-verifactu, to the same stand-in AEAT over TLS.

Both sides have the records pending, sealed when they were issued, on the same PostgreSQL, and claim them, join or build
the message, post it with a client certificate, read the answer and store a verdict for each. The processor time of the
sending process counts: the stand-in, a process of its own, takes longer to judge a record than either side to send it.
Ours judges every record by the schema once more before it goes, and stores the answer's bytes; theirs sends as it is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.db import transaction
from django.test import override_settings

from benchmarks.against_django_verifactu import Rival, rival
from benchmarks.database import a_database
from benchmarks.harness import Figure, Side, compare, cpu_milliseconds, scaled
from benchmarks.rival.taxpayers import PASSWORD
from benchmarks.submitting import WHO, chain_record
from common import clock
from common.ids import uuid7
from config.demo.catalogue import cif
from invoicing.models import Company
from tests.workflows import bench
from tests.world import la_encina
from verifactu import chain
from verifactu.models import Record
from verifactu.records import fecha, fecha_hora_huso
from verifactu.simulator.authority import Authority

RECORDS = 1000
MADRID = ZoneInfo("Europe/Madrid")
THEIRS = cif("B", 4_000_000)
_numbers = count(1)


class StandIn(NamedTuple):
    """The stand-in AEAT of the run: where it listens, and the file with its authority."""

    endpoint: str
    ca_file: str


def measure(scale: float) -> list[Figure]:
    """Return `send_1000_vs_django_verifactu`, in processor time of the sender."""
    records = scaled(RECORDS, scale)
    with TemporaryDirectory() as folder, a_database():
        authority = Authority(Path(folder))
        p12 = Path(folder) / "theirs.p12"
        p12.write_bytes(authority.client_certificate(THEIRS, WHO.NombreRazon, password=PASSWORD))
        ours = authority.client_certificate(WHO.NIF, WHO.NombreRazon, password=PASSWORD)
        with stand_in(folder) as aeat, rival(RIVAL_P12=str(p12)) as other:
            company = la_encina(nif=WHO.NIF, certificate=ours, certificate_password=PASSWORD)
            with override_settings(AEAT_ENDPOINT=aeat.endpoint, AEAT_CA_FILE=aeat.ca_file):
                figure = compare(
                    "send_1000_vs_django_verifactu",
                    ours=sending(company, records),
                    other=their_sending(other, aeat, records),
                    other_is="its send_pending() of as many",
                    unit="CPU ms",
                    at_least=2,
                    rounds=3,
                )
    return [figure]


def sending(company: Company, records: int) -> Side:
    """Return a round of ours: its records are appended before the clock starts."""

    def side() -> float:
        append(company, records)
        spent = cpu_milliseconds(bench.drain)
        left = Record.objects.exclude(state="accepted").count()
        assert not left, f"{left} records were not accepted"  # noqa: S101 (it is the work)
        return spent

    return side


def their_sending(other: Rival, aeat: StandIn, records: int) -> Side:
    """Return a round of theirs, issued before its clock starts."""

    def side() -> float:
        other.ask(do="issue", taxpayers=[THEIRS], writers=1, each=records)
        told = other.ask(do="send", taxpayer=THEIRS, url=urlsplit(aeat.endpoint).netloc, ca=aeat.ca_file)
        assert not told["pending"], f"{told['pending']} of its records were not sent"  # noqa: S101 (it is the work)
        return float(told["cpu"]) * 1000

    return side


def append(company: Company, records: int) -> None:
    """Append records to a company's chain, in one transaction; they wait to be sent."""
    with transaction.atomic():
        head = chain.lock(tenant=company.tenant)
        for _ in range(records):
            stamp = head.stamp(clock.now())
            local = stamp.astimezone(MADRID)
            registro = chain_record(
                next(_numbers),
                link=head.encadenamiento(),
                system=head.sistema(),
                day=fecha(local.date()),
                stamp=fecha_hora_huso(local),
            )
            chain.append(head, registro, id=uuid7(), stamp=stamp, covers="", answer_token="", now=stamp)


@contextmanager
def stand_in(folder: str) -> Iterator[StandIn]:
    """Run the stand-in AEAT that asks for no pause, as a process of its own."""
    command = [sys.executable, "manage.py", "aeat_simulator", "--directory", folder, "--wait", "0", "--json"]
    with subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout  # noqa: S101 (it is a pipe)
            about: dict[str, Any] = json.loads(process.stdout.readline())
            yield StandIn(about["endpoint"], about["ca_file"])
        finally:
            process.terminate()
