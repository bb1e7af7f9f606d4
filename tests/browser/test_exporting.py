"""A member of staff takes a month's invoices away, in a real browser against the running house."""

from datetime import date
from pathlib import Path

import pytest

from invoicing.models import Export
from tests.browser.chromium import INSTALL, chromium
from tests.invoicing import expected
from tests.invoicing.many import many_invoices
from tests.journeys.house import House, Shops

if chromium() is None:
    pytest.skip(INSTALL, allow_module_level=True)

from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_exports_a_month_and_downloads_the_sheet(house: House, shops: Shops, page: Page, tmp_path: Path) -> None:
    nif = shops.company.taxpayer.nif
    many_invoices(shops.company, 40, first=date(2026, 10, 1))
    page.goto("/admin/invoicing/company/")
    page.get_by_role("row", name=nif).get_by_role("link").first.click()
    page.get_by_role("link", name="Exportar facturas").click()
    page.get_by_label("Desde").fill("01/10/2026")
    page.get_by_label("Hasta").fill("31/10/2026")
    page.get_by_role("button", name="Exportar facturas").click()
    expect(page.get_by_text("La exportación está en marcha.")).to_be_visible()
    house.settled()

    page.get_by_role("link", name="Exportaciones").click()
    page.get_by_role("link", name="01/10/2026").first.click()
    expect(page.get_by_role("heading", name="Facturas del 01/10/2026 al 31/10/2026")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Descargar XLSX").click()
    sheet = tmp_path / downloading.value.suggested_filename
    assert sheet.name == "facturas-2026-10-01-2026-10-31-simulator.xlsx"
    downloading.value.save_as(sheet)
    assert expected.read_xlsx(sheet) == expected.cells(house.database.url, nif, date(2026, 10, 1), date(2026, 10, 31))
    assert Export.objects.get(company=shops.company).requested_by == "eva"
