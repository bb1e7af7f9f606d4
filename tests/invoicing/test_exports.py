"""An export from request to letter, run by hand instead of by a worker; and who may have one, and when."""

import email
import email.policy
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from common import clock
from invoicing.documents import Documents
from invoicing.exporting import PAGE
from invoicing.exports import ExportInvoices, OneADay, export_invoices, progress, request_export
from invoicing.models import Company, Export
from invoicing.sheets import amount, guarded
from invoicing.verification import damaged_exports
from tests import world
from tests.databases import Database
from tests.invoicing import expected
from tests.invoicing.many import many_invoices
from tests.workflows import bench
from workflows.control import replay, resume
from workflows.engine import trigger
from workflows.models import Process, ProcessEvent

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


@pytest.fixture
def files(tmp_path: Path, settings: Settings) -> Path:
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    settings.PUBLIC_URL = "https://facturas.example"
    return settings.DOCUMENTS_DIR


@pytest.fixture
def company(fresh_database: Database, files: Path) -> Company:
    return world.la_encina()


@pytest.fixture
def pass_time(tmp_path: Path, settings: Settings) -> Callable[[timedelta], None]:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")

    def move(by: timedelta) -> None:
        (tmp_path / "clock").write_text(str(by.total_seconds()))

    return move


def ask(company: Company, **changes: Any) -> Any:
    wanted = {"requested_by": "ana", "first": FIRST, "last": LAST, "email": "ana@encina.example", **changes}
    return request_export(company, **wanted, now=clock.now())


def paged(company: Company, size: int) -> Any:
    """Ask as `request_export` does, with smaller pages."""
    wanted = ExportInvoices(company.pk, "ana", FIRST, FIRST, LAST, "ana@encina.example", "es", size)
    return trigger(export_invoices, wanted, now=clock.now(), actor="ana")


def stored(export: Export, kind: str, files: Path) -> Path:
    path = Documents(files, kind).path(getattr(export, f"{kind}_sha256"))
    assert path.stat().st_size == getattr(export, f"{kind}_size")
    return path


class TestFiles:
    @pytest.mark.parametrize("size", [7, 40, PAGE])
    def test_both_files_hold_what_another_query_finds(
        self, company: Company, files: Path, fresh_database: Database, size: int
    ) -> None:
        many_invoices(company, 120, first=FIRST, a_day=10)
        handle = paged(company, size)
        bench.drain()
        export = Export.objects.get(pk=handle.id)
        wanted = expected.cells(fresh_database.url, company.taxpayer.nif, FIRST, LAST)
        assert len(wanted) == 121
        assert stored(export, "csv", files).read_bytes() == expected.as_csv(wanted)
        assert expected.read_xlsx(stored(export, "xlsx", files)) == wanted
        assert (export.rows, export.requested_by) == (120, "ana")
        assert [row[0] for row in wanted[1:]] == [f"M2026-{n:06d}" for n in range(1, 121)]
        assert Process.objects.filter(workflow="export-page").count() == -(-120 // size)

    def test_the_period_includes_both_its_days_and_no_other(
        self, company: Company, files: Path, fresh_database: Database
    ) -> None:
        many_invoices(company, 100, first=FIRST, a_day=10)
        handle = ask(company, first=date(2026, 10, 3), last=date(2026, 10, 5))
        bench.drain()
        wanted = expected.cells(fresh_database.url, company.taxpayer.nif, date(2026, 10, 3), date(2026, 10, 5))
        assert [row[3] for row in wanted[1:]] == ["2026-10-03"] * 10 + ["2026-10-04"] * 10 + ["2026-10-05"] * 10
        assert stored(Export.objects.get(pk=handle.id), "csv", files).read_bytes() == expected.as_csv(wanted)

    def test_other_companies_and_environments_are_not_in_it(self, company: Company) -> None:
        other = world.la_encina(nif="A58818501", name="Otra SL")
        many_invoices(company, 3, first=FIRST)
        many_invoices(other, 4, first=FIRST)
        many_invoices(company, 5, first=FIRST, code="T", environment="test")
        handle = ask(company)
        bench.drain()
        assert Export.objects.get(pk=handle.id).rows == 3

    def test_made_again_they_are_the_same_bytes(self, company: Company, pass_time: Callable[[timedelta], None]) -> None:
        many_invoices(company, 30, first=FIRST)
        first = ask(company)
        bench.drain()
        pass_time(timedelta(days=3))
        again = replay(first.id, now=clock.now(), actor="test", reason="once more")
        bench.drain()
        one, two = Export.objects.get(pk=first.id), Export.objects.get(pk=again)
        assert (one.csv_sha256, one.xlsx_sha256) == (two.csv_sha256, two.xlsx_sha256)

    def test_a_real_order_is_named(self, company: Company, files: Path, fresh_database: Database) -> None:
        world.arrive(world.shop(company), world.sale(world.SOLER, number=1501))
        while (job := bench.fetch()) and (job.queue == "pdf" or job.run() or True):
            pass
        today = clock.now().date()
        handle = ask(company, first=today - timedelta(days=1), last=today + timedelta(days=1))
        bench.drain()
        wanted = expected.cells(fresh_database.url, company.taxpayer.nif, today - timedelta(days=1),
                                today + timedelta(days=1))  # fmt: skip
        assert [row[11] for row in wanted[1:]] == ["#1501"]
        assert wanted[1][10].count(" | ") == 2  # three rates
        assert stored(Export.objects.get(pk=handle.id), "csv", files).read_bytes() == expected.as_csv(wanted)

    def test_nothing_is_left_of_the_pages(self, company: Company, files: Path) -> None:
        many_invoices(company, 30, first=FIRST)
        paged(company, 10)
        bench.drain()
        assert not [path for path in files.rglob("*") if path.is_file() and path.suffix not in (".csv", ".xlsx")]

    def test_a_file_that_is_changed_or_gone_is_found(self, company: Company, files: Path) -> None:
        many_invoices(company, 3, first=FIRST)
        handle = ask(company)
        bench.drain()
        assert list(damaged_exports(company, files)) == []
        export = Export.objects.get(pk=handle.id)
        stored(export, "csv", files).write_bytes(b"0")
        stored(export, "xlsx", files).unlink()
        assert [(finding.invariant, finding.text[-40:]) for finding in damaged_exports(company, files)] == [
            ("I7", "s recorded; restore the file from a backup."[-40:]), ("I7", "its xlsx file is missing"),
        ]  # fmt: skip

    @pytest.mark.parametrize("text", ["=1+1", "+34", "-1", "@x", "\t=1", "\r=1", "\n=1"])
    def test_what_a_spreadsheet_would_run_gets_an_apostrophe(self, text: str) -> None:
        assert guarded(text) == f"'{text}"

    def test_numbers_and_words_stay_as_they_are(self) -> None:
        assert [guarded(text) for text in ("Soler", "", "1-1", " =1")] == ["Soler", "", "1-1", " =1"]
        assert amount(Decimal("-1234.5")) == "-1234,50"


class TestLetter:
    def test_one_letter_with_a_link_that_asks_to_sign_in(self, company: Company, client: Any) -> None:
        many_invoices(company, 12, first=FIRST)
        handle = ask(company)
        bench.drain()
        (letter,) = mail.outbox
        parsed = email.message_from_bytes(letter.message().as_bytes(), policy=email.policy.default)
        assert parsed["Message-ID"] == f"<export.{handle.id}@localhost>"
        assert parsed["To"] == "ana@encina.example"
        assert "[Prueba]" in parsed["Subject"]
        text = parsed.get_content()
        address = f"https://facturas.example/admin/invoicing/export/{handle.id}/change/"
        assert address in text
        assert "12 en total" in text
        answer = client.get(address.removeprefix("https://facturas.example"))
        assert (answer.status_code, answer["Location"][:13]) == (302, "/admin/login/")

    def test_in_english(self, company: Company) -> None:
        many_invoices(company, 1, first=FIRST)
        ask(company, language="en")
        bench.drain()
        assert "ready to download: 1 in all" in str(mail.outbox[0].body)

    def test_a_mail_server_that_is_down_makes_one_letter_later(
        self, company: Company, settings: Settings, pass_time: Callable[[timedelta], None]
    ) -> None:
        from workflows.tick import tick

        many_invoices(company, 1, first=FIRST)
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
            "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 1,
        )  # fmt: skip
        handle = ask(company)
        bench.drain()
        assert (handle.state(), Export.objects.count()) == ("retrying", 1)
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        pass_time(timedelta(minutes=5))
        tick()
        bench.drain()
        assert (handle.state(), len(mail.outbox), Export.objects.count()) == ("completed", 1, 1)

    def test_nobody_to_tell_is_no_failure(self, company: Company) -> None:
        many_invoices(company, 1, first=FIRST)
        handle = ask(company, email="")
        bench.drain()
        assert (handle.result().message_id, mail.outbox) == ("", [])


class TestTurns:
    def test_a_second_request_of_the_day_is_the_same_process(self, company: Company) -> None:
        many_invoices(company, 2, first=FIRST)
        first = ask(company)
        assert ask(company) == (first.id, False)
        bench.drain()
        assert ask(company) == (first.id, False)
        assert len(mail.outbox) == 1

    def test_the_next_day_and_another_requester_are_others(
        self, company: Company, pass_time: Callable[[timedelta], None]
    ) -> None:
        first = ask(company)
        assert ask(company, requested_by="berta").created
        pass_time(timedelta(days=1))
        again = ask(company)
        assert again.created
        assert again.id != first.id

    def test_another_period_on_the_same_day_is_refused_and_not_mistaken(self, company: Company) -> None:
        many_invoices(company, 1, first=FIRST)
        first = ask(company)
        bench.drain()
        with pytest.raises(OneADay) as refused:
            ask(company, last=date(2026, 10, 30))
        assert refused.value.process == first.id
        assert Process.objects.filter(workflow="export-invoices").count() == 1

    def test_one_that_came_to_nothing_does_not_use_up_the_day(self, company: Company) -> None:
        empty = ask(company)
        bench.drain()
        assert empty.state() == "failed"
        many_invoices(company, 1, first=FIRST)
        again = ask(company)
        bench.drain()
        assert (again.created, again.state()) == (True, "completed")
        assert ProcessEvent.objects.get(process=empty.id, move="free_key").actor == "ana"

    def test_an_empty_period_fails_at_once_and_says_so(self, company: Company) -> None:
        handle = ask(company)
        bench.drain()
        process = Process.objects.get(pk=handle.id)
        assert process.state == "failed"
        assert "No hay ninguna factura expedida entre el 01/10/2026 y el 31/10/2026" in process.error["message"]
        assert process.attempts.count() == 1
        assert (mail.outbox, Export.objects.count()) == ([], 0)

    def test_one_at_a_time_in_a_company_and_companies_side_by_side(self, company: Company) -> None:
        other = world.la_encina(nif="A58818501", name="Otra SL")
        many_invoices(company, 4, first=FIRST)
        many_invoices(other, 4, first=FIRST)
        mine, next_one, theirs = ask(company), ask(company, requested_by="berta"), ask(other)
        jobs = list(iter(bench.fetch, None))
        assert {job.process for job in jobs} == {mine.id, theirs.id}
        for job in jobs:
            job.run()
        bench.drain()
        assert [handle.state() for handle in (mine, next_one, theirs)] == ["completed"] * 3

    def test_a_company_that_waits_for_its_pages_keeps_its_turn(self, company: Company) -> None:
        many_invoices(company, 4, first=FIRST)
        mine, next_one = paged(company, 2), ask(company, requested_by="berta")
        (job,) = iter(bench.fetch, None)
        job.run()
        assert mine.state() == "waiting"
        assert Process.objects.get(pk=next_one.id).behind
        bench.drain()
        assert (mine.state(), next_one.state()) == ("completed", "completed")

    def test_progress_is_seen_while_it_waits(self, company: Company) -> None:
        many_invoices(company, 50, first=FIRST)
        handle = paged(company, 10)
        assert tuple(progress(handle.id).__struct_fields__) == ("done", "total")
        seen = []
        while job := bench.fetch():
            job.run()
            seen.append((progress(handle.id).done, progress(handle.id).total))
        assert seen[:6] == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]

    def test_one_that_failed_and_whose_pages_are_gone_says_so_when_resumed(
        self, company: Company, settings: Settings, files: Path
    ) -> None:
        many_invoices(company, 4, first=FIRST)
        handle = paged(company, 2)
        while (job := bench.fetch()) and progress(handle.id).done < 2:
            job.run()
        for piece in files.rglob("*.part"):
            piece.unlink()
        assert job
        job.run()
        bench.drain()
        process = Process.objects.get(pk=handle.id)
        assert (process.state, process.error["class"]) == ("failed", "PagesGone")
        resume(handle.id, now=clock.now(), actor="test", reason="try")
        bench.drain()
        assert handle.state() == "failed"

    @pytest.mark.parametrize("wrong", [{"first": LAST, "last": FIRST}, {"language": "fr"}])
    def test_nonsense_starts_nothing(self, company: Company, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"period|language"):
            ask(company, **wrong)
        assert not Process.objects.exists()
