"""A person answers by API what an order asks; the shop changes the order; nobody is asked the same again."""

from datetime import timedelta
from typing import Any

import pytest

from common import clock
from invoicing.models import Invoice
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, ApiClient, caller, order, work_off
from workflows.models import Step


@pytest.fixture
def database(fresh_database: Database) -> Database:
    return fresh_database


def goods(*lines: tuple[str, str, str], **changes: Any) -> dict[str, Any]:
    """An order of lines: what, euros with tax, rate (empty: untaxed)."""
    told = [
        {"description": what, "unit_price": amount, "amount": amount, **({"tax_rate": rate} if rate else {})}
        for what, amount, rate in lines
    ]
    total = sum(int(amount.replace(".", "")) for _, amount, _ in lines)
    return order(lines=told, total=f"{total // 100}.{total % 100:02}", **changes)


def later(seconds: int) -> str:
    return (clock.now() + timedelta(seconds=seconds)).isoformat()


def sent(client: ApiClient, body: dict[str, Any]) -> str:
    response = client.post(ORDERS, body)
    assert response.status_code == 202, response.content
    work_off()
    return str(response["Location"])


def hold(client: ApiClient, address: str) -> dict[str, Any]:
    found: dict[str, Any] | None = client.get(address).json()["hold"]
    assert found, "the order is not held"
    return found


def answer(client: ApiClient, address: str, **given: str) -> None:
    process = hold(client, address)["process"]
    response = client.post(f"{address}resolution/", {"process": process, **given})
    assert response.status_code == 202, response.content
    work_off()


EXEMPT = {"action": "choose_regime", "treatment": "E1", "reason": "Enseñanza, art. 20.Uno.9 LIVA"}


def test_an_edit_of_an_invoiced_order_keeps_the_regime_that_a_person_chose(database: Database) -> None:
    client = caller(world.la_encina())
    address = sent(client, goods(("Curso", "80.00", ""), ("Taza", "12.10", "21")))
    assert hold(client, address)["code"] == "untaxed_line"
    answer(client, address, **EXEMPT)
    Step.objects.filter(process__workflow="invoice-order").delete()  # as the purge does, long after
    sent(client, goods(("Curso", "95.00", ""), ("Taza", "12.10", "21"), updated_at=later(5)))
    assert client.get(address).json()["hold"] is None
    assert [(each.purpose, str(each.total)) for each in Invoice.objects.order_by("id")] == [
        ("sale", "92.10"), ("addition", "15.00"),
    ]  # fmt: skip
    addition = Invoice.objects.get(purpose="addition").record.xml
    assert "<sum1:OperacionExenta>E1<" in addition
    assert "TipoImpositivo" not in addition


def test_an_edit_of_a_held_order_keeps_what_was_answered_so_far(database: Database) -> None:
    client = caller(world.la_encina())
    address = sent(client, goods(("Curso", "80.00", ""), ("Torno", "5000.00", "21")))
    answer(client, address, **EXEMPT)
    assert hold(client, address)["code"] == "nif_required"
    sent(client, goods(("Curso", "80.00", ""), ("Torno", "4999.00", "21"), updated_at=later(5)))
    assert hold(client, address)["code"] == "nif_required"
    sent(client, goods(("Curso", "80.00", ""), ("Taza", "12.10", "21"), updated_at=later(10)))
    assert "<sum1:OperacionExenta>E1<" in Invoice.objects.get().record.xml


def test_a_rate_of_the_igic_that_the_tables_do_not_know_is_confirmed_once(database: Database) -> None:
    company = world.la_encina()
    company.territory = "canarias"
    company.save()
    client = caller(company)
    place = {"address": {"lines": ["Calle Triana 90"], "postal_code": "35002", "city": "Las Palmas",
                         "province": "Las Palmas", "country": "ES"}}  # fmt: skip
    buyer = {"name": "Nayra Santana", **place}
    address = sent(client, goods(("Vino", "11.35", "13.5"), buyer=buyer))
    told = hold(client, address)
    assert (told["code"], "issue_anyway" in told["actions"]) == ("unknown_tax_rate", True)
    answer(client, address, action="issue_anyway")
    record = Invoice.objects.get().record.xml
    assert "<sum1:Impuesto>03<" in record
    assert "<sum1:TipoImpositivo>13.50<" in record
    assert "<sum1:BaseImponibleOimporteNoSujeto>10.00<" in record
    sent(client, goods(("Vino", "22.70", "13.5"), buyer=buyer, updated_at=later(5)))
    assert client.get(address).json()["hold"] is None
    assert [str(each.total) for each in Invoice.objects.order_by("id")] == ["11.35", "11.35"]
