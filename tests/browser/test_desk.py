"""Staff attends what waits, a customer answers from a phone, and an invoice is made by hand, in a real browser."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from config.demo.catalogue import PRODUCTS
from invoicing.models import Draft, Invoice
from tests.browser.chromium import INSTALL, chromium
from tests.invoicing.asking import letters, link_in
from tests.journeys.house import House, Shops
from tests.world import sale

if chromium() is None:
    pytest.skip(INSTALL, allow_module_level=True)

from playwright.sync_api import Page, ViewportSize, expect

pytestmark = pytest.mark.browser

DEAR = ((replace(PRODUCTS[0], price=Decimal("4840.00")), 1),)
PHONE = ViewportSize(width=390, height=844)


def fits(page: Page) -> bool:
    """Whether nothing of the page is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_many_customers_are_asked_at_once_and_one_answers_from_a_phone(house: House, shops: Shops, page: Page) -> None:
    for number in (1801, 1802):
        assert house.post(shops["shopify"], sale(number=number, items=DEAR)).ok
    house.settled()

    page.get_by_role("link", name="Retenidos").first.click()
    page.get_by_label("#1801").check()
    page.get_by_label("#1802").check()
    expect(page.get_by_text("2 elegidos")).to_be_visible()
    page.get_by_role("button", name="Responder a los elegidos").click()
    page.get_by_label("No facturar este pedido").check()
    expect(page.get_by_label("Motivo")).to_be_visible()
    page.get_by_label("Preguntar al cliente").check()
    expect(page.get_by_label("Motivo")).to_be_hidden()
    page.get_by_role("button", name="Responder a los 2").click()
    expect(page.get_by_text("2 hechos.")).to_be_visible()
    house.settled()
    asked = [letter for letter in letters(house.folder / "mail") if "#1801" in str(letter["Subject"])]

    browser = page.context.browser
    assert browser
    phone = browser.new_context(viewport=PHONE, locale="es-ES", base_url=house.url).new_page()
    phone.goto(link_in(asked[-1]))
    expect(phone.get_by_role("heading", name="Datos para su factura")).to_be_visible()
    assert fits(phone)
    phone.get_by_role("link", name="Català").click()
    phone.get_by_label("NIF, DNI o NIE").fill("12345678A")
    phone.get_by_label("Nom i cognoms").fill("Lucía Ferrer Ocaña")
    phone.get_by_role("button", name="Enviar").click()
    expect(phone.get_by_text("Això no és un NIF espanyol correcte")).to_be_visible()
    assert fits(phone)
    phone.get_by_label("NIF, DNI o NIE").fill("12345678-z")
    phone.get_by_role("button", name="Enviar").click()
    expect(phone.get_by_role("heading", name="Gràcies")).to_be_visible()
    house.settled()
    phone.goto(link_in(asked[-1]))
    expect(phone.get_by_role("heading", name="Ya tenemos sus datos")).to_be_visible()
    phone.context.close()

    invoice = Invoice.objects.get(company=shops.company)
    assert (invoice.order and invoice.order.number, invoice.recipient_nif) == ("#1801", "12345678Z")
    page.goto("/admin/holds/")
    row = page.locator("li", has_text="#1802")
    expect(row).to_contain_text(re.compile("Preguntado al cliente el .* puede responder hasta el"))
    page.set_viewport_size(PHONE)
    assert fits(page)


def test_an_invoice_is_made_by_hand(house: House, shops: Shops, page: Page) -> None:
    page.get_by_role("link", name="Borradores").click()
    page.goto("/admin/invoicing/draft/add/")
    page.locator("select[name=company]").evaluate(f"box => box.value = '{shops.company.pk}'")
    page.get_by_label("Referencia").fill("P-14")
    page.locator("[name=buyer_name]").fill("Ferretería Soler SL")
    page.locator("[name=buyer_nif]").fill("B12345674")
    page.locator("[name=street]").fill("Calle Mayor 3")
    page.locator("[name=postal_code]").fill("46001")
    page.locator("[name=city]").fill("València")
    page.locator("[name=lines-0-description]").fill("Pintar la tienda")
    page.locator("[name=lines-0-unit_price]").fill("300")
    page.get_by_role("button", name="Guardar y continuar").click()
    page.get_by_role("link", name="Vista previa y expedir").click()
    expect(page.get_by_text("Esto es lo que se expediría ahora.")).to_be_visible()
    expect(page.locator(".enc-totals")).to_contain_text("363,00")
    page.get_by_role("button", name="Expedir").click()
    expect(page.get_by_text("El borrador se está expidiendo.")).to_be_visible()
    house.settled()
    invoice = Invoice.objects.get(company=shops.company)
    assert (invoice.tipo, invoice.total, invoice.state) == ("F1", Decimal("363.00"), "acknowledged")
    page.reload()
    page.get_by_role("link", name=invoice.num_serie).click()
    expect(page.get_by_role("heading", name=f"Factura {invoice.num_serie}")).to_be_visible()
    assert Draft.objects.get(company=shops.company).issued_by == "eva"
