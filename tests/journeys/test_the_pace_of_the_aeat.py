"""At most a thousand records at once, and never before the wait that the AEAT asked for is over."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from common import clock
from common.ids import uuid7
from tests.deadline import throughout
from tests.journeys.house import House, Shops
from tests.verifactu.examples import SIMPLIFIED
from tests.world import sale
from verifactu import chain
from verifactu.records import IDFactura, fecha, fecha_hora_huso

MINUTE = timedelta(seconds=60)


@pytest.mark.faults
def test_twelve_hundred_records_go_as_a_thousand_and_two_hundred(house: House) -> None:
    shops = house.company()
    with house.waiting(60):
        append(shops, 1200)
        house.until(lambda: shops.states().count("accepted") == 1000, message="The first thousand were not accepted")
        throughout(lambda: len(house.requests_received(shops)) == 1, 1.5, message="The rest was sent before its time")
        house.pass_time(MINUTE)
        house.settled()
    assert [request["records"] for request in house.requests_received(shops)] == [1000, 200]
    assert shops.states() == ["accepted"] * 1200


def test_what_is_issued_within_the_wait_goes_together_when_it_is_over(house: House) -> None:
    shops = house.company()
    with house.waiting(60):
        house.post(shops["shopify"], sale(number=0))
        house.until(lambda: shops.states() == ["accepted"])
        for number in (1, 2, 3):
            house.post(shops["shopify"], sale(number=number))
        house.until(lambda: len(shops.invoices) == 4)
        house.pass_time(MINUTE / 2)
        throughout(lambda: len(house.requests_received(shops)) == 1, 1.5, message="It was sent before its time")
        house.pass_time(MINUTE / 2)
        house.settled()
    assert [request["records"] for request in house.requests_received(shops)] == [1, 3]
    assert shops.states() == ["accepted"] * 4


def test_each_taxpayer_has_a_pace_of_its_own(house: House) -> None:
    one, other = house.company(), house.company()
    with house.waiting(60):
        house.post(one["shopify"], sale(number=1))
        house.until(lambda: one.states() == ["accepted"])
        house.post(other["shopify"], sale(number=1))
        house.until(lambda: other.states() == ["accepted"])


def test_the_wait_that_a_lost_answer_asked_for_is_that_of_the_answer_before(house: House) -> None:
    shops = house.company()
    with house.waiting(60):
        house.post(shops["shopify"], sale(number=1))
        house.until(lambda: shops.states() == ["accepted"])
        house.pass_time(MINUTE)
        house.simulator.fail("cut_answer", operation="submission")
        house.post(shops["shopify"], sale(number=2))
        house.until(lambda: shops.states() == ["accepted"] * 2)
        house.post(shops["shopify"], sale(number=3))
        house.until(lambda: len(shops.invoices) == 3)
        house.pass_time(MINUTE / 2)
        throughout(lambda: len(house.requests_received(shops)) == 2, 1.5, message="It was sent before its time")
        house.pass_time(MINUTE / 2)
        house.settled()
    assert shops.states() == ["accepted"] * 3


def append(shops: Shops, count: int) -> None:
    """Append so many records to a company's chain, in one transaction."""
    with transaction.atomic():
        head = chain.lock(tenant=shops.company.tenant)
        system = head.sistema()
        for number in range(count):
            stamp = head.stamp(clock.now())
            local = stamp.astimezone(ZoneInfo("Europe/Madrid"))
            registro = replace(
                SIMPLIFIED,
                IDFactura=IDFactura(
                    IDEmisorFactura=shops.company.taxpayer.nif,
                    NumSerieFactura=f"B-{number:06d}",
                    FechaExpedicionFactura=fecha(local.date()),
                ),
                NombreRazonEmisor=shops.company.taxpayer.name,
                Encadenamiento=head.encadenamiento(),
                SistemaInformatico=system,
                FechaHoraHusoGenRegistro=fecha_hora_huso(local),
            )
            chain.append(head, registro, id=uuid7(), stamp=stamp, covers="", answer_token="", now=stamp)
