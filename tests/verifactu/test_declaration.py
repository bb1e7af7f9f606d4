"""The declaración responsable: its title, its data in their order, and the very values of the records."""

import html
import io
import re
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from common.admin import change_url
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from verifactu.declaration import data
from verifactu.models import Record
from verifactu.xml import read_registro

TITLE = "DECLARACIÓN RESPONSABLE DEL SISTEMA INFORMÁTICO DE FACTURACIÓN"  # spec/verifactu.md 1.7
PAGE = "/admin/declaracion-responsable/"


@pytest.fixture(autouse=True)
def producer(settings: Settings) -> Settings:
    """Somebody who signs; with characters that a page must escape."""
    settings.PRODUCER_NAME = "Factorías <Ñ> & Hijos SL"
    settings.PRODUCER_NIF = "A58818501"
    settings.PRODUCER_ADDRESS = "Calle Mayor 1, 28013 Madrid, España"
    settings.PRODUCER_CONTACT = "soporte@example.es, https://example.es"
    settings.SYSTEM_ID = "Z9"
    settings.DECLARATION_DATE = date(2027, 1, 3)
    settings.DECLARATION_PLACE = "Madrid, España"
    return settings


@pytest.fixture
def staff(fresh_database: Database, client: Client) -> Client:
    """A browser of somebody of the staff, who may do nothing in particular."""
    client.force_login(User.objects.create_user("ana", is_staff=True))
    return client


def shown(page: str) -> dict[str, str]:
    """Return letter -> value as the page has them, in its order."""
    found = re.findall(r"<dt>([a-l])\) [^<]+:</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
    return {letter: html.unescape(value) for letter, value in found}


def test_its_data_are_a_to_l_in_order_each_behind_what_describes_it() -> None:
    assert "".join(datum.letter for datum in data()) == "abcdefghijkl"
    assert all(datum.describes and datum.value for datum in data())
    said = {datum.letter: datum.value for datum in data()}
    assert said["l"] == "3 de enero de 2027, Madrid, España"
    for law in ("29.2.j)", "58/2003", "1007/2023", "HAC/1177/2024", "sede electrónica"):
        assert law in said["k"]


def test_the_page_says_what_the_records_say(staff: Client) -> None:
    world.arrive(world.shop(world.la_encina()), world.sale())
    work_off()
    sistema = read_registro(Record.objects.get().xml).SistemaInformatico
    page = staff.get(PAGE).content.decode()
    assert TITLE in page
    said = shown(page)
    assert list(said) == list("abcdefghijkl")
    yes = {"S": "Sí.", "N": "No."}
    assert said["a"] == sistema.NombreSistemaInformatico
    assert said["b"] == sistema.IdSistemaInformatico == "Z9"
    assert said["c"] == sistema.Version
    assert said["e"] == yes[sistema.TipoUsoPosibleSoloVerifactu]
    assert said["f"] == yes[sistema.TipoUsoPosibleMultiOT]
    assert said["h"] == sistema.NombreRazon == "Factorías <Ñ> & Hijos SL"
    assert said["i"] == sistema.NIF


def test_every_page_leads_to_it(staff: Client) -> None:
    staff.force_login(User.objects.create_superuser("eva"))
    encina = world.la_encina()
    lists = ("invoicing/invoice", "verifactu/record", "workflows/process")
    for address in ("/admin/", PAGE, change_url(encina), change_url(encina.taxpayer), *(f"/admin/{x}/" for x in lists)):
        assert staff.get(address).content.decode().count(f'href="{PAGE}"') == 1


def test_strangers_are_sent_to_sign_in(fresh_database: Database, client: Client) -> None:
    assert client.get(PAGE).status_code == 302


def test_earlier_versions_stay_to_be_read(staff: Client, producer: Settings) -> None:
    staff.get(PAGE)
    producer.SYSTEM_VERSION = "9.9.9"
    page = staff.get(PAGE).content.decode()
    assert shown(page)["c"] == "9.9.9"
    assert "Declaraciones anteriores" in page
    assert page.count("0.1.0") >= 1


class TestCommand:
    def run(self, *arguments: str) -> str:
        said = io.StringIO()
        call_command("declaracion_responsable", *arguments, stdout=said)
        return said.getvalue()

    def test_prints_it(self) -> None:
        text = self.run()
        assert text.startswith(f"{TITLE}\n\na) ")
        assert [line[0] for line in text.splitlines() if re.match(r"[a-l]\) ", line)] == list("abcdefghijkl")
        assert "Factorías <Ñ> & Hijos SL" in text
        assert "ANEXO" in text

    @pytest.mark.parametrize("suffix", ["html", "txt", "pdf"])
    def test_writes_it(self, suffix: str, tmp_path: Path) -> None:
        file = tmp_path / f"declaracion.{suffix}"
        self.run("--output", str(file))
        content = file.read_bytes()
        if suffix == "pdf":
            document = pypdfium2.PdfDocument(content)
            text = "".join(page.get_textpage().get_text_bounded() for page in document)
        else:
            text = html.unescape(content.decode())
        text = " ".join(text.split())
        assert TITLE in text
        assert "Calle Mayor 1, 28013 Madrid, España" in text
        assert "3 de enero de 2027" in text

    def test_escapes_what_it_writes_as_html(self, tmp_path: Path) -> None:
        file = tmp_path / "d.html"
        self.run("--output", str(file))
        assert "<Ñ>" not in file.read_text()

    def test_refuses_what_it_cannot_write(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match=r"\.pdf, \.html or \.txt"):
            self.run("--output", str(tmp_path / "declaracion.docx"))
        with pytest.raises(CommandError, match="a folder that you may write"):
            self.run("--output", str(tmp_path / "no" / "declaracion.txt"))


class TestSystem:
    """IndicadorMultiplesOT: S once the deployment holds or held a second invoicing (FAQ 4; verifactu.md 1.5)."""

    @pytest.fixture(autouse=True)
    def database(self, fresh_database: Database) -> None:
        pass

    def indicator(self, shop: Any, number: int) -> str:
        world.arrive(shop, world.sale(number=number))
        work_off()
        return read_registro(Record.objects.latest("id").xml).SistemaInformatico.IndicadorMultiplesOT

    def test_one_two_and_one_that_was_closed(self) -> None:
        encina = world.la_encina()
        shop = world.shop(encina)
        assert self.indicator(shop, 1501) == "N"
        other = world.la_encina(nif="A58818501", name="Otra SA")
        assert self.indicator(shop, 1502) == "S"
        other.taxpayer.installations.update(active=False)
        assert self.indicator(shop, 1503) == "S"
        # what was sealed stays as it was
        first = Record.objects.earliest("id")
        assert read_registro(first.xml).SistemaInformatico.IndicadorMultiplesOT == "N"

    def test_two_invoicings_of_one_taxpayer_are_several(self) -> None:
        from common import clock
        from invoicing.companies import install

        encina = world.la_encina()
        install(encina.taxpayer, now=clock.now())
        assert self.indicator(world.shop(encina), 1501) == "S"

    def test_those_of_another_environment_do_not_count(self, settings: Settings) -> None:
        encina = world.la_encina()
        settings.AEAT_ENVIRONMENT = "test"
        world.la_encina(nif="A58818501", name="Otra SA")
        settings.AEAT_ENVIRONMENT = "simulator"
        assert self.indicator(world.shop(encina), 1501) == "N"
