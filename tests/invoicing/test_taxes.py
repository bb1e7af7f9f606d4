"""Rates by date and places by address. Periods are those of the AEAT's validations (verifactu.md 4.4)."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from invoicing.holds import Unpriceable
from invoicing.taxes import EXPORT, Territory, charged_rate, destination, treatment
from invoicing.values import Address, DeclaredTax, LineKind, OrderLine
from tests.invoicing.orders import KOELN, LAS_PALMAS, LUCIA, MADRID, TODAY, line, order


def spain(postal_code: str = "", code: str = "", name: str = "", country: str = "ES") -> Address:
    return Address(postal_code=postal_code, province_code=code, province=name, country=country)


class TestRates:
    @pytest.mark.parametrize(
        ("rate", "on", "known"),
        [
            ("21", "2026-11-02", True), ("10", "2026-11-02", True), ("4", "2026-11-02", True),
            ("21", "2012-08-31", False), ("18", "2012-08-31", False),
            # energy, oils and pasta at 5 %
            ("5", "2022-06-30", False), ("5", "2022-07-01", True),
            ("5", "2024-09-30", True), ("5", "2024-10-01", False),
            # the last quarter of 2024
            ("2", "2024-09-30", False), ("2", "2024-10-01", True),
            ("2", "2024-12-31", True), ("2", "2025-01-01", False),
            ("7.5", "2024-09-30", False), ("7.5", "2024-12-31", True), ("7.5", "2025-01-01", False),
            # basic foods
            ("0", "2022-12-31", False), ("0", "2023-01-01", True),
            ("0", "2024-09-30", True), ("0", "2024-10-01", False),
            ("16", "2026-11-02", False), ("23", "2026-11-02", False), ("7", "2026-11-02", False),
        ],
    )  # fmt: skip
    def test_have_their_days(self, rate: str, on: str, known: bool) -> None:
        assert charged_rate(Decimal(rate), date.fromisoformat(on)) is known


class TestDestination:
    @pytest.mark.parametrize(
        ("address", "place"),
        [
            (MADRID, Territory.IVA),
            (spain("07001", "PM"), Territory.IVA),
            (spain("04601"), Territory.IVA),
            (spain(), Territory.IVA),
            (Address(), Territory.IVA),
            (LAS_PALMAS, Territory.CANARIAS),
            (spain("35002", "ES-GC"), Territory.CANARIAS),
            (spain("35 002", "", "Las Palmas"), Territory.CANARIAS),
            (spain("38002", "TF"), Territory.CANARIAS),
            (spain("38700", "", "La Palma"), Territory.CANARIAS),
            (spain("38002", "", "Santa Cruz de Tenerife"), Territory.CANARIAS),
            (spain("51001", "CE"), Territory.CEUTA),
            (spain("52001", "", "MELILLA"), Territory.MELILLA),
            (spain("35002", "GC", country="IC"), Territory.CANARIAS),
        ],
    )
    def test_province_and_postcode_agree(self, address: Address, place: Territory) -> None:
        assert destination(order(ship_to=address)) == place

    @pytest.mark.parametrize(
        "address",
        [
            spain("28004", "GC"),
            spain("35002", "M"),
            spain("38002", "GC"),  # the other province of Canarias
            spain("35002"),
            spain("", "TF"),
            spain("3800", "TF"),
            spain("51001", "ML"),
            spain("52001", "", "Málaga"),
            spain("28004", "M", country="IC"),
        ],
    )
    def test_or_a_person_is_asked(self, address: Address) -> None:
        with pytest.raises(Unpriceable) as caught:
            destination(order(ship_to=address))
        assert caught.value.hold.code == "territory_unclear"

    @pytest.mark.parametrize("country", ["DE", "FR", "US", "GB", "AD"])
    def test_abroad_is_held(self, country: str) -> None:
        with pytest.raises(Unpriceable) as caught:
            destination(order(ship_to=Address(country=country)))
        assert (caught.value.hold.code, caught.value.hold.data) == ("outside_spain", {"country": country})

    def test_without_delivery_the_buyers_address_counts(self) -> None:
        buyer = msgspec.structs.replace(LUCIA, address=KOELN)
        with pytest.raises(Unpriceable):
            destination(order(ship_to=Address(), buyer=buyer))
        assert destination(order(ship_to=MADRID, buyer=buyer)) == Territory.IVA


def held(one: OrderLine, place: Territory = Territory.IVA) -> str:
    with pytest.raises(Unpriceable) as caught:
        treatment(one, place, on=TODAY, goods_shipped=True)
    return caught.value.hold.code


def taxed(*rates: str) -> OrderLine:
    return line("10.00", taxes=tuple(DeclaredTax(rate=Decimal(rate), amount=Decimal(1)) for rate in rates))


class TestTreatment:
    def test_of_a_domestic_line(self) -> None:
        found = treatment(line("10.00", "4"), Territory.IVA, on=TODAY, goods_shipped=True)
        assert (found.rate, found.calificacion, found.clave_regimen, found.exencion) == (Decimal(4), "S1", "01", "")

    def test_no_tax_at_home_is_asked_about(self) -> None:
        assert held(line("10.00", None)) == "untaxed_line"
        assert held(line("4.95", None, kind=LineKind.SHIPPING)) == "untaxed_line"

    def test_nought_per_cent_is_no_tax(self) -> None:
        assert held(line("10.00", "0")) == "untaxed_line"
        assert treatment(line("10.00", "0"), Territory.CANARIAS, on=TODAY, goods_shipped=True) == EXPORT

    def test_nought_per_cent_was_a_rate_once(self) -> None:
        found = treatment(line("1.00", "0"), Territory.IVA, on=date(2024, 9, 30), goods_shipped=True)
        assert (found.rate, found.calificacion) == (Decimal(0), "S1")

    @pytest.mark.parametrize("rate", ["7", "23", "5", "21.5", "16"])
    def test_other_rates_are_asked_about(self, rate: str) -> None:
        assert held(line("10.00", rate)) == "unknown_tax_rate"

    @pytest.mark.parametrize("surcharge", ["5.2", "1.4", "0.5", "1.75"])
    def test_the_surcharge_is_asked_about(self, surcharge: str) -> None:
        assert held(taxed("21", surcharge)) == "equivalence_surcharge"

    @pytest.mark.parametrize("rates", [("21", "21"), ("21", "10"), ("21", "5.2", "1.4")])
    def test_several_taxes_are_asked_about(self, rates: tuple[str, ...]) -> None:
        assert held(taxed(*rates)) == "several_taxes"

    @pytest.mark.parametrize("place", [Territory.CANARIAS, Territory.CEUTA, Territory.MELILLA])
    @pytest.mark.parametrize("kind", [LineKind.GOODS, LineKind.SHIPPING, LineKind.FEE])
    def test_goods_sent_outside_the_iva_are_exports_and_shipping_follows(
        self, place: Territory, kind: LineKind
    ) -> None:
        assert treatment(line("10.00", None, kind=kind), place, on=TODAY, goods_shipped=True) == EXPORT

    def test_a_service_sold_as_such_is_not(self) -> None:
        assert held(line("10.00", None, kind=LineKind.SERVICE), Territory.CANARIAS) == "untaxed_line"

    def test_nor_is_a_fee_without_goods(self) -> None:
        with pytest.raises(Unpriceable):
            treatment(line("1.00", None, kind=LineKind.FEE), Territory.CANARIAS, on=TODAY, goods_shipped=False)

    def test_tax_charged_on_an_export_is_asked_about(self) -> None:
        assert held(line("10.00"), Territory.CANARIAS) == "tax_charged_on_export"

    def test_unless_a_person_accepts_it(self) -> None:
        found = treatment(
            line("10.00"), Territory.CEUTA, on=TODAY, goods_shipped=True, accepted=frozenset({"tax_charged_on_export"})
        )
        assert found.rate == 21
