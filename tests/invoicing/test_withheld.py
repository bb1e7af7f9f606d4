"""What an invoice has beside its total stays right when another invoice corrects it (RIRPF art. 95.1; FAQ 20)."""

from decimal import Decimal
from typing import Any

import pypdfium2
import pytest

from invoicing.api import ids
from invoicing.models import Invoice
from invoicing.pdf.compose import compose
from invoicing.pdf.sheet import sheet
from invoicing.printing import printed
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import INVOICES, ORDERS, ApiClient, caller, order, work_off
from verifactu.models import Record

D = Decimal
SOLER = {
    "company": "Ferretería Soler SL", "tax_id": "B12345674",
    "address": {"lines": ["Calle Mayor 3"], "postal_code": "46001", "city": "València", "country": "ES"},
}  # fmt: skip


@pytest.fixture
def client(fresh_database: Database) -> ApiClient:
    """A client whose company invoiced 20.00 and IVA; of them 15 % are withheld, 10.00 outlays, 8.00 were received."""
    made = caller(world.la_encina())
    beside = {"withholding": "3.00", "withholding_rate": "15", "outlays": "10.00", "advances": "8.00"}
    assert made.post(ORDERS, order(buyer=SOLER, **beside)).status_code == 202
    work_off()
    answered()
    return made


def answered() -> None:
    Record.objects.filter(state="pending").update(state="in_flight")
    Record.objects.filter(state="in_flight").update(state="accepted")


def rectified(client: ApiClient, **body: Any) -> Invoice:
    sold = Invoice.objects.get(purpose="sale")
    address = f"{INVOICES}{ids.text(ids.INVOICE, sold.pk)}/rectify/"
    response = client.post(address, {"reason": "otra cosa", **body})
    assert response.status_code == 202, response.content
    work_off()
    answered()
    made: Invoice = Invoice.objects.latest("id")
    assert made != sold
    return made


def text(invoice: Invoice) -> str:
    value = printed(invoice)
    with pypdfium2.PdfDocument(compose(sheet(value), value)) as document:
        return " ".join(document[0].get_textpage().get_text_range().split())


def test_less_is_withheld_of_less_and_all_of_it_goes_back_in_the_end(client: ApiClient) -> None:
    """Thirds of 24.20: bases 6.67, 6.67 and 6.66, of which 15 % are 1.0005, 1.0005 and 0.999."""
    made = [
        rectified(client, situation="return_or_discount", reductions=[{"position": 1, "gross": gross}])
        for gross in ("8.07", "8.07", "8.06")
    ]
    assert [(each.tipo, each.total, each.withholding) for each in made] == [
        ("R1", D("-8.07"), D("-1.00")), ("R1", D("-8.07"), D("-1.00")), ("R1", D("-8.06"), D("-1.00")),
    ]  # fmt: skip
    assert {each.outlays for each in made} == {D("0.00")}
    said = text(made[0])
    assert "Retención IRPF 15 % 1,00 €" in said
    assert "Total a pagar \N{MINUS SIGN}7,07 €" in said


def test_another_recipient_is_asked_for_the_same(client: ApiClient) -> None:
    made = rectified(
        client, situation="recipient_or_text", recipient={**SOLER, "company": "Ferretería Soler e Hijos SL"}
    )
    assert (made.tipo, made.method, made.total) == ("R4", "S", D("24.20"))
    assert (made.withholding, made.outlays) == (D("3.00"), D("10.00"))
    said = text(made)
    for line in (
        "Total factura 24,20 €",
        "Retención IRPF 15 % \N{MINUS SIGN}3,00 €",
        "Suplidos 10,00 €",
        "Anticipos \N{MINUS SIGN}8,00 €",
        "Total a pagar 23,20 €",  # 24.20 - 3.00 + 10.00 - 8.00
    ):
        assert line in said
