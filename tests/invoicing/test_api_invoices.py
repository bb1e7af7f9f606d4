"""Invoices over the API: figures, the AEAT's verdict, the PDF."""

import hashlib
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from common import clock
from invoicing.documents import Documents
from invoicing.models import Document, Invoice
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import INVOICES, ORDERS, ApiClient, caller, is_problem, order, work_off
from verifactu.models import Record

MIXED = {
    # 24.20 at 21 % is 20.00 + 4.20; 4.16 at 4 % is 4.00 + 0.16; 11.00 at 10 % is 10.00 + 1.00.
    "lines": [
        {"description": "Taza", "quantity": "2", "unit_price": "12.10", "amount": "24.20", "tax_rate": "21"},
        {"description": "Pan", "unit_price": "4.16", "amount": "4.16", "tax_rate": "4"},
        {"description": "Miel", "unit_price": "11.00", "amount": "11.00", "tax_rate": "10"},
    ],
    "total": "39.36",
}


@pytest.fixture
def client(fresh_database: Database) -> ApiClient:
    return caller(world.la_encina())


def issued(client: ApiClient, **changes: Any) -> dict[str, Any]:
    """Send an order and return its invoice as the API shows it."""
    location = client.post(ORDERS, order(**changes))["Location"]
    work_off()
    (named,) = client.get(location).json()["invoices"]
    response = client.get(named["url"])
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    assert (named["id"], named["number"]) == (found["id"], found["number"])
    return found


def test_the_figures_are_texts_that_add_up_to_what_was_paid(client: ApiClient) -> None:
    invoice = issued(client, **MIXED)
    assert invoice["tipo"] == "F2"
    assert (invoice["base_total"], invoice["tax_total"], invoice["total"]) == ("34.00", "5.36", "39.36")
    shares = {share["rate"]: (share["base"], share["tax"]) for share in invoice["breakdown"]}
    assert {Decimal(rate): amounts for rate, amounts in shares.items()} == {
        Decimal(21): ("20.00", "4.20"), Decimal(4): ("4.00", "0.16"), Decimal(10): ("10.00", "1.00"),
    }  # fmt: skip
    assert {(share["impuesto"], share["clave_regimen"], share["calificacion"]) for share in invoice["breakdown"]} == {
        ("01", "01", "S1")
    }


def test_a_complete_invoice_names_its_recipient_and_a_simplified_one_none(client: ApiClient) -> None:
    assert issued(client)["recipient"] is None
    address = {"lines": ["Calle Mayor 3"], "postal_code": "46001", "city": "València", "country": "ES"}
    company = {"company": "Ferretería Soler SL", "tax_id": "B12345674", "address": address}
    invoice = issued(client, id="web-2", buyer=company)
    assert invoice["tipo"] == "F1"
    assert invoice["recipient"] == {"name": "Ferretería Soler SL", "nif": "B12345674"}


def test_its_dates_number_and_links(client: ApiClient) -> None:
    invoice = issued(client)
    row = Invoice.objects.get()
    at = datetime.fromisoformat(invoice["issued_at"])
    assert at == row.issued_at
    assert at.utcoffset() == row.issued_at.astimezone(ZoneInfo("Europe/Madrid")).utcoffset()
    assert invoice["issue_date"] == at.date().isoformat()
    assert invoice["number"] == row.num_serie
    assert invoice["environment"] == "simulator"
    assert invoice["qr_url"].startswith("https://prewww2.aeat.es/")
    assert client.get(invoice["links"]["order"]).json()["id"] == invoice["order"]
    assert client.get(invoice["links"]["self"]).json() == invoice


def test_the_verdict_of_the_aeat(client: ApiClient) -> None:
    invoice = issued(client)
    record = Record.objects.get()
    assert invoice["aeat"] == {
        "state": "pending", "code": "", "text": "", "remedy": "", "csv": "", "at": None, "huella": record.huella,
    }  # fmt: skip
    moment = clock.now()
    # As verdicts.py writes it, when the record has been sent.
    Record.objects.filter(pk=record.pk).update(state="in_flight")
    Record.objects.filter(pk=record.pk).update(
        state="accepted_with_errors", codigo_error="2004", descripcion_error="El valor del campo…", csv="A-ABC",
        verdict_at=moment,
    )  # fmt: skip
    told = client.get(invoice["links"]["self"]).json()["aeat"]
    assert datetime.fromisoformat(told.pop("at")) == moment
    assert "servidor (NTP)" in told.pop("remedy")
    assert told == {
        "state": "accepted_with_errors", "code": "2004", "text": "El valor del campo…", "csv": "A-ABC",
        "huella": record.huella,
    }  # fmt: skip
    in_english = client.raw.get(invoice["links"]["self"], headers={"Accept-Language": "en"}).json()["aeat"]
    assert "server's clock (NTP)" in in_english["remedy"]


class TestPdf:
    def test_until_it_is_rendered_the_client_is_asked_to_come_back(self, client: ApiClient) -> None:
        response = client.get(issued(client)["links"]["pdf"])
        is_problem(response, 404, "pdf-not-ready")
        assert int(response["Retry-After"]) > 0

    def test_then_it_is_the_stored_bytes(self, client: ApiClient, settings: Settings, tmp_path: Path) -> None:
        settings.DOCUMENTS_DIR = tmp_path
        invoice = issued(client)
        data = b"%PDF-1.7 the invoice"
        stored = Documents(tmp_path).store(data)
        Document(invoice=Invoice.objects.get(), sha256=stored.sha256, size=stored.size, rendered_at=clock.now()).save()
        response = client.raw.get(invoice["links"]["pdf"], headers={"Accept": "application/pdf"})
        assert response.content == data
        assert response["Content-Type"] == "application/pdf"
        assert response["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
        assert f'filename="{invoice["number"]}.pdf"' in response["Content-Disposition"]


class TestListing:
    def test_newest_first_and_page_by_page(self, client: ApiClient) -> None:
        numbers = [issued(client, id=f"o{number}")["number"] for number in range(3)]
        page = client.get(INVOICES, limit="2").json()
        rest = client.raw.get(page["next"]).json()
        assert [one["number"] for one in page["data"] + rest["data"]] == numbers[::-1]
        assert (rest["has_more"], rest["next"]) == (False, None)

    def test_filters(self, client: ApiClient) -> None:
        first, second = issued(client, id="a"), issued(client, id="b")

        def found(**parameters: str) -> list[str]:
            return [one["number"] for one in client.get(INVOICES, **parameters).json()["data"]]

        assert found(number=first["number"]) == [first["number"]]
        assert found(order=second["order"]) == [second["number"]]
        assert found(state="rejected") == []
        assert found(issued_from=first["issue_date"], issued_to=first["issue_date"]) == [
            second["number"], first["number"],
        ]  # fmt: skip
        assert found(issued_to="2020-01-01") == []
        assert found(issued_from="2120-01-01") == []

    def test_a_page_costs_three_queries(self, client: ApiClient, django_assert_max_num_queries: Any) -> None:
        for number in range(4):
            client.post(ORDERS, order(id=f"o{number}"))
        work_off()
        client.get(INVOICES)
        with django_assert_max_num_queries(3):  # the key, the page, the newest records
            assert len(client.get(INVOICES).json()["data"]) == 4
