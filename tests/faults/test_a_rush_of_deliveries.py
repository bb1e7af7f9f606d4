"""Every delivery twice, shuffled, from many clients, while processes are killed: nothing doubled, nothing lost."""

import json

import pytest

from invoicing.models import Delivery, Order
from tests.faults.gang import deadlocks
from tests.faults.rush import Rush, a_morning, killing, post_all
from tests.journeys.house import House, Shops

HEALED = 60.0
"""Seconds after the last kill in which everything has ended or waits for a person."""


@pytest.mark.faults
def test_twenty_orders_while_workers_are_killed(house: House) -> None:
    shops, rush = house.company(), a_morning(20, seed=1)
    with killing(house, every=1.0, seed=1):
        post_all(house, shops, rush, clients=16)
    everything_is_well(house, shops, rush)


@pytest.mark.faults
def test_captures_against_issues_of_one_company_never_lock_each_other_out(house: House) -> None:
    """Every version of an order is captured while another is being issued: the order's row, its key, the series."""
    shops, rush = house.company(), a_morning(60, seed=9)
    post_all(house, shops, rush, clients=24)
    everything_is_well(house, shops, rush)


@pytest.mark.faults
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_hundred_orders_while_a_worker_is_killed_every_second(house: House, seed: int) -> None:
    shops, rush = house.company(settle_seconds=5), a_morning(200, seed=seed)
    with killing(house, every=1.0, seed=seed) as dead:
        post_all(house, shops, rush, clients=16)
        house.until(lambda: len(dead) >= 20, message="Too few were killed")
    everything_is_well(house, shops, rush)


@pytest.mark.faults
def test_the_web_server_is_killed_while_deliveries_arrive(house: House) -> None:
    shops, rush = house.company(), a_morning(30, seed=4)
    third = len(rush.posts) // 3
    parts = [Rush(rush.posts[:third], 0, 0), Rush(rush.posts[third:], 0, 0)]
    post_all(house, shops, parts[0], clients=8)
    pid = house.kill("web")
    post_all(house, shops, parts[1], clients=8)
    assert parts[1].answers.get(0), "nobody noticed that the server was gone"
    assert house.supervisor.pids()["web"] != pid
    everything_is_well(house, shops, rush)


@pytest.mark.faults
def test_the_web_server_is_killed_again_and_again_in_the_middle_of_requests(house: House) -> None:
    shops, rush = house.company(), a_morning(200, seed=5)
    size = len(rush.posts) // 5
    for start in range(0, len(rush.posts), size):
        post_all(house, shops, Rush(rush.posts[start : start + size], 0, 0), clients=16)
        house.kill("web")
    everything_is_well(house, shops, rush)


def everything_is_well(house: House, shops: Shops, rush: Rush) -> None:
    """Wait until everything has ended, and count."""
    house.until(lambda: not house.moving(), HEALED, f"Not healed in time (answers: {rush.answers})")
    keys = {(post.sale.platform, post.key) for post in rush.posts}
    assert Delivery.objects.filter(company=shops.company).count() == len(keys)
    states = list(Order.objects.filter(company=shops.company).values_list("state", flat=True))
    assert (states.count("invoiced"), states.count("held")) == (rush.invoiced, rush.held)
    assert len(states) == rush.invoiced + rush.held
    assert [invoice.state for invoice in shops.invoices] == ["acknowledged"] * rush.invoiced
    assert deadlocks() == 0
    assert set(rush.answers) <= {0, 200, 202, 409, 503}, json.dumps(rush.answers)
