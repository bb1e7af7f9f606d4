"""A record corrected and an invoice annulled by API."""

from typing import Any

import pytest

from invoicing.api import ids
from invoicing.models import Invoice
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import INVOICES, ORDERS, ApiClient, caller, is_problem, order, work_off
from verifactu.models import Record
from verifactu.xml import read_registro
from workflows.models import Process


@pytest.fixture
def client(fresh_database: Database) -> ApiClient:
    """A client whose company has one invoice, acknowledged."""
    made = caller(world.la_encina())
    made.post(ORDERS, order())
    work_off()
    Record.objects.update(state="in_flight")
    Record.objects.update(state="accepted")
    Invoice.objects.update(state="acknowledged")
    return made


def address(verb: str) -> str:
    return f"{INVOICES}{ids.text(ids.INVOICE, Invoice.objects.get().pk)}/{verb}/"


def last() -> Any:
    return read_registro(Record.objects.latest("seq").xml)


def test_a_record_is_made_again_with_another_coding(client: ApiClient) -> None:
    body = {"reason": "criterio de caja", "lines": [{"position": 1, "clave_regimen": "07"}], "description": "Tazas"}
    response = client.post(address("amend"), body)
    assert response.status_code == 202
    process = Process.objects.get(workflow="subsanar")
    assert response["Location"] == response.json()["url"]
    assert response.json()["process"] == ids.text(ids.PROCESS, process.pk)
    assert process.actor.startswith("api:")
    work_off()
    assert (last().Subsanacion, last().Desglose[0].ClaveRegimen, last().DescripcionOperacion) == ("S", "07", "Tazas")
    shown = client.get(f"{INVOICES}{ids.text(ids.INVOICE, Invoice.objects.get().pk)}/").json()
    assert (shown["aeat"]["state"], shown["aeat"]["huella"]) == ("pending", last().Huella)


def test_an_invoice_is_annulled(client: ApiClient) -> None:
    assert client.post(address("annul"), {"reason": "una prueba"}).status_code == 202
    work_off()
    assert Record.objects.latest("seq").operation == "Anulacion"
    told = is_problem(client.post(address("annul"), {"reason": "otra vez"}), 422, "correction-refused")
    assert "aún espera" in told["detail"]


def test_an_invoice_is_rectified_by_another_one(client: ApiClient) -> None:
    sold = Invoice.objects.get()
    body = {
        "situation": "return_or_discount",
        "reason": "llegó rayada",
        "reductions": [{"position": 1, "gross": "1.21"}],
    }
    response = client.post(address("rectify"), body)
    assert response.status_code == 202, response.content
    work_off()
    made = Invoice.objects.exclude(pk=sold.pk).get()
    assert (made.tipo, made.method, str(made.total), made.note_for_buyer) == ("R5", "I", "-1.21", "llegó rayada")
    assert (last().TipoFactura, last().FacturasRectificadas[0].NumSerieFactura) == ("R5", sold.num_serie)


@pytest.mark.parametrize(
    ("verb", "body", "status", "code"),
    [
        ("rectify", {"situation": "rebate", "reason": "x"}, 422, "correction-refused"),
        ("rectify", {"situation": "coding", "reason": "x"}, 422, "correction-refused"),
        ("rectify", {"situation": "exchange_wrong", "reason": "x"}, 422, "correction-refused"),
        (
            "rectify",
            {"situation": "bad_debt", "reason": "x", "reductions": [{"position": 1, "gross": "9999.00"}]},
            422,
            "correction-refused",
        ),
        (
            "rectify",
            {"situation": "bad_debt", "reason": "x", "reductions": [{"position": 9, "gross": "1.00"}]},
            422,
            "correction-refused",
        ),
        ("rectify", {"situation": "nonsense", "reason": "x"}, 400, "body-invalid"),
        ("annul", {}, 400, "body-invalid"),
        ("annul", {"reason": ""}, 400, "body-invalid"),
        ("amend", {"reason": "x", "total": "1.00"}, 400, "body-invalid"),
        ("amend", {"reason": "x", "lines": [{"exencion": "E1"}]}, 422, "correction-refused"),
        ("amend", {"reason": "x", "lines": [{"position": 7, "exencion": "E1"}]}, 422, "correction-refused"),
        ("amend", {"reason": "x", "id_type": "07"}, 422, "correction-refused"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(
    client: ApiClient, verb: str, body: dict[str, Any], status: int, code: str
) -> None:
    is_problem(client.post(address(verb), body), status, code)
    assert Record.objects.count() == 1
    assert not Process.objects.filter(workflow__in=("subsanar", "annul-invoice", "rectify-invoice")).exists()


def test_whoever_only_reads_invoices_does_neither(client: ApiClient) -> None:
    reader = caller(client.company, "invoices:read")
    for verb in ("amend", "annul", "rectify"):
        is_problem(reader.post(address(verb), {"reason": "x"}), 403, "scope-missing")
