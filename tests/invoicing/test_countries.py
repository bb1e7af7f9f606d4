"""A country is kept as a code and read by its name, in the language of whoever reads."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from common.admin import change_url
from invoicing.languages import country
from invoicing.models import Invoice
from invoicing.printing import printed
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, caller, order, work_off
from tests.world import la_encina


@pytest.mark.parametrize(
    ("language", "name"),
    [("es", "Alemania"), ("en", "Germany"), ("ca", "Alemanya"), ("fr", "Allemagne"), ("de", "Deutschland")],
)
def test_has_a_name_in_every_language_of_an_invoice(language: str, name: str) -> None:
    assert country("DE", language) == name


def test_stands_last_in_the_address_on_page_and_screen(fresh_database: Database, client: Client) -> None:
    buyer = {
        "name": "Erika Mustermann", "tax_id": "12345678Z",
        "address": {"lines": ["Heidestraße 17"], "postal_code": "51147", "city": "Köln", "country": "DE"},
    }  # fmt: skip
    assert caller(la_encina()).post(ORDERS, order(buyer=buyer, language="de")).status_code == 202
    work_off()
    invoice = Invoice.objects.get()
    assert invoice.recipient_address[-1] == "DE"
    recipient = printed(invoice).recipient
    assert recipient
    assert recipient.address == ("Heidestraße 17", "51147 Köln", "Deutschland")
    client.force_login(User.objects.create_superuser("eva"))
    page = client.get(change_url(invoice), headers={"accept-language": "es"}).content.decode()
    assert "Alemania" in page
