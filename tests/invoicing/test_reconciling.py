"""Our ledger beside the AEAT's: each kind of difference, its repair after approval, and what is none."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from common import clock
from common.ids import uuid7
from invoicing import reconciling
from invoicing.models import Invoice
from invoicing.reconciling import ReconcileAeat, reconcile_aeat
from tests.databases import Database
from tests.invoicing.aeat import Aeat, an_aeat
from tests.simulator.sender import SUBSANACION
from tests.terminal import manage
from tests.workflows import bench
from verifactu import chain, repairs
from verifactu.channel import client_for
from verifactu.models import Discrepancy, Record
from verifactu.queries import QueryFailed
from verifactu.reconciliation import compare_month, month_of
from verifactu.records import RegistroAlta, fecha_hora_huso
from verifactu.repairs import NothingToApprove
from verifactu.xml import read_registro
from workflows.engine import trigger
from workflows.models import Alert, Process, Schedule


@pytest.fixture
def aeat(fresh_database: Database, tmp_path: Path) -> Iterator[Aeat]:
    with an_aeat(tmp_path) as running:
        yield running


def the_difference() -> Discrepancy:
    row: Discrepancy = Discrepancy.objects.get(state="open")
    return row


def approve(row: Discrepancy) -> None:
    reconciling.approve(row.pk, actor="ana", reason="comprobado en la sede", now=clock.now())


def test_nothing_differs_after_a_morning(aeat: Aeat) -> None:
    aeat.issue(5)
    aeat.send()
    said = aeat.reconcile()
    assert said.code == 0, said
    (chain,) = said.json["chains"]
    assert [(m["ours"], m["theirs"], m["found"]) for m in chain["months"]] == [(0, 0, {}), (5, 5, {})]
    assert said.json["differences"] == 0
    assert "Instal" not in said.stdout.partition("{")[0]
    assert chain["months"][1]["month"] in said.stderr
    assert not Discrepancy.objects.exists()


def test_what_the_aeat_lost_is_sent_again_once_a_person_approves(aeat: Aeat) -> None:
    aeat.issue(3)
    aeat.send()
    lost = Invoice.objects.order_by("number")[1]
    aeat.in_its_ledger("DELETE FROM invoice WHERE numero = ?", lost.num_serie)
    said = aeat.reconcile()
    assert said.code == 3
    assert said.json["chains"][0]["months"][1]["found"] == {"missing": 1}
    row = the_difference()
    assert (row.num_serie, row.record_id, row.proposal) == (lost.num_serie, lost.record_id, "resend")
    assert aeat.states() == ["accepted"] * 3, "repaired without anybody's approval"

    approve(row)
    # On its way it is neither a difference nor proof.
    assert aeat.reconcile().code == 0
    assert Discrepancy.objects.get().state == "approved"
    aeat.send()
    assert aeat.states() == ["accepted"] * 3
    assert aeat.reconcile().code == 0
    row = Discrepancy.objects.get()
    assert (row.state, row.decided_by, row.reason) == ("done", "ana", "comprobado en la sede")


def test_what_another_program_sent_under_our_number_is_told_and_left_to_a_person(aeat: Aeat) -> None:
    aeat.issue(2)
    aeat.send()
    huella = aeat.somebody_else_sends()
    assert aeat.reconcile().code == 3
    row = the_difference()
    assert (row.kind, row.num_serie, row.proposal, row.record_id) == ("unknown_here", "AJENA-1", "look", None)
    assert row.theirs["huella"] == huella
    with pytest.raises(NothingToApprove):
        approve(row)

    # Told once however often it is seen.
    assert aeat.reconcile().code == 3
    assert Discrepancy.objects.count() == 1
    repairs.dismiss(row.pk, actor="ana", reason="es del programa de la tienda", now=clock.now())
    said = aeat.reconcile()
    assert said.code == 0
    assert said.json["chains"][0]["months"][1]["dismissed"] == 1
    assert Discrepancy.objects.get().state == "dismissed"


def test_an_invoice_that_another_program_corrected_has_another_huella(aeat: Aeat) -> None:
    ours = aeat.issue(2)[1]
    aeat.send()
    huella = aeat.somebody_else_sends(number=ours.num_serie, flags=SUBSANACION)
    assert aeat.reconcile().code == 3
    row = the_difference()
    assert (row.kind, row.num_serie, row.proposal) == ("huella", ours.num_serie, "look")
    assert (row.ours["huella"], row.theirs["huella"]) == (Record.objects.get(pk=ours.record_id).huella, huella)


def test_another_verdict_is_adopted_with_its_evidence(aeat: Aeat) -> None:
    ours = aeat.issue(2)[0]
    aeat.send()
    aeat.in_its_ledger("UPDATE invoice SET state = 'AceptadaConErrores' WHERE numero = ?", ours.num_serie)
    aeat.in_its_ledger("UPDATE record SET code = '2001', text = 'NIF no censado' WHERE numero = ?", ours.num_serie)
    assert aeat.reconcile().code == 3
    row = the_difference()
    assert (row.kind, row.proposal, row.ours["state"]) == ("verdict", "adopt", "accepted")
    approve(row)
    record = Record.objects.get(pk=ours.record_id)
    assert (record.state, record.codigo_error, record.descripcion_error) == (
        "accepted_with_errors", "2001", "NIF no censado",
    )  # fmt: skip
    assert str(row.pk) in record.reason
    assert aeat.reconcile().code == 0
    assert Discrepancy.objects.get().state == "done"


def test_a_record_that_we_hold_for_rejected_and_the_aeat_stored_is_acknowledged(aeat: Aeat) -> None:
    ours = aeat.issue()[0]
    aeat.simulator.fail("cut_answer", operation="submission")
    aeat.simulator.fail("http_503", times=1, operation="query")
    aeat.send()
    record = Record.objects.get(pk=ours.record_id)
    assert record.state == "unknown"
    Record.objects.filter(pk=record.pk).update(state="rejected", codigo_error="1100", verdict_at=clock.now())
    Invoice.objects.update(state="rejected")
    aeat.simulator.heal()
    assert aeat.reconcile().code == 3
    approve(the_difference())
    assert aeat.states() == ["accepted"]
    assert Invoice.objects.get().state == "acknowledged"
    assert aeat.reconcile().code == 0


def test_an_invoice_annulled_there_by_other_means_is_for_a_person(aeat: Aeat) -> None:
    ours = aeat.issue()[0]
    aeat.send()
    aeat.in_its_ledger("UPDATE invoice SET state = 'Anulada' WHERE numero = ?", ours.num_serie)
    assert aeat.reconcile().code == 3
    row = the_difference()
    assert (row.kind, row.proposal, row.theirs["estado"]) == ("verdict", "look", "Anulado")


def test_a_difference_that_goes_away_by_itself_is_closed(aeat: Aeat) -> None:
    ours = aeat.issue()[0]
    aeat.send()
    aeat.in_its_ledger("UPDATE invoice SET period = '1999-01' WHERE numero = ?", ours.num_serie)
    assert aeat.reconcile().code == 3
    aeat.in_its_ledger("UPDATE invoice SET period = ? WHERE numero = ?", f"{ours.issue_date:%Y-%m}", ours.num_serie)
    assert aeat.reconcile().code == 0
    assert Discrepancy.objects.get().state == "gone"


def test_what_is_on_its_way_is_no_difference(aeat: Aeat) -> None:
    aeat.issue(2)
    aeat.simulator.fail("cut_answer", operation="submission")
    aeat.simulator.fail("http_503", times=1, operation="query")
    aeat.send()
    aeat.issue()
    assert aeat.states() == ["unknown", "unknown", "pending"]
    aeat.simulator.heal()
    said = aeat.reconcile()
    assert said.code == 0, said
    assert said.json["chains"][0]["months"][1]["on_its_way"] == 3


def test_what_is_sent_while_the_month_is_read_is_no_difference(aeat: Aeat) -> None:
    aeat.issue(3)
    aeat.send()
    sent: list[int] = []

    def busy(read: int) -> None:
        """Between the first page and the second: one more is issued, and one of the first page is lost and resent."""
        if not sent:
            aeat.issue()
            aeat.send()
        sent.append(read)

    compared = compare_month(client_for(aeat.chain), aeat.chain, month_of(clock.now().date()), now=clock.now,
                             progress=busy)  # fmt: skip
    assert compared.found == {}
    assert sent == [2, 4]
    # The same with the last page behind us.
    sent.clear()

    def after(read: int) -> None:
        if read == 4:
            aeat.issue()
            aeat.send()

    compared = compare_month(client_for(aeat.chain), aeat.chain, month_of(clock.now().date()), now=clock.now,
                             progress=after)  # fmt: skip
    assert (compared.ours, compared.theirs, compared.found) == (5, 4, {})


def test_a_correction_that_overtakes_the_page_is_no_difference(aeat: Aeat) -> None:
    first = Record.objects.get(pk=aeat.issue(3)[0].record_id)
    aeat.send()

    def corrected(read: int) -> None:
        """The first page has shown the record that this one replaces."""
        if read == 2:
            correct(aeat, first)
            aeat.send()

    month = month_of(clock.now().date())
    compared = compare_month(client_for(aeat.chain), aeat.chain, month, now=clock.now, progress=corrected)
    assert aeat.states() == ["accepted"] * 4
    assert compared.found == {}
    assert aeat.reconcile().code == 0


def correct(aeat: Aeat, record: Record) -> None:
    """Append a Subsanacion of a record, with nothing changed."""
    with transaction.atomic():
        head = chain.lock(tenant=aeat.company.tenant)
        stamp = head.stamp(clock.now())
        before = read_registro(record.xml)
        assert isinstance(before, RegistroAlta)
        registro = replace(
            before,
            Subsanacion="S",
            Encadenamiento=head.encadenamiento(),
            FechaHoraHusoGenRegistro=fecha_hora_huso(stamp.astimezone(ZoneInfo("Europe/Madrid"))),
            Huella="",
        )
        chain.append(head, registro, id=uuid7(), stamp=stamp, covers=record.covers, answer_token="", now=stamp)


def test_an_invoice_is_looked_for_in_the_month_of_its_operation_too(aeat: Aeat) -> None:
    placed = clock.now().replace(microsecond=0) - timedelta(days=70)
    aeat.shop.invoice_from = placed - timedelta(days=1)
    aeat.shop.save()
    invoice = aeat.issue(placed_at=placed)[0]
    aeat.send()
    assert invoice.operation_date
    month, operated = (day.strftime("%Y-%m") for day in (invoice.issue_date, invoice.operation_date))
    # The stand-in files it by the operation; another service might by the issue date. Either way it is found.
    for filed in (operated, month):
        aeat.in_its_ledger("UPDATE invoice SET period = ? WHERE numero = ?", filed, invoice.num_serie)
        said = aeat.reconcile("--from", month, "--to", month)
        assert said.code == 0, said
        assert [(m["ours"], m["theirs"]) for m in said.json["chains"][0]["months"]] == [(1, 1)]
        assert aeat.reconcile("--from", operated, "--to", operated).code == 0
    aeat.in_its_ledger("UPDATE invoice SET period = '1999-01' WHERE numero = ?", invoice.num_serie)
    assert aeat.reconcile("--from", month, "--to", month).json["chains"][0]["months"][0]["found"] == {"missing": 1}


@pytest.mark.parametrize(("mode", "page"), [("http_503", 1), ("html_page", 2), ("cut_answer", 2), ("fault_server", 1)])
def test_a_page_that_cannot_be_had_leaves_everything_as_it_was(aeat: Aeat, mode: str, page: int) -> None:
    aeat.issue(4)
    aeat.send()
    aeat.in_its_ledger("DELETE FROM invoice WHERE numero = ?", Invoice.objects.latest("number").num_serie)
    if page == 1:
        aeat.simulator.fail(mode, operation="query")
        said = aeat.reconcile()
        assert said.code == 75
        assert "AEAT" in said.json["failed"][0]["error"]
        assert said.json["chains"] == []
    else:
        with pytest.raises(QueryFailed):
            compare_month(
                client_for(aeat.chain),
                aeat.chain,
                month_of(clock.now().date()),
                now=clock.now,
                progress=lambda read: aeat.simulator.fail(mode, operation="query"),
            )
    assert not Discrepancy.objects.exists()
    assert aeat.states() == ["accepted"] * 4


def test_the_night_compares_by_itself_and_tells(aeat: Aeat) -> None:
    aeat.issue(2)
    aeat.send()
    schedule = Schedule.objects.get(workflow="reconcile-aeat")
    assert (schedule.cron, schedule.zone, schedule.tenant) == ("30 3 * * *", "Europe/Madrid", aeat.company.tenant)
    payload = ReconcileAeat(aeat.company.pk, slot=clock.now() + timedelta(days=1))
    first = trigger(reconcile_aeat, payload, now=clock.now(), actor="test")
    bench.drain()
    assert Process.objects.get(pk=first.id).state == "completed"
    assert not Alert.objects.exists()

    aeat.somebody_else_sends()
    trigger(reconcile_aeat, payload, now=clock.now(), actor="test")
    bench.drain()
    alert = Alert.objects.get()
    assert (alert.kind, alert.tenant) == ("aeat_differs", aeat.company.tenant)
    assert "AJENA-1" in alert.text


@pytest.mark.parametrize(
    "arguments",
    [("--company", "B00000000"), ("--from", "2027-13"), ("--from", "2027-03", "--to", "2027-02"),
     ("--all", "--from", "2027-01")],
    ids=" ".join,
)  # fmt: skip
def test_a_mistyped_command_is_told_by_exit_code_2(fresh_database: Database, arguments: tuple[str, ...]) -> None:
    refused = manage("reconcile_aeat", *arguments)
    assert (refused.code, refused.stdout) == (2, "")
    assert refused.stderr
