"""The daily sales report: its figures, its page, its letter, and when it comes."""

import email
import email.policy
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pypdfium2
import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from pytest_django import Settings

from common import clock
from common.admin import change_url
from common.ids import uuid7
from invoicing.figures import DayFigures, Sums, day_figures
from invoicing.models import Company, Invoice
from invoicing.pdf import shared
from invoicing.pdf.report import report_page
from invoicing.reporting import DailySales, daily_sales_report, report_daily, request_report
from invoicing.values import TaxShare
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, caller, order, work_off
from tests.invoicing.many import many_invoices
from tests.workflows import bench
from workflows.encoding import decode, encode
from workflows.engine import trigger
from workflows.errors import WorkflowError
from workflows.models import Process, Schedule

DAY = date(2026, 10, 1)
FIGURES = DayFigures(
    company="Almacenes La Encina SL",
    nif="B12345674",
    day=date(2026, 10, 14),
    at=datetime(2026, 10, 15, 9, 0, tzinfo=ZoneInfo("Europe/Madrid")),
    environment="production",
    sums=Sums(31, Decimal("2410.55"), Decimal("468.12"), Decimal("2878.67")),
    shares=(
        TaxShare(calificacion="S1", rate=Decimal(21), base=Decimal("2100.00"), tax=Decimal("441.00")),
        TaxShare(calificacion="S1", rate=Decimal(10), base=Decimal("250.55"), tax=Decimal("25.06")),
        TaxShare(calificacion="S1", rate=Decimal("4.00"), base=Decimal("51.50"), tax=Decimal("2.06")),
        TaxShare(exencion="E2", base=Decimal("8.50")),
    ),
    types={
        "F1": Sums(12, Decimal("1400.00"), Decimal("294.00"), Decimal("1694.00")),
        "F2": Sums(18, Decimal("1020.55"), Decimal("176.22"), Decimal("1196.77")),
        "R5": Sums(1, Decimal("-10.00"), Decimal("-2.10"), Decimal("-12.10")),
    },
    verdicts={"accepted": 29, "rejected": 1, "pending": 1},
    annulled=0,
    held=3,
)


@pytest.fixture
def company(fresh_database: Database, tmp_path: Path, settings: Settings) -> Iterator[Company]:
    settings.DOCUMENTS_DIR = tmp_path
    yield world.la_encina()
    shared().close()


def page_text(pdf: bytes) -> tuple[int, str]:
    document = pypdfium2.PdfDocument(BytesIO(pdf))
    text = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())
    pages = len(document)
    document.close()
    return pages, text.replace("\N{NO-BREAK SPACE}", " ")


def attached(message: Any) -> bytes:
    parsed = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    (pdf,) = parsed.iter_attachments()
    assert pdf.get_content_type() == "application/pdf"
    return bytes(pdf.get_content())


class TestFigures:
    def test_they_are_those_of_the_rows(self, company: Company) -> None:
        many_invoices(company, 100, first=DAY, a_day=60)
        figures = day_figures(company.pk, DAY, "simulator", now=clock.now())
        rows = list(Invoice.objects.filter(issue_date=DAY).select_related("record"))
        assert len(rows) == 60
        assert figures.sums == Sums(
            60, sum(row.base_total for row in rows), sum(row.tax_total for row in rows), sum(row.total for row in rows)
        )
        by_rate: dict[Any, Decimal] = {}
        for row in rows:
            for share in json.loads(row.shares):
                key = share.get("rate") or share["exencion"]
                by_rate[key] = by_rate.get(key, Decimal(0)) + Decimal(share["base"])
        assert {str(share.rate or share.exencion): share.base for share in figures.shares} == by_rate
        assert set(by_rate) == {"21", "E1"}
        assert {tipo: sums.count for tipo, sums in figures.types.items()} == {
            tipo: sum(row.tipo == tipo for row in rows) for tipo in {row.tipo for row in rows}
        }
        assert figures.verdicts == {"accepted": 60}

    def test_annulled_ones_are_counted_and_not_summed(self, company: Company) -> None:
        many_invoices(company, 10, first=DAY)
        whole = day_figures(company.pk, DAY, "simulator", now=clock.now())
        gone = Invoice.objects.filter(state="issued").first()
        assert gone
        Invoice.objects.filter(pk=gone.pk).update(state="annulled")
        figures = day_figures(company.pk, DAY, "simulator", now=clock.now())
        assert figures.annulled == 1
        assert figures.sums.total == whole.sums.total - gone.total
        assert sum(share.base for share in figures.shares) == whole.sums.base - gone.base_total

    def test_another_company_day_or_environment_is_not_in_them(self, company: Company) -> None:
        many_invoices(world.la_encina(nif="A58818501", name="Otra SL"), 5, first=DAY)
        many_invoices(company, 5, first=date(2026, 10, 2))
        many_invoices(company, 5, first=DAY, code="T", environment="test")
        figures = day_figures(company.pk, DAY, "simulator", now=clock.now())
        assert (figures.sums.count, figures.sums.total, figures.shares) == (0, Decimal("0.00"), ())

    def test_what_waits_for_a_person_is_counted(self, company: Company) -> None:
        client = caller(company)
        dear = {"description": "Bicicleta", "unit_price": "4840.00", "amount": "4840.00", "tax_rate": "21"}
        client.post(ORDERS, order(id="dear", lines=[dear], total="4840.00"))
        client.post(ORDERS, order(id="sold"))
        work_off()
        today = clock.now().astimezone(ZoneInfo(company.zone)).date()
        figures = day_figures(company.pk, today, "simulator", now=clock.now())
        assert (figures.held, figures.sums.count, figures.sums.total) == (1, 1, Decimal("24.20"))

    def test_they_survive_the_journal(self) -> None:
        assert decode(encode(FIGURES), DayFigures) == FIGURES


class TestPage:
    def test_one_page_says_it_all_as_spaniards_write_it(self) -> None:
        pages, text = page_text(shared().print(report_page(FIGURES), timeout=60))
        shared().close()
        assert pages == 1
        for part in (
            "Almacenes La Encina SL", "Miércoles, 14/10/2026", "2.878,67 €", "IVA 21 % 2.100,00 € 441,00 € 2.541,00 €",
            "IVA 4 % 51,50 € 2,06 € 53,56 €", "Facturas simplificadas 18 1.020,55 € 1.196,77 €",
            "Rectificativas de simplificadas 1 \N{MINUS SIGN}10,00 € \N{MINUS SIGN}12,10 €",
            "Rechazadas 1", "3 pedidos esperan a una persona.",
            "09:00 del 15/10/2026",
        ):  # fmt: skip
            assert part in text
        assert "SIN VALIDEZ" not in text

    def test_a_day_without_sales_says_so_and_a_trial_says_that(self) -> None:
        none = Sums(0, Decimal("0.00"), Decimal("0.00"), Decimal("0.00"))
        empty = msgspec.structs.replace(
            FIGURES, sums=none, shares=(), types={}, verdicts={}, held=0, environment="simulator"
        )
        html = report_page(empty)
        assert "No se expidió ninguna factura." in html
        assert "Ningún pedido espera a una persona." in html
        assert "SIN VALIDEZ FISCAL" in html

    def test_a_name_is_text_and_never_markup(self) -> None:
        html = report_page(msgspec.structs.replace(FIGURES, company="<img src=x> & Cía"))
        assert "<img" not in html
        assert "&lt;img src=x&gt; &amp; Cía" in html

    def test_an_unknown_environment_is_not_printed_as_production(self) -> None:
        with pytest.raises(KeyError):
            report_page(msgspec.structs.replace(FIGURES, environment="staging"))


class TestReport:
    def test_from_the_slot_of_the_morning_to_one_letter_about_the_day_before(self, company: Company) -> None:
        many_invoices(company, 8, first=DAY)
        slot = datetime(2026, 10, 2, 7, 0, tzinfo=UTC)  # nine in Madrid
        payload = DailySales(company.pk, slot=slot, zone=company.zone)
        handle = trigger(daily_sales_report, payload, now=clock.now(), actor="schedule")
        bench.drain()
        done = handle.result()
        assert (done.day, done.message_id) == (DAY, f"<report.{handle.id}@localhost>")
        (letter,) = mail.outbox
        assert letter.to == [company.email]
        assert letter.subject == "[Prueba] Ventas del 01/10/2026: Almacenes La Encina SL (B12345674)"
        total = sum(Invoice.objects.values_list("total", flat=True))
        assert f"{total:.2f}".replace(".", ",")[-6:] in letter.body
        pages, text = page_text(attached(letter))
        assert pages == 1
        assert "Base imponible Cuota Total" in text
        assert "Jueves, 01/10/2026" in text
        assert trigger(daily_sales_report, payload, now=clock.now(), actor="schedule") == (handle.id, False)

    def test_whom_the_company_names_gets_it(self, company: Company) -> None:
        company.report_recipients = ["jefa@encina.example", "caja@encina.example"]
        company.save()
        request_report(company, day=DAY, requested_by="test", now=clock.now())
        bench.drain()
        assert [letter.to for letter in mail.outbox] == [["jefa@encina.example", "caja@encina.example"]]

    def test_they_are_set_on_the_companys_page(self, company: Company, client: Client) -> None:
        client.force_login(User.objects.create_superuser("eva"))
        address = change_url(company)
        page = client.get(address)
        form = page.context["adminform"].form
        given = {name: form.initial.get(name) or "" for name in form.fields}
        inline = {
            f"{name}-{count}": 0 for name in ("memberships", "letterhead") for count in ("TOTAL_FORMS", "INITIAL_FORMS")
        }
        answer = client.post(
            address, {**given, **inline, "report_recipients": "jefa@encina.example, caja@encina.example"}
        )
        assert answer.status_code == 302
        company.refresh_from_db()
        assert company.report_addresses == ["jefa@encina.example", "caja@encina.example"]
        again = client.post(address, {**given, **inline, "report_recipients": "jefa@encina.example, nadie"})
        assert again.status_code == 200

    def test_a_company_without_address_gets_a_pdf_and_no_letter(self, company: Company) -> None:
        Company.objects.update(email="")
        handle = request_report(company, day=DAY, requested_by="test", now=clock.now())
        bench.drain()
        assert (handle.result().message_id, mail.outbox) == ("", [])
        assert len(handle.result().sha256) == 64

    def test_one_asked_for_during_the_day_does_not_replace_the_mornings(self, company: Company) -> None:
        asked = request_report(company, day=DAY, requested_by="test", now=clock.now())
        payload = DailySales(company.pk, slot=datetime(2026, 10, 2, 7, 0, tzinfo=UTC), zone=company.zone)
        assert trigger(daily_sales_report, payload, now=clock.now(), actor="schedule").id != asked.id

    def test_nothing_to_go_by_starts_nothing(self, company: Company) -> None:
        with pytest.raises(WorkflowError, match="needs a day"):
            trigger(daily_sales_report, DailySales(company.pk), now=clock.now(), actor="test")
        assert not Process.objects.exists()


class TestWhen:
    @pytest.mark.parametrize(
        ("zone", "slot", "day"),
        [
            ("Europe/Madrid", "2026-07-02T07:00:00+00:00", "2026-07-01"),  # summer time
            ("Europe/Madrid", "2026-01-02T08:00:00+00:00", "2026-01-01"),
            ("Atlantic/Canary", "2026-01-02T09:00:00+00:00", "2026-01-01"),
            ("Europe/Madrid", "2026-10-25T23:30:00+00:00", "2026-10-25"),  # half past midnight of the 26th
            ("Atlantic/Canary", "2026-10-25T23:30:00+00:00", "2026-10-24"),  # and still the 25th there
        ],
    )
    def test_it_is_of_the_day_before_in_the_companys_zone(self, zone: str, slot: str, day: str) -> None:
        payload = DailySales(uuid7(), slot=datetime.fromisoformat(slot), zone=zone)
        assert payload.reported == date.fromisoformat(day)

    def test_every_company_has_its_nine_in_the_morning_from_the_beginning(self, company: Company) -> None:
        row = Schedule.objects.get(tenant=company.tenant, workflow="daily-sales-report")
        assert (row.workflow, row.cron, row.zone, row.catch_up) == (
            "daily-sales-report", "0 9 * * *", "Europe/Madrid", "last",
        )  # fmt: skip
        assert row.next_at.astimezone(ZoneInfo("Europe/Madrid")).hour == 9

    def test_a_company_that_moves_gets_the_nine_of_there(self, company: Company) -> None:
        company.territory = Company.Territory.CANARIAS
        report_daily(company, now=clock.now())
        row = Schedule.objects.get(tenant=company.tenant, workflow="daily-sales-report")
        assert row.zone == "Atlantic/Canary"
        assert row.next_at.astimezone(ZoneInfo("Atlantic/Canary")).hour == 9


class TestCommand:
    def test_it_reports_yesterday_unless_told(self, company: Company) -> None:
        said = StringIO()
        call_command("sales_report", "--company", company.taxpayer.nif, "--json", stdout=said)
        told = json.loads(said.getvalue())
        yesterday = date.fromordinal(clock.now().astimezone(ZoneInfo(company.zone)).date().toordinal() - 1)
        assert (told["day"], told["to"]) == (yesterday.isoformat(), [company.email])
        bench.drain()
        assert Process.objects.get(pk=told["process"]).state == "completed"

    @pytest.mark.parametrize("wrong", [("--company", "B00000000"), ("--company", "B12345674", "--day", "2999-01-01")])
    def test_mistakes_are_usage(self, company: Company, wrong: tuple[str, ...]) -> None:
        with pytest.raises(CommandError) as refused:
            call_command("sales_report", *wrong, stdout=StringIO())
        assert refused.value.returncode == 2
