"""Going live in a real browser: what it binds to is read, and the sentence typed."""

import pytest

from tests.browser.chromium import INSTALL, chromium
from tests.journeys.house import House

if chromium() is None:
    pytest.skip(INSTALL, allow_module_level=True)

from pathlib import Path

from playwright.sync_api import Page, expect

from common import clock
from verifactu.going_live import PAUSES
from verifactu.models import ProductionConfirmation
from workflows.models import Process

pytestmark = pytest.mark.browser


def test_an_installation_is_confirmed_by_typing_what_it_binds_to(house: House, page: Page, tmp_path: Path) -> None:
    shops = house.company(environment="production")
    installation = shops.installation
    page.goto(f"/admin/verifactu/installation/{installation.pk}/change/")
    expect(page.get_by_text("Falta confirmar el paso a producción")).to_be_visible()
    page.screenshot(path=tmp_path / "before.png", full_page=True)
    page.get_by_role("link", name="Confirmar el paso a producción").click()
    expect(page.get_by_text(f"al menos hasta el 31 de diciembre de {clock.now().year}")).to_be_visible()
    page.get_by_label("Escriba la frase").fill("sí, quiero")
    page.get_by_role("button", name="Confirmar el paso a producción").click()
    expect(page.get_by_text("No se ha confirmado nada.")).to_be_visible()
    page.screenshot(path=tmp_path / "wrong.png", full_page=True)
    assert not ProductionConfirmation.objects.filter(installation=installation).exists()
    nif, numero = shops.company.taxpayer.nif, installation.numero
    sentence = f"Activar VERI*FACTU para {nif} en la instalación {numero} hasta el 31/12/{clock.now().year}"
    page.get_by_label("Escriba la frase").fill(sentence)
    page.get_by_role("button", name="Confirmar el paso a producción").click()
    expect(page.get_by_text("Confirmado: lo que esperaba sigue ahora solo.")).to_be_visible()
    expect(page.get_by_text("Falta confirmar el paso a producción")).to_have_count(0)
    expect(page.get_by_text(sentence)).to_be_visible()
    page.screenshot(path=tmp_path / "after.png", full_page=True)
    assert ProductionConfirmation.objects.get(installation=installation).actor == "eva"
    looking = Process.objects.filter(workflow="go-on-in-production", tenant=shops.company.taxpayer.tenant)
    for pause in PAUSES[1:]:
        house.until(lambda: looking.filter(state="waiting", wake_at__gt=clock.now()).exists())
        house.pass_time(pause)
    house.settled()
