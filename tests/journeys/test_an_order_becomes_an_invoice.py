"""A shop's order arrives over HTTP; a legal invoice leaves, and the AEAT has acknowledged it."""

import email
import email.policy
from dataclasses import replace
from datetime import timedelta

import pytest

from invoicing.models import Document
from tests.journeys.house import House
from tests.journeys.independent import assert_qr_names, qr_of, text_of
from tests.world import LUCIA, SOLER, sale
from workflows.models import Process


@pytest.mark.parametrize("platform", ["shopify", "woocommerce", "api"])
def test_an_order_of_each_platform_becomes_an_accepted_invoice(house: House, platform: str) -> None:
    shops = house.company()
    order = sale(SOLER, platform=platform)
    answer = house.post(shops[platform], order)
    assert answer.status_code == (202 if platform == "api" else 200)
    house.settled()

    [invoice] = shops.invoices
    assert (invoice.tipo, invoice.state, invoice.record.state) == ("F1", "acknowledged", "accepted")
    assert invoice.record.csv
    assert shops.order(order).state == "invoiced"
    assert invoice.total == shops.order(order).total

    document = Document.objects.get(invoice=invoice)
    pdf = house.folder / "documents" / document.sha256[:2] / document.sha256[2:4] / f"{document.sha256}.pdf"
    printed = text_of(pdf.read_bytes())
    for text in (invoice.num_serie, "Ferretería Soler SL", "B12345674", "Calle de la Palma 18", "VERI*FACTU"):
        assert text in printed
    assert qr_of(pdf.read_bytes()) == invoice.qr_url
    assert_qr_names(invoice.qr_url, invoice.record.xml)

    [letter] = house.letters(invoice)
    message = email.message_from_bytes(letter.read_bytes(), policy=email.policy.default)
    [attached] = message.iter_attachments()
    assert attached.get_content() == pdf.read_bytes()
    assert message["To"] == SOLER.email
    assert [record["numero"] for record in house.received(shops)] == [invoice.num_serie]


def test_a_guest_gets_a_simplified_invoice(house: House) -> None:
    shops = house.company()
    house.post(shops["shopify"], sale(LUCIA))
    house.settled()
    [invoice] = shops.invoices
    assert (invoice.tipo, invoice.recipient_nif, invoice.state) == ("F2", "", "acknowledged")


def test_orders_of_a_busy_minute_are_numbered_without_gap_in_one_chain(house: House) -> None:
    shops = house.company()
    buyers = {True: LUCIA, False: SOLER}
    for number in range(12):
        platform = ("shopify", "woocommerce", "api")[number % 3]
        assert house.post(shops[platform], sale(buyers[number % 2 == 0], platform=platform, number=number)).ok
    house.settled()
    assert shops.states() == ["accepted"] * 12
    numbers: dict[str, list[int]] = {}
    for invoice in shops.invoices:
        numbers.setdefault(str(invoice.series), []).append(invoice.number)
    assert sorted(numbers.values()) == [[1, 2, 3, 4, 5, 6]] * 2


def test_orders_outlive_the_worker_that_is_killed_over_them(house: House) -> None:
    shops = house.company()
    for number in range(6):
        house.post(shops["shopify"], sale(SOLER, number=number))
    house.kill_worker()
    # The dead worker's leases run out.
    house.pass_time(timedelta(seconds=15))
    house.settled()
    assert shops.states() == ["accepted"] * 6
    assert [invoice.number for invoice in shops.invoices] == [1, 2, 3, 4, 5, 6]
    assert [len(house.letters(invoice)) for invoice in shops.invoices] == [1] * 6


def test_a_letter_that_cannot_be_addressed_does_not_keep_the_aeats_answer_waiting(house: House) -> None:
    shops = house.company()
    nameless = replace(LUCIA, first="Ñ", last="")  # whose address is then .@example.com
    house.post(shops["woocommerce"], sale(nameless, platform="woocommerce"))
    house.settled()
    [invoice] = shops.invoices
    assert invoice.state == "acknowledged"
    assert house.letters(invoice) == []
    letter = Process.objects.get(idempotency_key=f"mail:{invoice.pk}")
    assert (letter.state, letter.hold["kind"], letter.error["class"]) == ("held", "failure", "BadRecipient")
