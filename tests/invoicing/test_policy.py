"""The decision table of fiscal-policy.md, line by line: which document, or which person, and why."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from invoicing.holds import Action, Resolution
from invoicing.issued import Issued
from invoicing.policy import ConnectionPolicy, Decision, matters
from invoicing.values import Address, LineKind, OrderContent, Party, Refund, Wanted
from tests.invoicing.orders import (
    KOELN,
    LAS_PALMAS,
    LIVE,
    LUCIA,
    MADRID,
    NAYRA,
    PAID_AT,
    RETAIL_SHOP,
    SHOP,
    SOLER,
    TODAY,
    decided,
    invoiced,
    line,
    order,
)

IGNORE = Resolution(action=Action.IGNORE, reason="Lo factura la gestoría.")
ANYWAY = Resolution(action=Action.ISSUE_ANYWAY)
SIMPLIFIED = Resolution(action=Action.ISSUE_SIMPLIFIED)
AGAIN = Resolution(action=Action.DECIDE_AGAIN)
NIF_OF_LUCIA = Resolution(action=Action.GIVE_NIF, nif="12345678-z")


def give(nif: str, **more: Any) -> Resolution:
    return Resolution(action=Action.GIVE_NIF, nif=nif, **more)


def refund(total: str, identity: str = "R1") -> Refund:
    return Refund(external_id=identity, total=Decimal(total))


def buyer(party: Party, **changes: Any) -> Party:
    return msgspec.structs.replace(party, **changes)


def held(content: OrderContent, **changes: Any) -> str:
    found = decided(content, **changes)
    assert found.action == "hold", found
    assert found.hold is not None
    return found.hold.code


def issued(content: OrderContent, **changes: Any) -> Wanted:
    found = decided(content, **changes)
    assert found.action == "issue", found
    assert found.document is not None
    return found.document


class TestMatters:
    @pytest.mark.parametrize(
        ("changes", "before", "after"),
        [
            ({}, True, True),
            ({"paid": False}, False, True),
            ({"paid": False, "partially_paid": True}, True, True),
            ({"paid": False, "cancelled": True}, True, True),  # it must supersede what waits
            ({"paid": False, "deleted": True}, True, True),
            ({"paid": False, "refunds": (refund("-1.00"),)}, True, True),
        ],
    )
    def test_paid_ended_or_invoiced(self, changes: dict[str, Any], before: bool, after: bool) -> None:
        content = order(**changes)
        assert (matters(content, invoiced=False), matters(content, invoiced=True)) == (before, after)


class TestNoInvoice:
    @pytest.mark.parametrize(
        ("changes", "note"),
        [
            ({"paid": False}, "Sin pagar."),
            ({"test": True}, "Pedido de prueba."),
            ({"deleted": True}, "Borrado en la tienda antes de facturarse."),
            ({"cancelled": True}, "Cancelado antes de facturarse."),
            ({"refunds": (refund("-12.10"),)}, "Devuelto entero antes de facturarse."),
            ({"placed_at": datetime(2026, 9, 30, 23, 59, tzinfo=UTC)}, "Anterior a la fecha desde la que se factura."),
        ],
    )
    def test_is_explained(self, changes: dict[str, Any], note: str) -> None:
        found = decided(order(**changes))
        assert (found.action, found.note, found.hold) == ("nothing", note, None)

    def test_of_an_order_at_the_very_cut_over_there_is_one(self) -> None:
        assert issued(order(placed_at=LIVE.invoice_from)).tipo == "F2"

    def test_a_marketplace_invoices_its_own_channel(self) -> None:
        connection = msgspec.structs.replace(LIVE, marketplace_channels=("Amazon-ES",))
        found = decided(order(sales_channel="amazon-es"), connection=connection)
        assert (found.action, "amazon-es" in found.note) == ("nothing", True)
        assert issued(order(sales_channel="web"), connection=connection).tipo


class TestNotYet:
    def test_a_connection_without_cut_over_is_not_live(self) -> None:
        assert held(order(), connection=ConnectionPolicy(invoice_from=None)) == "not_live"

    def test_an_unpaid_order_of_it_asks_nobody(self) -> None:
        assert decided(order(paid=False), connection=ConnectionPolicy(invoice_from=None)).action == "nothing"

    def test_a_part_payment_waits(self) -> None:
        assert held(order(paid=False, partially_paid=True)) == "partial_payment"

    def test_another_systems_number_waits(self) -> None:
        assert held(order(invoiced_elsewhere="2026-0042")) == "other_invoice_number"

    def test_unless_it_is_only_a_reference(self) -> None:
        connection = msgspec.structs.replace(LIVE, other_invoicing="reference_only")
        assert "2026-0042" in issued(order(invoiced_elsewhere="2026-0042"), connection=connection).note

    def test_a_return_without_money_does_not(self) -> None:
        assert issued(order(refunds=(refund("0"),))).tipo

    def test_an_edit_before_the_invoice_waits(self) -> None:
        assert held(order(current_total=Decimal("9.00"))) == "edited_before_issue"
        assert issued(order(current_total=Decimal("12.1"))).tipo

    def test_figures_that_need_a_person_wait(self) -> None:
        assert held(order(currency="USD")) == "foreign_currency"
        assert held(order(line("10.00", None))) == "untaxed_line"

    def test_a_foreign_buyer_of_goods_delivered_here_does_not(self) -> None:
        assert issued(order(buyer=buyer(LUCIA, address=KOELN), ship_to=MADRID)).tipo == "F2"

    def test_an_eu_vat_number_asks_vies_first(self) -> None:
        weber = Party(name="Weber Handels GmbH", tax_id="DE123456788", address=KOELN)
        found = decided(order(line("544.60", None), buyer=weber))
        assert (found.action, found.check, found.hold) == ("check", "DE123456788", None)

    def test_but_not_before_what_a_person_must_settle_anyway(self) -> None:
        weber = Party(name="Weber Handels GmbH", tax_id="DE123456788", address=KOELN)
        assert held(order(line("544.60", None), buyer=weber, invoiced_elsewhere="7")) == "other_invoice_number"


class TestSimplified:
    @pytest.mark.parametrize("total", ["0.01", "12.10", "399.99", "400.00"])
    def test_up_to_400_euros_without_nif(self, total: str) -> None:
        found = issued(order(line(total)))
        assert (found.tipo, found.recipient, found.email) == ("F2", None, "lucia@example.com")

    @pytest.mark.parametrize("total", ["400.01", "3000.00"])
    def test_above_only_for_the_activities_of_the_list(self, total: str) -> None:
        assert held(order(line(total))) == "nif_required"
        assert issued(order(line(total)), company=RETAIL_SHOP).tipo == "F2"

    def test_never_above_3000(self) -> None:
        generous = msgspec.structs.replace(RETAIL_SHOP, f2_limit=Decimal(10_000))
        assert held(order(line("3000.01")), company=generous) == "nif_required"

    def test_never_above_400_without_the_activity_named(self) -> None:
        nameless = msgspec.structs.replace(RETAIL_SHOP, f2_activity="")
        assert held(order(line("400.01")), company=nameless) == "nif_required"

    def test_of_an_export_too(self) -> None:
        assert issued(order(line("24.00", None), buyer=NAYRA)).tipo == "F2"


class TestComplete:
    def test_with_name_nif_and_address(self) -> None:
        found = issued(order(buyer=SOLER))
        assert (found.tipo, found.recipient) == ("F1", SOLER)

    def test_whatever_the_amount(self) -> None:
        assert issued(order(line("9999.00"), buyer=SOLER)).tipo == "F1"
        assert issued(order(line("0.50"), buyer=SOLER)).tipo == "F1"

    def test_a_person_is_named_as_a_person(self) -> None:
        person = buyer(LUCIA, tax_id="12345678Z", company="Bar Lucía")
        recipient = issued(order(buyer=person)).recipient
        assert recipient is not None
        assert (recipient.company, recipient.name) == ("", "Lucía Ferrer Ocaña")

    def test_a_person_needs_no_address(self) -> None:
        person = buyer(LUCIA, tax_id="12345678Z", address=Address())
        assert issued(order(buyer=person, ship_to=MADRID)).tipo == "F1"

    @pytest.mark.parametrize(
        ("changes", "fields"),
        [
            ({"address": Address(country="ES")}, "dirección"),
            ({"address": Address(lines=("Calle A",), country="ES")}, "dirección"),
            ({"name": "", "company": ""}, "nombre"),
            ({"name": "", "company": "", "address": Address()}, "nombre, dirección"),
        ],
    )
    def test_an_entity_needs_name_and_address(self, changes: dict[str, Any], fields: str) -> None:
        found = decided(order(buyer=buyer(SOLER, **changes), ship_to=MADRID)).hold
        assert found is not None
        assert (found.code, found.data["fields"]) == ("recipient_incomplete", fields)

    @pytest.mark.parametrize("nif", ["12345678A", "X5253868A", "00000000T", "NA", "US123"])
    def test_a_wrong_nif_waits(self, nif: str) -> None:
        assert held(order(buyer=buyer(LUCIA, tax_id=nif))) == "nif_invalid"

    def test_a_wrong_control_of_an_entity_waits_and_may_be_overridden(self) -> None:
        content = order(buyer=buyer(SOLER, tax_id="B12345678"))
        assert held(content) == "nif_entity_control"
        found = issued(content, resolution=ANYWAY)
        assert found.recipient is not None
        assert (found.tipo, found.recipient.tax_id) == ("F1", "B12345678")


class TestOperationDate:
    @pytest.mark.parametrize(
        ("paid_at", "zone", "day"),
        [
            # 23:30 UTC is the next day in Madrid in winter and in summer, and still this one in Canarias in winter
            (datetime(2026, 10, 31, 23, 30, tzinfo=UTC), "Europe/Madrid", date(2026, 11, 1)),
            (datetime(2026, 10, 31, 23, 30, tzinfo=UTC), "Atlantic/Canary", date(2026, 10, 31)),
            (datetime(2026, 10, 31, 22, 59, tzinfo=UTC), "Europe/Madrid", date(2026, 10, 31)),
            (PAID_AT, "Europe/Madrid", TODAY),
            (None, "Europe/Madrid", None),
            (datetime(2026, 11, 3, 9, tzinfo=UTC), "Europe/Madrid", None),  # to come: 1173
        ],
    )
    def test_is_the_day_of_payment_where_the_issuer_is(
        self, paid_at: datetime | None, zone: str, day: date | None
    ) -> None:
        found = issued(order(paid_at=paid_at), company=msgspec.structs.replace(SHOP, zone=zone))
        assert found.operation_date == day

    def test_decides_which_rates_were_in_force(self) -> None:
        connection = ConnectionPolicy(invoice_from=datetime(2024, 1, 1, tzinfo=UTC))
        oil = order(line("10.75", "7.5"), paid_at=datetime(2024, 12, 31, 12, tzinfo=UTC))
        assert issued(oil, connection=connection).tipo
        assert held(order(line("10.75", "7.5"))) == "unknown_tax_rate"


class TestAnswers:
    def test_a_given_nif_makes_it_complete(self) -> None:
        found = issued(order(line("500.00")), resolution=NIF_OF_LUCIA)
        assert found.recipient is not None
        assert (found.tipo, found.recipient.tax_id, found.recipient.name) == ("F1", "12345678Z", "Lucía Ferrer Ocaña")

    def test_name_and_address_are_given_with_it(self) -> None:
        guest = Party(email="x@example.com")
        answer = give("B12345674", name="Ferretería Soler SL", address=MADRID)
        recipient = issued(order(line("500.00"), buyer=guest), resolution=answer).recipient
        assert recipient is not None
        assert (recipient.name, recipient.company, recipient.address) == ("Ferretería Soler SL", "", MADRID)

    def test_a_wrong_nif_is_refused_and_the_hold_stands(self) -> None:
        found = decided(order(line("500.00")), resolution=give("12345678A")).hold
        assert found is not None
        assert found.code == "nif_required"
        assert "«12345678A» no es un NIF" in found.data["refused"]
        assert "“12345678A” is neither" in found.data["refused_en"]

    def test_a_simplified_one_is_issued_where_legal(self) -> None:
        content = order(buyer=buyer(LUCIA, tax_id="NA"))
        assert issued(content, resolution=SIMPLIFIED).tipo == "F2"

    def test_and_not_offered_where_it_is_not(self) -> None:
        content = order(line("400.01"), buyer=buyer(LUCIA, tax_id="NA"))
        first = decided(content).hold
        assert first is not None
        assert Action.ISSUE_SIMPLIFIED not in first.actions
        assert held(content, resolution=SIMPLIFIED) == "nif_invalid"

    def test_ignoring_needs_a_reason(self) -> None:
        content = order(line("0.00"))
        assert decided(content, resolution=IGNORE).note == "Lo factura la gestoría."
        assert decided(content, resolution=IGNORE).action == "nothing"
        assert held(content, resolution=Resolution(action=Action.IGNORE, reason="  ")) == "zero_total"

    def test_deciding_again_looks_anew(self) -> None:
        assert held(order(line("0.00")), resolution=AGAIN) == "zero_total"
        assert issued(order(), resolution=AGAIN).tipo

    def test_two_reasons_to_wait_ask_once_each(self) -> None:
        content = order(line("500.00"), invoiced_elsewhere="2026-0042")
        assert held(content) == "other_invoice_number"
        second = decided(content, resolution=ANYWAY)
        assert second.hold is not None
        assert (second.hold.code, second.answers) == ("nif_required", (ANYWAY,))
        third = decided(content, resolution=(*second.answers, NIF_OF_LUCIA))
        assert third.document
        assert (third.document.tipo, third.answers) == ("F1", (ANYWAY, NIF_OF_LUCIA))

    def test_one_override_does_not_cover_the_next_reason(self) -> None:
        content = order(buyer=buyer(SOLER, tax_id="B12345678"), invoiced_elsewhere="2026-0042")
        assert held(content, resolution=ANYWAY) == "nif_entity_control"
        assert issued(content, resolution=(ANYWAY, ANYWAY)).tipo == "F1"

    def test_an_answer_that_came_too_late_changes_nothing(self) -> None:
        assert issued(order(), resolution=IGNORE).tipo == "F2"

    def test_a_part_refund_is_rectified_after_the_whole_was_invoiced(self) -> None:
        content = order(refunds=(refund("-2.00"),), current_total=Decimal("10.10"))
        found = decided(content)
        assert found.document
        assert (found.document.priced.total, found.more) == (Decimal("12.10"), True)


class TestAfterTheInvoice:
    SOLD = order(buyer=SOLER)

    def changes(self, now: OrderContent, tipo: str = "F1", before: OrderContent | None = None) -> str:
        found = decided(now, issued=invoiced(before or self.SOLD, tipo)).hold
        assert found is not None
        assert found.code == "correction_needed"
        assert found.data["invoice"] == "F2026-000001"
        return found.data["changes"]

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"number": "#1501-B"},
            {"sales_channel": "pos"},
            {"paid_at": None},
            {"paid": False},
            {"refunds": (refund("0"),)},
            {"buyer": buyer(SOLER, email="otra@example.com")},
            {"ship_to": msgspec.structs.replace(MADRID, postal_code="08001", city="Barcelona")},
            {"total": Decimal("12.1")},
            {"current_total": Decimal("12.10")},
        ],
    )
    def test_what_it_does_not_show_changes_nothing(self, changes: dict[str, Any]) -> None:
        now = msgspec.structs.replace(self.SOLD, **changes)
        assert decided(now, issued=invoiced(self.SOLD, "F1")).action == "nothing"

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"deleted": True}, "se borró en la tienda"),
            ({"current_total": Decimal("20.00")}, "se modificó el pedido"),
        ],
    )
    def test_what_cannot_be_computed_is_for_a_person(self, changes: dict[str, Any], told: str) -> None:
        assert self.changes(msgspec.structs.replace(self.SOLD, **changes)) == told

    def test_goods_that_must_be_asked_about_are_or_it_was_done_outside(self) -> None:
        moved = msgspec.structs.replace(self.SOLD, ship_to=LAS_PALMAS)
        found = decided(moved, issued=invoiced(self.SOLD, "F1")).hold
        assert found
        assert (found.code, found.data["changes"]) == ("tax_charged_on_export", "cambió el destino")
        assert found.data["invoice"] == "F2026-000001"
        assert {Action.ISSUE_ANYWAY, Action.CORRECTED_BY_HAND} <= set(found.actions)
        assert decided(moved, issued=invoiced(self.SOLD, "F1"), resolution=ANYWAY).action == "nothing"

    def test_lines_in_another_order_are_the_same(self) -> None:
        two = order(line("1.00"), line("2.00", "4"))
        other_way = msgspec.structs.replace(two, lines=two.lines[::-1])
        assert decided(other_way, issued=invoiced(two)).action == "nothing"

    def test_a_simplified_one_shows_no_buyer(self) -> None:
        sold = order()
        moved = msgspec.structs.replace(sold, buyer=buyer(LUCIA, name="L. Ferrer", address=KOELN))
        assert decided(moved, issued=invoiced(sold)).action == "nothing"

    def test_corrected_by_hand_needs_a_reason(self) -> None:
        deleted = msgspec.structs.replace(self.SOLD, deleted=True)
        by_hand = Resolution(action=Action.CORRECTED_BY_HAND, reason="R2026-000001 en el programa viejo")
        assert decided(deleted, issued=invoiced(self.SOLD, "F1"), resolution=by_hand).note == by_hand.reason
        empty = msgspec.structs.replace(by_hand, reason="")
        assert held(deleted, issued=invoiced(self.SOLD, "F1"), resolution=empty) == "correction_needed"

    def test_nothing_before_it_issues_twice(self) -> None:
        sold = order(line("500.00", kind=LineKind.GOODS), buyer=SOLER)
        for answer in (ANYWAY, SIMPLIFIED, NIF_OF_LUCIA, AGAIN, IGNORE):
            assert decided(sold, issued=invoiced(sold, "F1"), resolution=answer).action == "nothing"


class TestJournal:
    @pytest.mark.parametrize(
        "content",
        [order(), order(buyer=SOLER), order(line("500.00")), order(test=True), order(line("24.00", None), buyer=NAYRA)],
    )
    def test_a_decision_is_itself_again_as_json(self, content: OrderContent) -> None:
        found = decided(content)
        assert msgspec.json.decode(msgspec.json.encode(found), type=Decision) == found

    def test_so_is_an_invoiced_order(self) -> None:
        sold = invoiced(order(buyer=SOLER), "F1")
        assert msgspec.json.decode(msgspec.json.encode(sold), type=Issued) == sold
