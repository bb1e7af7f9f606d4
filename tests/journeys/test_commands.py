"""What a person at the terminal does: verify, recover, export; and what a mistyped command says."""

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from invoicing.models import Invoice, Series
from tests.databases import Database
from tests.journeys.house import House
from tests.journeys.independent import assert_exported
from tests.terminal import in_a_process, manage
from tests.verifactu.official import assert_official
from tests.workflows.bench import drain, fetch
from tests.world import LUCIA, SOLER, arrive, la_encina, sale, shop
from workflows.execution import claim
from workflows.models import Process
from workflows.rows import sql


def test_the_ledger_of_a_morning_verifies_and_every_record_is_exported(house: House, tmp_path: Path) -> None:
    for shops, count in ((house.company(), 3), (house.company(), 2)):
        for number in range(count):
            house.post(shops["shopify"], sale(SOLER if number else LUCIA, number=number))
    house.settled()
    verified = in_a_process(house.database, "verify_ledger", "--pdf", "--json", FILES_DIR=str(house.folder))
    assert verified.code == 0, verified
    assert verified.json["findings"] == []

    exported = manage("export_records", "--out", str(tmp_path / "records"), "--json")
    assert exported.code == 0, exported
    for file in (tmp_path / "records").glob("*/*.xml"):
        assert_official(file.read_bytes())
    for shops in house.opened:
        folder = tmp_path / "records" / shops.company.taxpayer.nif
        assert [file.read_text() for file in sorted(folder.glob("*.xml"))] == [r.xml for r in shops.records]
    assert assert_exported(tmp_path / "records") == exported.json["records"]

    nif = house.opened[1].company.taxpayer.nif
    one = manage("export_records", "--out", str(tmp_path / "one"), "--company", nif)
    assert one.code == 0, one
    assert [folder.name for folder in (tmp_path / "one").iterdir()] == [nif]


def test_a_broken_ledger_is_told_by_exit_code_3(fresh_database: Database) -> None:
    series = Series.objects.create(
        company=la_encina(), environment="simulator", kind="complete", code="PF", year=2027, next_number=3
    )
    verified = in_a_process(fresh_database, "verify_ledger")
    assert verified.code == 3
    assert f"I3  series {series}: the next number is 3, not 1" in verified.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify_ledger", "--company", "B00000000"),
        ("export_records",),
        ("export_records", "--out", "x", "--company", "B00000000"),
        ("recover_processes", "--resume", "--nonsense"),
    ],
    ids=" ".join,
)
def test_a_mistyped_command_is_told_by_exit_code_2(fresh_database: Database, arguments: tuple[str, ...]) -> None:
    refused = manage(*arguments)
    assert (refused.code, refused.stdout) == (2, "")
    assert refused.stderr


class TestRecoverProcesses:
    @pytest.fixture(autouse=True)
    def files(self, tmp_path: Path, settings: Settings) -> None:
        """Keep what is rendered out of the way."""
        settings.DOCUMENTS_DIR = tmp_path / "documents"
        settings.EMAIL_FILE_PATH = tmp_path / "mail"
        settings.AEAT_ENDPOINT = ""

    def test_takes_up_at_once_what_a_dead_worker_left(self, fresh_database: Database) -> None:
        arrive(shop(la_encina()), sale())
        job = fetch()
        assert job
        assert claim(job.process, job.fence, worker="dead")
        sql("UPDATE workflows_process SET lease_until = lease_until - %s", [timedelta(seconds=11)])

        recovered = manage("recover_processes", "--json")
        assert recovered.code == 0, recovered
        assert recovered.json["tick"]["recover_expired"] == 1
        drain()
        assert Invoice.objects.count() == 1

    def test_resumes_what_failed_when_it_is_told_to(self, fresh_database: Database) -> None:
        connected = shop(la_encina())
        arrive(connected, sale())
        job = fetch()
        assert job
        sql("UPDATE workflows_process SET version = 99 WHERE id = %s", [job.process])  # of another deployment
        job.run()
        assert Process.objects.get().state == "held"
        sql("UPDATE workflows_process SET version = 1 WHERE id = %s", [job.process])

        shown = manage("recover_processes", "--resume", "--dry-run", "--json")
        assert shown.json["resumed"] == [str(Process.objects.get())]
        assert Process.objects.get().state == "held"
        other = manage("recover_processes", "--resume", "--workflow", "mail-invoice", "--json")
        assert other.json["resumed"] == []
        resumed = manage("recover_processes", "--resume", "--json")
        assert len(resumed.json["resumed"]) == 1
        drain()
        assert Invoice.objects.count() == 1

    def test_leaves_questions_to_people(self, fresh_database: Database) -> None:
        connected = shop(la_encina())
        connected.invoice_from = None
        connected.save()
        arrive(connected, sale())
        drain()
        assert Process.objects.get(state="held").hold["kind"] == "question"
        resumed = manage("recover_processes", "--resume", "--json")
        assert resumed.json["resumed"] == []
        assert Process.objects.filter(state="held").count() == 1
