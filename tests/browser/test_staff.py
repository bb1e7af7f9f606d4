"""What a member of staff does on a working day, in a real browser against the running house."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pypdfium2
import pytest

from config.demo.catalogue import PRODUCTS
from invoicing.models import Invoice, Order
from tests.browser.chromium import INSTALL, chromium
from tests.journeys.house import House, Shops
from tests.world import sale
from workflows.models import Process

if chromium() is None:
    pytest.skip(INSTALL, allow_module_level=True)

from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_finds_an_order_opens_its_timeline_and_its_pdf(house: House, shops: Shops, page: Page) -> None:
    for number in (1501, 1502):
        assert house.post(shops["shopify"], sale(number=number)).ok
    house.settled()

    page.get_by_role("link", name="Pedidos").click()
    page.get_by_placeholder("Número del pedido").fill("#1501")
    page.keyboard.press("Enter")
    expect(page.get_by_text("#1502")).to_have_count(0)
    page.get_by_role("link", name="#1501").click()
    expect(page.get_by_role("heading", name="Pedido #1501")).to_be_visible()
    expect(page.get_by_text("registrada en Hacienda")).to_be_visible()

    page.get_by_role("link", name="Completar una factura").click()
    steps = page.locator(".enc-steps > li")
    expect(steps.first).to_contain_text("Crear el PDF")
    expect(steps.last).to_contain_text("Anotar la respuesta en la factura")
    expect(page.get_by_text("No queda nada por hacer.")).to_be_visible()

    invoice = Invoice.objects.get(order__number="#1501")
    page.get_by_role("link", name=f"Factura {invoice.num_serie}").click()
    link = page.get_by_role("link", name="Abrir PDF")
    # With or without a viewer of its own, the browser gets the document by this click.
    with page.expect_response(lambda response: response.url.endswith("/pdf/")) as opened:
        link.click()
    assert opened.value.headers["content-type"] == "application/pdf"
    # What came, asked for with the window's cookies: a browser without viewer keeps the bytes to itself.
    data = page.request.get(opened.value.url).body()
    text = pypdfium2.PdfDocument(BytesIO(data))[0].get_textpage().get_text_bounded()
    assert invoice.num_serie in text


def test_resumes_a_failed_process(house: House, shops: Shops, page: Page) -> None:
    house.pass_time(timedelta(hours=1))
    assert house.post(shops["shopify"], sale(number=1601)).ok
    house.settled()
    house.pass_time(timedelta(hours=-1))  # somebody sets the clock back behind the chain
    assert house.post(shops["shopify"], sale(number=1602)).ok
    house.settled()
    process = Process.objects.get(state="held", tenant=shops.company.tenant)

    page.goto("/admin/")
    row = page.locator("li", has_text="Pedido #1602")
    expect(row).to_contain_text("clock stands behind the last record")
    row.get_by_role("link", name="Atender").click()
    expect(page.get_by_text("No se reintenta solo")).to_be_visible()

    house.pass_time(timedelta(hours=1))  # and right again
    page.get_by_role("link", name="Reanudar").click()
    page.get_by_label("Nota").fill("reloj en hora")
    page.get_by_role("button", name="Reanudar").click()
    expect(page.get_by_text("El proceso sigue: está en la cola.")).to_be_visible()
    house.settled()
    page.reload()
    expect(page.get_by_text("No queda nada por hacer.")).to_be_visible()
    expect(page.get_by_text("reloj en hora")).to_be_visible()
    assert Process.objects.get(pk=process.pk).state == "completed"
    assert Order.objects.get(number="#1602").state == "invoiced"


def test_resolves_a_held_order(house: House, shops: Shops, page: Page) -> None:
    dear = replace(PRODUCTS[0], price=Decimal("4840.00"))
    assert house.post(shops["shopify"], sale(number=1701, items=((dear, 1),))).ok
    house.settled()

    page.goto("/admin/")
    page.locator("li", has_text="Pedido #1701").get_by_role("link", name="Atender").click()
    page.get_by_role("link", name="Resolver").click()
    expect(page.get_by_text("sin NIF del comprador")).to_be_visible()
    expect(page.get_by_label("NIF", exact=True)).to_be_visible()
    page.get_by_label("No facturar este pedido").check()
    expect(page.get_by_label("NIF", exact=True)).to_be_hidden()
    expect(page.get_by_label("Motivo")).to_be_visible()

    page.get_by_label("Dar el NIF del comprador").check()
    page.get_by_label("NIF", exact=True).fill("12345678A")
    page.get_by_role("button", name="Guardar y seguir").click()
    expect(page.get_by_text("«12345678A» no es un NIF español válido")).to_be_visible()
    page.get_by_label("NIF", exact=True).fill("12345678-z")
    page.get_by_role("button", name="Guardar y seguir").click()
    expect(page.get_by_text("Respuesta guardada")).to_be_visible()
    house.settled()
    invoice = Invoice.objects.get(company=shops.company)
    assert (invoice.tipo, invoice.recipient_nif) == ("F1", "12345678Z")
