"""Somebody without a login opens a signed link in a real browser and decides."""

from datetime import timedelta

import pytest

from common import clock
from tests.browser.chromium import INSTALL, chromium
from tests.journeys.house import House
from workflows.links import link
from workflows.models import Token

if chromium() is None:
    pytest.skip(INSTALL, allow_module_level=True)

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.chromium import a_page

pytestmark = pytest.mark.browser


def test_decides_by_a_link_once(house: House, tmp_path: Path) -> None:
    path = link(
        "expense:train", {"approved": True}, label="Aprobar el gasto", expires=timedelta(days=3), now=clock.now(),
        question="Tren a València, 84.20 €", who="ana@example.com",
    )  # fmt: skip
    with a_page(house.url, tmp_path / "pictures") as page:
        page.goto(path)
        expect(page.get_by_text("Tren a València, 84.20 €")).to_be_visible()
        assert not Token.objects.filter(pk="expense:train").exists()
        page.get_by_label("Motivo (opcional)").fill("está en el presupuesto")
        page.get_by_role("button", name="Aprobar el gasto").click()
        expect(page.get_by_role("heading", name="Respuesta guardada")).to_be_visible()
        token = Token.objects.get(pk="expense:train")
        assert (token.actor, token.reason) == ("link:ana@example.com", "está en el presupuesto")
        page.goto(path)
        expect(page.get_by_role("heading", name="Ya está decidido")).to_be_visible()
