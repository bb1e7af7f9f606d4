"""The ECB's reference rates: every form in which they are published, kept once, and the right one of a day.

The files are made here in the shapes of www.ecb.europa.eu/stats/eurofxref; the rates of 30/09/2026 are the published
ones.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import override_settings

from common import clock
from invoicing.exchange import OLDEST, Published, Unreadable, keep, quote, read
from invoicing.models import ExchangeRate
from invoicing.rates_feed import LoadRates, load_exchange_rates
from workflows.testing import run_inline

NOW = datetime(2026, 10, 1, 15, 0, tzinfo=UTC)
SEPTEMBER_30 = [
    Published("USD", date(2026, 9, 30), Decimal("1.1355")),
    Published("DKK", date(2026, 9, 30), Decimal("7.4755")),
    Published("GBP", date(2026, 9, 30), Decimal("0.85463")),
]
XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject><gesmes:Sender><gesmes:name>European Central Bank</gesmes:name>
</gesmes:Sender><Cube><Cube time='2026-09-30'><Cube currency='USD' rate='1.1355'/><Cube currency='DKK' rate='7.4755'/>
<Cube currency='GBP' rate='0.85463'/></Cube></Cube></gesmes:Envelope>"""
DAILY_CSV = b"Date, USD, DKK, GBP, \n30 September 2026, 1.1355, 7.4755, 0.85463, \n"
HISTORY_CSV = (
    b"Date,USD,DKK,GBP,BGN,\n2026-09-30,1.1355,7.4755,0.85463,N/A,\n2026-09-29,1.1402,7.4756,0.8551,N/A,\n"
    b"2024-09-30,1.1196,7.4560,0.8354,1.9558,\n"
)


def zipped(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


class TestReading:
    @pytest.mark.parametrize(
        "data",
        [XML, DAILY_CSV, zipped("eurofxref.csv", DAILY_CSV), zipped("eurofxref.xml", XML)],
        ids=["xml", "csv", "zipped csv", "zipped xml"],
    )
    def test_every_form_says_the_same(self, data: bytes) -> None:
        assert read(data) == SEPTEMBER_30

    def test_the_history_leaves_out_what_was_not_quoted(self) -> None:
        found = read(zipped("eurofxref-hist.csv", HISTORY_CSV))
        assert found[:3] == SEPTEMBER_30
        assert [(each.currency, each.day) for each in found if each.currency == "BGN"] == [("BGN", date(2024, 9, 30))]

    @pytest.mark.parametrize(
        "data",
        [
            b"", b"hello", b"<html/>", b"<broken", b"PK\x03\x04nothing", b"Date,USD\n", b"\xff\xfe",
            b"Date,USD\n30 Septiembre 2026,1.1\n", b"Date,USD\n2026-09-30,-1\n", b"Date,USD\n2026-09-30,NaN\n",
            b"Date,USD\n2026-09-30,abc\n", b"Date,DOLLARS\n2026-09-30,1.1\n", zipped("rates.txt", DAILY_CSV),
            XML.replace(b"<gesmes:subject>", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><gesmes:subject>'),
        ],
    )  # fmt: skip
    def test_anything_else_is_refused(self, data: bytes) -> None:
        with pytest.raises(Unreadable):
            read(data)

    def test_an_entity_is_not_followed(self) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + XML.split(b"?>", 1)[1].replace(
            b"rate='1.1355'", b"rate='&e;'"
        )
        with pytest.raises(Unreadable):
            read(bomb)


@pytest.mark.django_db
class TestKeeping:
    def test_what_is_there_stays_as_it_is(self) -> None:
        assert keep(SEPTEMBER_30, now=NOW) == 3
        other = [SEPTEMBER_30[0]._replace(rate=Decimal(9)), Published("CHF", date(2026, 9, 30), Decimal("0.93"))]
        assert keep(other, now=NOW) == 1
        assert ExchangeRate.objects.get(currency="USD").rate == Decimal("1.1355")
        row = ExchangeRate.objects.get(currency="CHF")
        assert (row.source, row.loaded_at, row.seal) == ("BCE", NOW, row.compute_seal())

    def test_days_before_any_invoice_are_left_out(self) -> None:
        keep(read(HISTORY_CSV), now=NOW)
        assert not ExchangeRate.objects.filter(day__lt=date(2024, 10, 1)).exists()

    def test_a_rate_is_never_changed(self) -> None:
        keep(SEPTEMBER_30, now=NOW)
        with pytest.raises(DatabaseError), transaction.atomic():
            ExchangeRate.objects.update(rate=2)

    @pytest.mark.parametrize(
        ("day", "found"),
        [
            (date(2026, 9, 29), None),
            (date(2026, 9, 30), date(2026, 9, 30)),
            (date(2026, 10, 3), date(2026, 9, 30)),
            (date(2026, 9, 30) + OLDEST, date(2026, 9, 30)),
            (date(2026, 10, 7), None),  # too old to stand for that day
        ],
    )
    def test_the_last_one_on_or_before_a_day_counts(self, day: date, found: date | None) -> None:
        keep(SEPTEMBER_30, now=NOW)
        told = quote("USD", day)
        assert (told.day if told else None) == found
        if told:
            assert (told.rate, told.source) == (Decimal("1.1355"), "BCE")

    def test_another_currency_has_none(self) -> None:
        keep(SEPTEMBER_30, now=NOW)
        assert quote("VES", date(2026, 9, 30)) is None


@pytest.fixture
def bank() -> Iterator[dict[str, Any]]:
    """A server that publishes what `said` holds, and counts who came."""
    said: dict[str, Any] = {"body": XML, "status": 200, "asked": 0}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said["asked"] += 1
            self.send_response(said["status"])
            self.send_header("Content-Length", str(len(said["body"])))
            self.end_headers()
            self.wfile.write(said["body"])

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    said["url"] = f"http://127.0.0.1:{server.server_address[1]}/eurofxref-daily.xml"
    yield said
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.django_db
class TestTheCommand:
    def test_loads_a_file_and_says_what_was_new(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "eurofxref-hist.zip"
        file.write_bytes(zipped("eurofxref-hist.csv", HISTORY_CSV))
        call_command("load_exchange_rates", str(file))
        assert capsys.readouterr().out == "Read 10 rates up to 2026-09-30; 6 of them were new.\n"
        call_command("load_exchange_rates", str(file), "--json")
        assert '"kept": 0' in capsys.readouterr().out

    def test_fetches_from_an_address(self, bank: dict[str, Any]) -> None:
        call_command("load_exchange_rates", "--url", bank["url"])
        assert ExchangeRate.objects.count() == 3
        with override_settings(ECB_RATES_URL=bank["url"]):
            call_command("load_exchange_rates", "--url")
        assert bank["asked"] == 2

    def test_says_when_to_try_later(self, bank: dict[str, Any]) -> None:
        bank["status"] = 503
        with pytest.raises(CommandError, match="503") as caught:
            call_command("load_exchange_rates", "--url", bank["url"])
        assert caught.value.returncode == 75

    def test_needs_a_file_or_an_address(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError):
            call_command("load_exchange_rates")
        wrong = tmp_path / "wrong.csv"
        wrong.write_text("hello")
        with pytest.raises(CommandError, match="eurofxref"):
            call_command("load_exchange_rates", str(wrong))


@pytest.mark.usefixtures("fresh_database")
class TestEveryAfternoon:
    def test_the_rates_are_fetched_and_kept(self, bank: dict[str, Any]) -> None:
        with override_settings(ECB_RATES_URL=bank["url"]):
            assert run_inline(load_exchange_rates, LoadRates()) == 3
        row = ExchangeRate.objects.get(currency="GBP")
        assert (row.rate, row.day) == (Decimal("0.85463"), date(2026, 9, 30))
        assert row.loaded_at <= clock.now()

    def test_nobody_is_asked_without_an_address(self, bank: dict[str, Any]) -> None:
        with override_settings(ECB_RATES_URL=""):
            assert run_inline(load_exchange_rates, LoadRates()) == 0
        assert bank["asked"] == 0
