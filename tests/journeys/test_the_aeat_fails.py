"""The AEAT is away, slow, broken or speaks nonsense; in the end every record is acknowledged, none sent twice."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from config.demo.catalogue import cif
from invoicing.models import Invoice
from tests.deadline import throughout
from tests.journeys.house import House, Shops
from tests.world import LUCIA, SOLER, sale
from verifactu.models import Submission
from workflows.models import Process

BACK_OFF = timedelta(seconds=6)
"""A little more than the sender waits after a first failure, and than the AEAT's Retry-After asks for."""
LATE = timedelta(seconds=241)
"""From here on a record is late whether or not it was tried (measured_facts.json)."""


def has_letter(house: House, invoice: Invoice) -> bool:
    return len(house.letters(invoice)) == 1


def has_invoices(shops: Shops, count: int) -> bool:
    return len(shops.invoices) == count


def test_nobody_at_the_aeats_address_delays_the_acknowledgement_and_nothing_else(house: House) -> None:
    shops = house.company()
    with house.aeat_away():
        house.post(shops["shopify"], sale(number=1))
        tried(house, shops)
        house.post(shops["shopify"], sale(SOLER, number=2))
        house.until(lambda: len(shops.invoices) == 2)
        # The QR is valid before the AEAT answers: rendered and mailed meanwhile.
        for invoice in shops.invoices:
            house.until(partial(has_letter, house, invoice), message="The letter was not written")
        assert set(shops.states()) == {"pending"}
    house.pass_time(BACK_OFF)
    house.settled()
    assert shops.states() == ["accepted"] * 2
    assert [invoice.state for invoice in shops.invoices] == ["acknowledged"] * 2


def test_only_what_the_outage_delayed_travels_as_an_incident(house: House) -> None:
    shops = house.company()
    with house.aeat_away():
        house.post(shops["shopify"], sale(number=1))
        tried(house, shops)
        for number in (2, 3):
            house.post(shops["shopify"], sale(number=number))
            house.until(partial(has_invoices, shops, number))
    house.pass_time(BACK_OFF)
    house.settled()
    assert headers(house, shops) == [(1, "S"), (2, "")]


def test_after_four_minutes_everything_is_late(house: House) -> None:
    shops = house.company()
    with house.aeat_away():
        house.post(shops["shopify"], sale(number=1))
        tried(house, shops)
        house.post(shops["shopify"], sale(number=2))
        house.until(lambda: len(shops.invoices) == 2)
        house.pass_time(LATE)
        tried(house, shops, times=2)
    house.pass_time(2 * BACK_OFF)
    house.settled()
    assert headers(house, shops) == [(2, "S")]
    assert shops.states() == ["accepted"] * 2


@pytest.mark.parametrize("mode", ["timeout_after", "cut_answer"])
def test_an_answer_that_is_lost_is_asked_for_and_nothing_is_sent_again(house: House, mode: str) -> None:
    shops = house.company()
    house.simulator.fail(mode, operation="submission", seconds=1)
    questions = house.simulator.report()["queries"]
    for number in range(2):
        house.post(shops["shopify"], sale(number=number))
    # What was not in the lost submission goes after a pause, in one of its own.
    house.until(lambda: "accepted" in shops.states(), message="The AEAT was not asked")
    house.pass_time(BACK_OFF)
    house.settled()
    assert shops.states() == ["accepted"] * 2
    assert house.simulator.report()["queries"] == questions + 1
    assert sum(count for count, _ in headers(house, shops)) == 2
    assert "3000" not in [record["code"] for record in house.received(shops)]


@pytest.mark.parametrize("mode", ["timeout_before", "html_page", "fault_server"])
def test_an_answer_that_says_nothing_is_asked_about_and_what_is_missing_is_sent(house: House, mode: str) -> None:
    shops = house.company()
    house.simulator.fail(mode, operation="submission", seconds=1)
    questions = house.simulator.report()["queries"]
    house.post(shops["shopify"], sale())
    asked(house, shops)
    assert house.simulator.report()["queries"] == questions + 1
    assert shops.states() == ["pending"]
    house.pass_time(BACK_OFF)
    house.settled()
    assert shops.states() == ["accepted"]
    assert headers(house, shops) == [(1, "S")]


@pytest.mark.parametrize("mode", ["http_503", "http_429", "http_403", "refuse_connection"])
def test_being_turned_away_is_no_doubt_and_the_same_is_sent_again_after_a_pause(house: House, mode: str) -> None:
    shops = house.company()
    house.simulator.fail(mode)
    questions = house.simulator.report()["queries"]
    house.post(shops["shopify"], sale())
    tried(house, shops)
    throughout(lambda: shops.states() == ["pending"], 0.5, message="It was sent before the pause was over")
    house.pass_time(BACK_OFF)
    house.settled()
    assert shops.states() == ["accepted"]
    assert headers(house, shops) == [(1, "S")]
    assert house.simulator.report()["queries"] == questions


def test_a_question_that_is_not_answered_is_asked_again(house: House) -> None:
    shops = house.company()
    house.simulator.fail("cut_answer", operation="submission")
    house.simulator.fail("http_503", operation="query")
    house.simulator.fail("html_page", operation="query")
    house.post(shops["shopify"], sale())
    house.until(lambda: Submission.objects.filter(installation=shops.installation, state="unknown"))
    asking = Process.objects.filter(workflow="submit-chain", tags=[f"chain:{shops.installation.pk}"])
    for failures in (1, 2):
        tries = asking.filter(state="retrying", steps__key="ask", steps__failures=failures)
        house.until(tries.exists, message=f"The question did not fail {failures} times")
        house.pass_time(BACK_OFF)
    house.settled()
    assert shops.states() == ["accepted"]
    assert headers(house, shops) == [(1, "")]


def test_a_submission_refused_as_a_whole_keeps_its_records_until_the_cause_is_gone(house: House) -> None:
    shops = house.company()
    with house.census(SOLER.nif.strip()[3:]):  # which knows the buyer and not the seller
        house.post(shops["shopify"], sale(LUCIA))
        tried(house, shops)
        submission = Submission.objects.get(installation=shops.installation)
        assert (submission.state, shops.states()) == ("refused", ["pending"])
        assert "NIF" in submission.reason
    house.pass_time(BACK_OFF)
    house.settled()
    assert shops.states() == ["accepted"]
    assert house.simulator.report(with_records=False)["faults"] >= 1


def test_a_buyer_whom_the_census_does_not_know_is_acknowledged_with_errors(house: House) -> None:
    shops = house.company()
    with house.census(shops.company.taxpayer.nif, shops.installation.producer_nif):
        house.post(shops["shopify"], sale(replace(SOLER, nif=cif("A", 7_654_321)), number=1))
        house.post(shops["shopify"], sale(LUCIA, number=2))
        house.settled()
    assert sorted(shops.states()) == ["accepted", "accepted_with_errors"]
    told = {invoice.tipo: (invoice.state, invoice.record.codigo_error) for invoice in shops.invoices}
    assert told == {"F1": ("acknowledged_with_errors", "2001"), "F2": ("acknowledged", "")}


def tried(house: House, shops: Shops, times: int = 1) -> None:
    """Wait until so many submissions were tried and came to nothing."""
    failed = Submission.objects.filter(installation=shops.installation, state__in=("not_delivered", "refused"))
    house.until(lambda: failed.count() >= times, message=f"No {times} failed submissions")


def asked(house: House, shops: Shops) -> None:
    """Wait until the AEAT has said what it holds of a submission in doubt."""
    ended = Submission.objects.filter(installation=shops.installation, state="answered")
    house.until(ended.exists, message="The doubt was not ended by a question")


def headers(house: House, shops: Shops) -> list[tuple[int, str]]:
    """Return the number of records and the Incidencia of each submission that the AEAT took."""
    return [(request["records"], request["incidencia"]) for request in house.requests_received(shops)]
