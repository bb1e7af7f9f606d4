"""What people are told as long as it lasts: in the admin on every page, and to nobody whom it does not concern."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from common import clock
from common.admin import change_url
from common.rotation import discard, pages
from invoicing.models import Company, Membership
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from tests.verifactu.door import PASSWORD, Authority
from tests.verifactu.test_certificates import SEAL
from tests.workflows.bench import fetch
from verifactu import notices
from verifactu.models import ChainProblem, Installation, Record, ServiceClock, Submission, Taxpayer

PAGES = ("/admin/", "/admin/invoicing/invoice/", "/admin/invoicing/order/", "/admin/workflows/process/")


@pytest.fixture(autouse=True)
def moved(fresh_database: Database, settings: Settings, tmp_path: Path) -> Path:
    """Nobody listens at the AEAT's address. The clock's file."""
    settings.AEAT_ENDPOINT = "https://127.0.0.1:1/VerifactuSOAP"
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    return tmp_path / "clock"


@pytest.fixture(scope="module")
def p12() -> bytes:
    return Authority().p12(SEAL, days=(-1, 365))


@pytest.fixture
def encina(p12: bytes) -> Company:
    return world.la_encina(certificate=p12, certificate_password=PASSWORD)


@pytest.fixture
def eva(client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(User.objects.create_superuser("eva"))
    return client


def of(company: Company) -> Client:
    """The browser of somebody who works for one company."""
    user = User.objects.create_user(f"ana-{company.taxpayer.nif}", is_staff=True)
    Membership.objects.create(user=user, company=company)
    browser = Client()
    browser.force_login(user)
    return browser


def sell(company: Company, *numbers: int) -> None:
    shop = company.connections.first() or world.shop(company)
    for number in numbers:
        world.arrive(shop, world.sale(number=number))
        work_off()


def told(browser: Client, address: str = "/admin/") -> list[str]:
    """Return the notices that stand on a page, their words alone."""
    page = browser.get(address).content.decode()
    always = page[page.index("enc-always") : page.index('id="content"')]
    blocks = re.findall(r'role="alert">(.*?)</div>\s*(?:<a|</div>)', always, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", block).split()) for block in blocks]


class TestWaiting:
    def test_is_told_on_every_page_with_number_since_and_why(self, eva: Client, encina: Company) -> None:
        sell(encina, 1501, 1502, 1503)
        since = Record.objects.earliest("id").generated_at
        for page in PAGES:
            (notice,) = told(eva, page)
            assert "registros de facturación sin enviar a la AEAT: 3, desde el" in notice
            assert f"{clock.now():%d/%m/%Y}" in notice
            assert "No se pudo conectar con la AEAT" in notice
            assert "mientras tanto se sigue facturando" in notice
        (it,) = notices.waiting(None, now=clock.now())
        assert (it.count, it.since, it.nif) == (3, since, encina.taxpayer.nif)

    def test_lasts_until_none_waits(self, eva: Client, encina: Company) -> None:
        sell(encina, 1501)
        assert len(told(eva)) == 1
        Record.objects.update(state="in_flight")
        assert len(told(eva)) == 1
        Record.objects.update(state="accepted")
        assert told(eva) == []

    def test_is_told_to_those_of_the_company_alone(self, encina: Company, p12: bytes) -> None:
        other = world.la_encina(nif="A58818501", name="Otra SA", certificate=p12, certificate_password=PASSWORD)
        sell(encina, 1501)
        assert len(told(of(encina))) == 1
        assert told(of(other)) == []

    def test_what_goes_its_way_is_no_failure(self, eva: Client, encina: Company) -> None:
        sell(encina, 1501)
        Submission.objects.update(failures=0, next_at=clock.now() + timedelta(seconds=60))
        assert told(eva) == []

    def test_what_nobody_tries_to_send_is_told(self, eva: Client, encina: Company, moved: Path) -> None:
        world.arrive(world.shop(encina), world.sale())
        while not Record.objects.exists():
            job = fetch()
            assert job
            job.run()
        assert told(eva) == []
        moved.write_text("600")
        assert "compruebe que los trabajadores están en marcha" in told(eva)[0]


class TestAmiss:
    def test_a_broken_chain(self, eva: Client, encina: Company) -> None:
        chain = Installation.objects.get(taxpayer=encina.taxpayer)
        ChainProblem.objects.create(installation=chain, found_at=clock.now(), subject="nº 2", text="<b>it is cut</b>")
        (notice,) = told(eva)
        assert "cadena de registros rota" in notice
        assert "&lt;b&gt;it is cut" in notice

    def test_a_record_set_aside(self, eva: Client, encina: Company) -> None:
        sell(encina, 1501)
        Record.objects.update(state="quarantined", reason="no vale")
        (notice,) = told(eva)
        assert "tal como están: 1" in notice
        assert "no vale" in notice

    @pytest.mark.parametrize(("days", "words"), [(304, None), (306, "caduca el"), (366, "caducó el")])
    def test_a_certificate_that_ends(
        self, eva: Client, encina: Company, moved: Path, days: int, words: str | None
    ) -> None:
        moved.write_text(str(timedelta(days=days).total_seconds()))
        eva.force_login(User.objects.get())  # the session of before is over by that clock or not: sign in anew
        found = told(eva)
        assert len(found) == (words is not None)
        assert (words or "") in "".join(found)

    def test_no_certificate(self, eva: Client) -> None:
        world.la_encina()
        assert "no hay certificado" in told(eva)[0]

    def test_nor_one_that_was_emptied_because_no_key_reads_it(self, eva: Client, encina: Company) -> None:
        assert told(eva) == []
        (page,) = pages(Taxpayer._meta.get_field("certificate"))
        discard(page)
        assert "no hay certificado" in told(eva)[0]

    def test_a_clock_that_drifts(self, eva: Client, encina: Company) -> None:
        row = ServiceClock.objects.create(endpoint="https://aeat", drift=-90, read_at=clock.now(), told="warn")
        assert "se desvía -90 s" in told(eva)[0]
        row.drift, row.told = 1, ""
        row.save()
        assert told(eva) == []


class TestOperated:
    """Orden HAC/1177/2024, art. 2.d: which taxpayer is operated, and that there are several, always visible."""

    def shown(self, browser: Client, address: str) -> str:
        page = browser.get(address).content.decode()
        found = re.search(r'<p class="enc-operated">(.*?)</p>', page, re.DOTALL)
        return " ".join(re.sub(r"<[^>]+>", "", found[1]).split()) if found else ""

    def test_the_only_one(self, eva: Client, encina: Company) -> None:
        for page in (*PAGES, "/admin/declaracion-responsable/", change_url(encina)):
            assert self.shown(eva, page) == "Obligado tributario: Almacenes La Encina SL (B12345674)"

    def test_one_of_several_on_pages_of_its_own(self, eva: Client, encina: Company) -> None:
        world.la_encina(nif="A58818501", name="Otra SA")
        several = "Este sistema se usa para más de un obligado tributario."
        assert (
            self.shown(eva, "/admin/") == f"Varios obligados tributarios en esta página: usted trabaja con 2. {several}"
        )
        sell(encina, 1501)
        record = Record.objects.get()
        for page in (change_url(encina), change_url(record), f"/admin/invoicing/invoice/?empresa={encina.pk}"):
            assert self.shown(eva, page) == f"Obligado tributario: Almacenes La Encina SL (B12345674) · {several}"

    def test_who_works_for_one_sees_that_and_no_name_of_another(self, encina: Company) -> None:
        other = world.la_encina(nif="A58818501", name="Otra SA")
        browser = of(encina)
        assert "Almacenes La Encina SL" in self.shown(browser, "/admin/")
        assert "más de un obligado" in self.shown(browser, "/admin/")
        page = browser.get(f"/admin/invoicing/invoice/?empresa={other.pk}").content.decode()
        assert "Otra SA" not in page
