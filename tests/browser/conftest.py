"""One running house for all stories; each opens a company of its own in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from tests.browser.chromium import a_page
from tests.databases import TestServer
from tests.journeys.house import House, Shops, open_house

PASSWORD = "la encina de siempre"


@pytest.fixture(scope="package")
def running_house(
    test_server: TestServer, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The processes, started with the first story."""
    database = test_server.clone()
    with django_db_blocker.unblock(), open_house(database, tmp_path_factory.mktemp("house")) as house:
        with house.inside():
            User.objects.create_superuser("eva", password=PASSWORD)
        yield house
    test_server.drop(database)


@pytest.fixture
def house(running_house: House, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    with django_db_blocker.unblock(), running_house.inside():
        yield running_house


@pytest.fixture
def shops(house: House) -> Shops:
    return house.company()


@pytest.fixture
def page(house: House, tmp_path: Path) -> Iterator[Page]:
    """A window in which Eva, who may do everything, has signed in."""
    with a_page(house.url, tmp_path / "pictures") as page:
        page.goto("/admin/")
        page.get_by_label("Nombre de usuario").fill("eva")
        page.get_by_label("Contraseña").fill(PASSWORD)
        page.get_by_role("button", name="Iniciar sesión").click()
        expect(page.get_by_role("link", name="Pedidos")).to_be_visible()
        yield page
