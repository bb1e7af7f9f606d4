"""A record that takes the others with it, an access that is suspended, a taxpayer in trouble beside one who is not."""

import re
import time
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.test import Client

from common import clock
from config.examination import examine
from tests.deadline import throughout
from tests.journeys.chains import alerts_of, append, at_rest, heal, told
from tests.journeys.house import House, Shops
from tests.world import sale
from verifactu import interventions
from verifactu.models import ChainEvent, Record, Submission
from verifactu.submission import wake
from workflows.models import Alert

pytestmark = pytest.mark.faults
POISON = "*-000007"


@pytest.fixture
def boss() -> Client:
    """The admin, as somebody who may press every button."""
    client = Client()
    user, _ = User.objects.get_or_create(username="marta", is_staff=True, is_superuser=True)
    client.force_login(user)
    return client


def submissions(shops: Shops) -> list[Submission]:
    return list(Submission.objects.filter(installation=shops.installation).order_by("id"))


class TestPoison:
    """The schema fault of one record refuses all of a submission (OCA 5142)."""

    def test_is_found_by_halves_and_set_aside_while_the_rest_goes_on(self, house: House, boss: Client) -> None:
        shops = house.company()
        house.simulator.fail("fault", 1000, value="4102", record=POISON)
        append(shops, 20)
        heal(house, shops)
        # The one behind the missing one is stored with 2003: the AEAT has never seen what it points to.
        aside = [record.num_serie for record in shops.records if record.state == "quarantined"]
        assert aside == ["B-000007"]
        assert shops.states().count("accepted") == 18
        refused = [submission for submission in submissions(shops) if submission.state == "refused"]
        assert len(refused) <= 6  # 20, 10, then 5 (accepted), 5, 3, 2, 1 at the most
        assert alerts_of(shops) == ["record_quarantined"]
        assert re.search(r"B-000007: .*Codigo\[4102\]", told(shops))
        self.released(house, shops, boss)

    def released(self, house: House, shops: Shops, boss: Client) -> None:
        """A person releases it once the cause is gone; who and why stays."""
        record = next(record for record in shops.records if record.state == "quarantined")
        house.simulator.heal()
        address = f"/admin/verifactu/record/{record.pk}/release/"
        assert boss.post(address, {"reason": ""}).status_code == 200
        assert Record.objects.get(pk=record.pk).state == "quarantined"
        assert boss.post(address, {"reason": "La AEAT corrigió su esquema"}).status_code == 302
        assert boss.post(address, {"reason": "otra vez"}).status_code == 409
        heal(house, shops)
        assert "quarantined" not in shops.states()
        events = ChainEvent.objects.filter(record=record).order_by("id").values_list("move", "actor", "reason")
        assert [event[:2] for event in events] == [("quarantine", "aeat"), ("release", "marta")]
        assert events[1][2] == "La AEAT corrigió su esquema"
        assert (
            "La AEAT corrigió su esquema" in boss.get(f"/admin/verifactu/record/{record.pk}/change/").content.decode()
        )

    def test_two_of_them_are_found(self, house: House) -> None:
        shops = house.company()
        house.simulator.fail("fault", 1000, value="4102", record="*-00000[27]")
        append(shops, 9)
        heal(house, shops)
        aside = [record.num_serie for record in shops.records if record.state == "quarantined"]
        assert aside == ["B-000002", "B-000007"]
        house.simulator.heal()

    def test_when_every_record_is_refused_it_is_not_the_records(self, house: House) -> None:
        shops = house.company()
        house.simulator.fail("fault", 1000, value="4102", operation="submission")
        append(shops, 5)
        heal(house, shops, until=lambda: "submission_refused" in alerts_of(shops))
        assert set(shops.states()) == {"pending"}
        assert alerts_of(shops).count("submission_refused") == 1
        house.simulator.heal()
        heal(house, shops)
        assert shops.states() == ["accepted"] * 5
        assert alerts_of(shops)[-1] == "sending_again"


class TestSuspended:
    """4141: nothing more is sent until a person says so."""

    def test_stops_the_chain_and_says_so_until_a_person_resumes_it(self, house: House, boss: Client) -> None:
        shops, other = house.company(), house.company()
        house.simulator.fail("fault", value="4141")
        append(shops, 2)
        house.until(lambda: shops.installation.stopped_at, message="The chain was not stopped")
        append(shops, 1, first=2)
        house.until(lambda: at_rest(shops))
        house.pass_time(timedelta(hours=3))
        append(other, 1)
        heal(house, other)
        throughout(lambda: shops.states() == ["pending"] * 3, 1.0, message="A suspended taxpayer was sent")
        assert len(submissions(shops)) == 1
        assert alerts_of(shops) == ["sending_stopped"]
        page = boss.get(f"/admin/verifactu/installation/{shops.installation.pk}/change/").content.decode()
        assert "verifactu@correo.aeat.es" in page
        address = f"/admin/verifactu/installation/{shops.installation.pk}/resume/"
        assert address in page
        assert boss.post(address, {"reason": "La AEAT levantó la suspensión, correo del día 3"}).status_code == 302
        heal(house, shops)
        assert shops.states() == ["accepted"] * 3
        acts = ChainEvent.objects.filter(installation=shops.installation).order_by("id")
        assert [(act.move, act.actor) for act in acts] == [("stop", "aeat"), ("resume", "marta")]

    def test_is_told_by_the_doctor(self, house: House) -> None:
        shops = house.company()
        house.simulator.fail("fault", value="4141")
        append(shops, 1)
        house.until(lambda: shops.installation.stopped_at)
        found = [finding for finding in examine(clock.now()) if finding.what == f"sending of {shops.installation}"]
        assert [finding.verdict for finding in found] == ["fail"]
        assert "4141" in found[0].seen
        assert "Reanudar el envío" in found[0].remedy
        resumed(house, shops)


def resumed(house: House, shops: Shops) -> None:
    """Send a stopped chain on, so that its ledger may be compared."""
    interventions.resume(shops.installation.pk, actor="marta", reason="fin", now=clock.now())
    wake(shops.installation.pk, now=clock.now())
    heal(house, shops)


def test_trouble_is_told_once_while_it_lasts_and_its_end_too(house: House) -> None:
    shops = house.company()
    house.simulator.fail("fault", 4, value="4104", operation="submission")
    append(shops, 1)
    heal(house, shops)
    assert [submission.state for submission in submissions(shops)] == ["refused"] * 4 + ["answered"]
    assert alerts_of(shops) == ["submission_refused", "sending_again"]


def test_an_outage_is_told_once_with_how_many_wait_and_tried_at_least_hourly(house: House) -> None:
    shops = house.company()
    with house.aeat_away():
        append(shops, 3)
        house.until(lambda: at_rest(shops) and submissions(shops))
        for _ in range(16):
            house.pass_time(timedelta(hours=1))
            house.until(partial(tried_since, shops, clock.now() - timedelta(minutes=1)), message="Not tried in an hour")
            house.until(lambda: at_rest(shops))
    assert alerts_of(shops) == ["sending_delayed"]
    assert "3 registros esperan" in Alert.objects.get(tenant=shops.company.tenant, kind="sending_delayed").text
    house.pass_time(timedelta(hours=1))
    heal(house, shops)
    assert alerts_of(shops) == ["sending_delayed", "sending_again"]


def test_an_aeat_that_stalls_everybody_leaves_workers_for_orders(house: House) -> None:
    """Eight places for processes, twelve taxpayers whose submissions hang for half a minute."""
    stalled, other = [house.company() for _ in range(12)], house.company()
    house.simulator.fail("timeout_before", 12, seconds=30, operation="submission")
    for shops in stalled:
        append(shops, 1)
    house.until(lambda: Submission.objects.filter(state="sending").count() >= 4, message="Nothing hangs")
    begun = time.monotonic()
    house.post(other["shopify"], sale(number=1))
    house.until(lambda: other.invoices, message="An order waited for the AEAT")
    assert time.monotonic() - begun < 15
    house.simulator.heal()
    for shops in stalled:
        heal(house, shops)


def tried_since(shops: Shops, moment: datetime) -> bool:
    return Submission.objects.filter(installation=shops.installation, started_at__gte=moment).exists()


def test_a_wait_ends_when_a_thousand_records_wait(house: House) -> None:
    shops = house.company()
    with house.waiting(600):
        append(shops, 1)
        house.until(lambda: shops.states() == ["accepted"])
        append(shops, 999, series="C")
        house.until(lambda: at_rest(shops))
        throughout(lambda: len(house.requests_received(shops)) == 1, 1.5, message="It was sent before its time")
        append(shops, 1, series="D")
        house.until(lambda: set(shops.states()) == {"accepted"}, message="A thousand waited and were not sent")
    assert [request["records"] for request in house.requests_received(shops)] == [1, 1000]


def test_a_back_off_does_not_end_because_a_thousand_wait(house: House) -> None:
    shops = house.company()
    house.simulator.fail("fault", 5, value="4104", operation="submission")
    append(shops, 1000)
    # So many failures that what is left of the last back-off is more than a hundred records take.
    heal(house, shops, until=lambda: [s.state for s in submissions(shops)] == ["refused"] * 5)
    # The hundredth has the sender look whether a thousand wait: they do, and travel together.
    append(shops, 100, series="C")
    throughout(lambda: len(submissions(shops)) == 5, 1.5, message="It was sent before its back-off was over")
    until = submissions(shops)[-1].next_at
    assert until is not None
    assert clock.now() < until, "the back-off ended by itself: nothing was shown"
    heal(house, shops)
    assert set(shops.states()) == {"accepted"}
