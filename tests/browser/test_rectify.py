"""An invoice is rectified in a real browser: the form asks for what the situation needs, and shows what comes of it."""

from decimal import Decimal

import pytest

from common.admin import change_url
from invoicing.models import Invoice
from tests import world
from tests.browser.chromium import INSTALL, chromium
from tests.journeys.house import House, Shops

if chromium() is None:
    pytest.skip(INSTALL, allow_module_level=True)

from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_a_correction_is_seen_before_it_is_issued(house: House, shops: Shops, page: Page) -> None:
    assert house.post(shops["shopify"], world.sale(world.SOLER, number=1901)).ok
    house.settled()
    invoice = Invoice.objects.get(company=shops.company)

    page.goto(change_url(invoice))
    page.get_by_role("link", name="Rectificar").click()
    amount, recipient = page.locator("[name=row_0]"), page.get_by_label("Nombre o razón social")
    expect(amount).to_be_visible()
    expect(recipient).to_be_hidden()
    page.get_by_label("Datos del destinatario equivocados").check()
    expect(recipient).to_be_visible()
    expect(amount).to_be_hidden()
    page.get_by_label("Devolución, cancelación o descuento posterior").check()
    amount.fill("1,21")
    page.get_by_label("Motivo").fill("llegó rayada")

    page.get_by_role("button", name="Ver lo que se expediría").click()
    expect(page.locator(".enc-totals")).to_contain_text("−1,21")  # noqa: RUF001 (a minus sign)
    page.get_by_role("button", name="Cambiar").click()
    expect(amount).to_have_value("1,21")
    expect(page.get_by_label("Motivo")).to_have_value("llegó rayada")
    page.get_by_role("button", name="Ver lo que se expediría").click()
    assert Invoice.objects.filter(company=shops.company).count() == 1
    page.get_by_role("button", name="Expedir").click()
    expect(page.get_by_role("heading", name="Rectificar una factura", exact=True)).to_be_visible()
    house.settled()
    made = Invoice.objects.get(company=shops.company, tipo="R1")
    assert (made.total, made.state) == (Decimal("-1.21"), "acknowledged")
