"""The AEAT is away for 26 hours while 20 taxpayers issue 20,000 records; then it is back (reliability.md, 45 and 47).

Real senders, a real stand-in over TLS that turns away who comes too early, and a clock that is moved. One taxpayer more
has a certificate that ended: its records wait, and nobody else's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from pytest_django import DjangoDbBlocker

from common import clock
from tests.databases import TestServer
from tests.journeys.chains import ROUND, alerts_of, append, moving, told
from tests.journeys.house import House, Shops, open_house
from verifactu.models import Installation, Record, Submission

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]
HOURS = 26
SIZES = [600] * 10 + [1000] * 6 + [2000] * 4
"""Records of each taxpayer when the AEAT is back: 20,000, of 20."""
FRESH = 3
"""Records of each that are issued once the AEAT is back: these are in time."""
LATE = timedelta(seconds=240)
HOUR = timedelta(hours=1)
STAMP = re.compile(rb"FechaHoraHusoGenRegistro>([^<]+)<")


@pytest.fixture
def house(
    test_server: TestServer, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A house of its own, at the pace of the real AEAT."""
    database = test_server.clone()
    with (
        django_db_blocker.unblock(),
        open_house(database, tmp_path_factory.mktemp("house"), wait=60) as made,
        made.inside(),
    ):
        yield made
    test_server.drop(database)


@dataclass(frozen=True)
class Received:
    """A submission in the AEAT's log: when it began to arrive, how many records, its header, the records' stamps."""

    at: datetime
    records: int
    incidencia: str
    stamps: list[datetime]


def test_everything_is_accepted_in_order_at_the_aeats_pace(house: House) -> None:
    taxpayers = [house.company() for _ in SIZES]
    broken = with_expired_certificate(house)
    with house.aeat_away():
        issue_through_the_outage(house, taxpayers, broken)
    drain(house, taxpayers, after=HOUR)  # the longest back-off
    for shops in taxpayers:
        append(shops, FRESH, series="Z")
    drain(house, taxpayers, after=ROUND)
    # One taxpayer's certificate delayed nobody: all of that happened while its records waited.
    assert set(states(broken)) == {"pending"}
    assert re.search("submission_refused .*certificado vigente", told(broken), re.DOTALL)
    renew(house, broken)
    drain(house, [broken], after=HOUR)
    for shops, size in zip(taxpayers, SIZES, strict=True):
        assert_same_ledger(house, shops, size + FRESH)
        assert_pace_and_incidencia(house, shops)
        assert alerts_of(shops) == ["sending_delayed", "sending_again"]
    assert house.simulator.report(with_records=False)["too_early"] == 0
    assert house.verify() == []


def issue_through_the_outage(house: House, taxpayers: list[Shops], broken: Shops) -> None:
    """Issue records hour after hour; each chain is tried in each."""
    append(broken, 5)
    for hour in range(HOURS):
        for shops, size in zip(taxpayers, SIZES, strict=True):
            first, last = size * hour // HOURS, size * (hour + 1) // HOURS
            append(shops, last - first, first=first)
        house.until(asleep, message=f"Not all rest in hour {hour}")
        since = clock.now()
        house.pass_time(HOUR)
        house.until(partial(all_tried, taxpayers, since), message=f"Not all were tried in hour {hour}")
        house.until(asleep, message=f"Not all rest after hour {hour}")
    assert Record.objects.filter(state="pending").count() == sum(SIZES) + 5


def all_tried(taxpayers: list[Shops], since: datetime) -> bool:
    tried = Submission.objects.filter(started_at__gte=since).values_list("installation__taxpayer__tenant", flat=True)
    return {shops.company.tenant for shops in taxpayers} <= set(tried)


def asleep() -> bool:
    """Tell whether every chain waits for a moment to come."""
    return not moving().exists()


def drain(house: House, taxpayers: list[Shops], *, after: timedelta) -> None:
    """Let minutes pass until all of them have their answers."""
    wanted = [shops.company.taxpayer.pk for shops in taxpayers]
    open_ones = Record.objects.filter(installation__taxpayer__in=wanted).exclude(state="accepted")
    house.pass_time(after)
    for _ in range(12):
        house.until(lambda: not open_ones.exists() or asleep(), 120, "The chains did not come to rest")
        if not open_ones.exists():
            return
        house.pass_time(ROUND)
    raise AssertionError(f"{open_ones.count()} are not accepted")


def with_expired_certificate(house: House) -> Shops:
    shops = house.company()
    ended = datetime.now(UTC) - timedelta(hours=1)
    keep(house, shops, begins=ended - timedelta(days=1), ends=ended)
    return shops


def renew(house: House, shops: Shops) -> None:
    """Upload a certificate that is valid: it is used without a restart."""
    keep(house, shops)


def keep(house: House, shops: Shops, *, begins: datetime | None = None, ends: datetime | None = None) -> None:
    taxpayer = shops.company.taxpayer
    taxpayer.certificate = house.simulator.authority.client_certificate(
        taxpayer.nif, taxpayer.name, password="otra", begins=begins, ends=ends
    )
    taxpayer.certificate_password = "otra"
    taxpayer.save(update_fields=["certificate", "certificate_password"])


def states(shops: Shops) -> list[str]:
    return list(Record.objects.filter(installation=shops.installation).values_list("state", flat=True))


def assert_same_ledger(house: House, shops: Shops, count: int) -> None:
    """Every record once, in the order of the chain, each link right (2003 if not), Correcto here and there."""
    numero = Installation.objects.get(taxpayer=shops.company.taxpayer).numero
    rows = house.simulator.ledger.select(
        "SELECT r.huella, r.state FROM record r JOIN chain c ON c.id = r.chain_id"
        " WHERE c.installation = ? ORDER BY r.id",
        [numero],
    )
    ours = Record.objects.filter(installation=shops.installation).order_by("seq").values_list("huella", "state")
    assert [row["huella"] for row in rows] == [huella for huella, _ in ours]
    assert {row["state"] for row in rows} == {"Correcto"}
    assert {state for _, state in ours} == {"accepted"}
    assert len(rows) == count


def assert_pace_and_incidencia(house: House, shops: Shops) -> None:
    """Judged by the stand-in's own log: when each arrived, what it said, and the records' own stamps."""
    log = received(house, shops)
    for before, after in pairwise(log):
        assert after.records == 1000 or after.at - before.at >= timedelta(seconds=60)
    for each in log:
        late = {each.at - stamp > LATE for stamp in each.stamps}
        assert len(late) == 1, "a batch was not split where Incidencia changes"
        assert each.incidencia == ("S" if late == {True} else "")
        assert len(each.stamps) == each.records
    assert log[-1].incidencia == ""


def received(house: House, shops: Shops) -> list[Received]:
    return [
        Received(
            datetime.fromisoformat(row["received_at"]),
            row["records"],
            row["incidencia"],
            [datetime.fromisoformat(text.decode()) for text in STAMP.findall(row["request"])],
        )
        for row in house.requests_received(shops)
    ]
