"""Rates by date, places by address, and how each line is declared.

Periods are those of the AEAT's validations (verifactu.md 4.4), treatments those of 3.1 and 4.5 (FAQ 23 and 24).
"""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from invoicing.holds import Unpriceable
from invoicing.places import Place, Territory, destination
from invoicing.rates import charged_pair, charged_rate
from invoicing.taxes import Situation, TaxPolicy, treatment
from invoicing.treatments import Treatment, by_code, codes, named
from invoicing.values import Address, DeclaredTax, LineKind, OrderLine
from tests.invoicing.orders import KOELN, LAS_PALMAS, LUCIA, MADRID, TODAY, line, order

GERMANY, USA = Place(Territory.EU, "DE"), Place(Territory.OUTSIDE, "US")
CANARIAS, CEUTA, MELILLA = Place(Territory.CANARIAS), Place(Territory.CEUTA), Place(Territory.MELILLA)
HOME = Place(Territory.IVA)
OSS = TaxPolicy(oss_from=date(2026, 1, 1))


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

    @pytest.mark.parametrize(
        ("impuesto", "rate", "known"),
        [
            # IGIC: nought is a rate there (Ley 4/2012 arts. 52 to 57)
            ("03", "0", True), ("03", "3", True), ("03", "7", True), ("03", "9.5", True), ("03", "15", True),
            ("03", "20", True), ("03", "21", False), ("03", "10", False),
            # IPSI: each city between 0.5 and 10 % (Ley 8/1991 art. 18)
            ("02", "0.5", True), ("02", "4", True), ("02", "10", True), ("02", "0", False), ("02", "10.5", False),
        ],
    )  # fmt: skip
    def test_of_the_other_taxes(self, impuesto: str, rate: str, known: bool) -> None:
        assert charged_rate(Decimal(rate), TODAY, impuesto) is known

    @pytest.mark.parametrize(
        ("pair", "on", "known"),
        [
            # verifactu.md 4.4, recargo pairs (1160 to 1170)
            (("21", "5.2"), "2026-11-02", True), (("21", "1.75"), "2026-11-02", True),
            (("10", "1.4"), "2026-11-02", True), (("4", "0.5"), "2026-11-02", True),
            (("21", "1.4"), "2026-11-02", False), (("10", "0.5"), "2026-11-02", False),
            (("5", "0.5"), "2022-12-31", True), (("5", "0.5"), "2023-01-01", False),
            (("5", "0.62"), "2023-01-01", True), (("5", "0.62"), "2024-10-01", False),
            (("2", "0.26"), "2024-12-31", True), (("7.5", "1"), "2024-10-01", True),
            (("7.5", "1"), "2025-01-01", False),
        ],
    )  # fmt: skip
    def test_have_their_surcharge(self, pair: tuple[str, str], on: str, known: bool) -> None:
        rates = {Decimal(each) for each in pair}
        assert (charged_pair(rates, date.fromisoformat(on)) is not None) is known


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
            (Address(country="US"), Territory.OUTSIDE),
            (Address(country="GB"), Territory.OUTSIDE),
            (Address(country="AD"), Territory.OUTSIDE),
            (Address(country="FR", postal_code="75001"), Territory.EU),
            (Address(country="MC"), Territory.EU),  # Directive 2006/112 art. 7
            # Directive 2006/112 art. 6: of a member state, and outside the territory of its VAT
            (Address(country="DE", postal_code="27498"), Territory.OUTSIDE),
            (Address(country="IT", postal_code="23041"), Territory.OUTSIDE),
            (Address(country="FR", postal_code="97400"), Territory.OUTSIDE),
            (Address(country="RE"), Territory.OUTSIDE),
            (Address(country="AX"), Territory.OUTSIDE),
        ],
    )
    def test_province_and_postcode_agree(self, address: Address, place: Territory) -> None:
        assert destination(order(ship_to=address, buyer=msgspec.structs.replace(LUCIA, address=address))).territory == (
            place
        )

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

    def test_without_delivery_the_buyers_address_counts(self) -> None:
        buyer = msgspec.structs.replace(LUCIA, address=KOELN)
        assert destination(order(ship_to=Address(), buyer=buyer)) == GERMANY
        assert destination(order(ship_to=MADRID, buyer=buyer)) == HOME

    def test_without_any_address_it_is_the_issuers(self) -> None:
        nobody = msgspec.structs.replace(LUCIA, address=Address())
        assert destination(order(ship_to=Address(), buyer=nobody), Territory.CANARIAS) == CANARIAS


def treated(one: OrderLine, place: Place = HOME, **changes: Any) -> Treatment:
    return treatment(one, Situation(place=place, **{"on": TODAY, **changes}))


def held(one: OrderLine, place: Place = HOME, **changes: Any) -> str:
    with pytest.raises(Unpriceable) as caught:
        treated(one, place, **changes)
    return caught.value.hold.code


def words(found: Treatment) -> tuple[str, str, str, str]:
    """Impuesto, ClaveRegimen, CalificacionOperacion or OperacionExenta, rate."""
    return (found.impuesto, found.clave_regimen, found.calificacion or found.exencion, str(found.rate or ""))


def taxed(*rates: str, **changes: Any) -> OrderLine:
    taxes = tuple(DeclaredTax(rate=Decimal(rate), amount=Decimal(1)) for rate in rates)
    return line("10.00", taxes=taxes, **changes)


SERVICE = {"kind": LineKind.SERVICE}


class TestAtHome:
    def test_a_rate_is_charged(self) -> None:
        assert words(treated(line("10.00", "4"))) == ("01", "01", "S1", "4")

    @pytest.mark.parametrize("kind", [LineKind.GOODS, LineKind.SERVICE, LineKind.SHIPPING, LineKind.FEE])
    def test_no_tax_is_asked_about(self, kind: LineKind) -> None:
        assert held(line("10.00", None, kind=kind)) == "untaxed_line"

    def test_a_tip_without_tax_is_asked_about_unless_the_shop_says(self) -> None:
        tip = line("2.00", None, kind=LineKind.TIP)
        assert held(tip) == "untaxed_tip"
        assert words(treated(tip, policy=TaxPolicy(untaxed_tips="not_subject"))) == ("01", "01", "N1", "")

    def test_nought_per_cent_is_no_tax(self) -> None:
        assert held(line("10.00", "0")) == "untaxed_line"

    def test_nought_per_cent_was_a_rate_once(self) -> None:
        found = treated(line("1.00", "0"), on=date(2024, 9, 30))
        assert (found.rate, found.calificacion) == (Decimal(0), "S1")

    @pytest.mark.parametrize("rate", ["7", "23", "5", "21.5", "16"])
    def test_other_rates_are_asked_about(self, rate: str) -> None:
        assert held(line("10.00", rate)) == "unknown_tax_rate"

    @pytest.mark.parametrize("rates", [("21", "5.2"), ("5.2", "21"), ("10", "1.4"), ("4", "0.5"), ("21", "1.75")])
    def test_the_surcharge_goes_with_its_rate(self, rates: tuple[str, str]) -> None:
        found = treated(taxed(*rates))
        assert {found.rate, found.surcharge_rate} == {Decimal(each) for each in rates}
        assert (found.rate or 0) > (found.surcharge_rate or 0)
        assert (found.clave_regimen, found.calificacion) == ("01", "S1")

    @pytest.mark.parametrize("rates", [("21", "21"), ("21", "10"), ("21", "1.4"), ("10", "5.2"), ("21", "5.2", "1.4")])
    def test_other_pairs_are_asked_about(self, rates: tuple[str, ...]) -> None:
        assert held(taxed(*rates)) == "several_taxes"

    @pytest.mark.parametrize(
        ("regime", "key"), [("general", "01"), ("cash", "07"), ("surcharge", "18"), ("simplified", "20")]
    )
    def test_the_issuers_regime_is_named(self, regime: str, key: str) -> None:
        assert words(treated(line("10.00"), policy=TaxPolicy(regime=regime))) == ("01", key, "S1", "21")

    def test_cash_accounting_is_mentioned(self) -> None:
        assert treated(line("10.00"), policy=TaxPolicy(regime="cash")).mention == "cash_accounting"

    def test_second_hand_goods_show_no_tax(self) -> None:
        policy = TaxPolicy(used_goods=("REBU-",))
        found = treated(line("10.00", sku="rebu-17"), policy=policy)
        assert (words(found), found.whole, found.mention) == (("01", "03", "S1", ""), True, "used_goods")
        assert words(treated(line("10.00", sku="TAZA-1"), policy=policy)) == ("01", "01", "S1", "21")


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("word", "row"),
        [
            ("reverse_charge", ("01", "01", "S2", "")),
            ("E1", ("01", "01", "E1", "")),
            ("E2", ("01", "02", "E2", "")),  # 1199: not under regime 01
            ("N1", ("01", "01", "N1", "")),
            ("S1:10", ("01", "01", "S1", "10")),
        ],
    )
    def test_by_the_order_itself(self, word: str, row: tuple[str, ...]) -> None:
        assert words(treated(line("10.00", None, untaxed_because=word))) == row

    @pytest.mark.parametrize("word", ["not_collecting", "customer_exempt", "zero_rated", "product_exempt", "?"])
    def test_words_of_the_platform_that_nobody_mapped_are_asked_about(self, word: str) -> None:
        assert held(line("10.00", None, untaxed_because=word)) == "untaxed_line"

    def test_unless_the_connection_maps_them(self) -> None:
        policy = TaxPolicy(untaxed_words={"product_exempt": "E1"})
        assert words(treated(line("10.00", None, untaxed_because="product_exempt"), policy=policy))[2] == "E1"

    def test_by_a_person(self) -> None:
        found = treated(line("10.00", None), chosen="S1:21")
        assert (words(found), found.inside) == (("01", "01", "S1", "21"), True)

    def test_by_the_connection(self) -> None:
        assert words(treated(line("10.00", None), policy=TaxPolicy(untaxed="N2")))[2] == "N2"

    @pytest.mark.parametrize("impuesto", ["01", "02", "03"])
    def test_every_code_means_something_and_has_words(self, impuesto: str) -> None:
        for code in codes(impuesto):
            found = by_code(code, impuesto, TODAY)
            assert bool(found.calificacion) != bool(found.exencion)
            assert named(code)
            assert named(code, "en") != code

    @pytest.mark.parametrize("code", ["", "E5", "E9", "S1", "S1:16", "S1:x", "S1:NaN", "N3", "E1:21"])
    def test_other_codes_are_refused(self, code: str) -> None:
        with pytest.raises(ValueError, match="no"):
            by_code(code, "01", TODAY)


class TestGoodsThatLeave:
    @pytest.mark.parametrize("place", [CANARIAS, CEUTA, MELILLA, USA])
    @pytest.mark.parametrize("kind", [LineKind.GOODS, LineKind.SHIPPING, LineKind.FEE])
    def test_the_territory_of_the_iva_are_exports_and_shipping_follows(self, place: Place, kind: LineKind) -> None:
        assert words(treated(line("10.00", None, kind=kind), place)) == ("01", "02", "E2", "")
        assert words(treated(line("10.00", "0", kind=kind), place)) == ("01", "02", "E2", "")

    def test_a_tip_is_no_export(self) -> None:
        assert held(line("2.00", None, kind=LineKind.TIP), CANARIAS) == "untaxed_tip"

    @pytest.mark.parametrize("place", [CANARIAS, USA])
    def test_tax_charged_on_an_export_is_asked_about(self, place: Place) -> None:
        assert held(line("10.00"), place) == "tax_charged_on_export"
        found = treated(line("10.00"), place, accepted=frozenset({"tax_charged_on_export"}))
        assert words(found) == ("01", "01", "S1", "21")

    def test_from_canarias_to_the_peninsula_they_are_exports_of_igic(self) -> None:
        policy = TaxPolicy(territory="canarias")
        assert words(treated(line("10.00", None), HOME, policy=policy)) == ("03", "02", "E2", "")
        assert words(treated(line("10.00", None), GERMANY, policy=policy)) == ("03", "02", "E2", "")
        assert words(treated(line("10.00", "7"), CANARIAS, policy=policy)) == ("03", "01", "S1", "7")
        assert treated(line("10.00", "0"), CANARIAS, policy=policy).rate == 0  # tipo cero
        assert words(treated(line("10.00", "0"), USA, policy=policy)) == ("03", "02", "E2", "")
        assert held(line("10.00", "21"), CANARIAS, policy=policy) == "unknown_tax_rate"

    def test_from_ceuta_they_are_exports_of_ipsi_which_has_no_regime_of_export(self) -> None:
        policy = TaxPolicy(territory="ceuta")
        assert words(treated(line("10.00", None), HOME, policy=policy)) == ("02", "01", "E2", "")
        assert words(treated(line("10.00", None), MELILLA, policy=policy)) == ("02", "01", "E2", "")
        assert words(treated(line("10.00", "4"), CEUTA, policy=policy)) == ("02", "01", "S1", "4")
        assert held(line("10.00", "0"), CEUTA, policy=policy) == "untaxed_line"

    def test_a_small_business_of_canarias_is_exempt_by_its_regime(self) -> None:
        found = treated(line("10.00", None), CANARIAS, policy=TaxPolicy(territory="canarias", regime="small"))
        assert words(found) == ("03", "18", "E1", "")


class TestServicesElsewhere:
    @pytest.mark.parametrize(
        ("territory", "place", "row"),
        [
            # FAQ 23 and 24; 1293: regime 20 of IGIC is N2
            ("common", CANARIAS, ("01", "08", "N2", "")),
            ("common", CEUTA, ("01", "08", "N2", "")),
            ("common", USA, ("01", "01", "N2", "")),
            ("canarias", HOME, ("03", "08", "N2", "")),
            ("canarias", MELILLA, ("03", "20", "N2", "")),
            ("canarias", GERMANY, ("03", "01", "N2", "")),
            ("ceuta", HOME, ("02", "08", "N2", "")),
            ("ceuta", USA, ("02", "01", "N2", "")),
        ],
    )
    def test_are_not_subject(self, territory: str, place: Place, row: tuple[str, ...]) -> None:
        policy = TaxPolicy(territory=territory)
        assert words(treated(line("10.00", None, **SERVICE), place, policy=policy, goods=False)) == row
        fee = line("1.00", None, kind=LineKind.FEE)
        assert words(treated(fee, place, policy=policy, goods=False)) == row

    def test_with_tax_they_are_taxed_where_the_issuer_is(self) -> None:
        # LIVA art. 69.Uno.2: services to consumers
        assert words(treated(line("10.00", **SERVICE), CANARIAS, goods=False)) == ("01", "01", "S1", "21")


class TestOtherMemberStates:
    def test_a_consumer_under_oss_bears_the_tax_of_there(self) -> None:
        found = treated(line("11.90", "19"), GERMANY, policy=OSS)
        assert (words(found), found.foreign_rate) == (("01", "17", "N2", ""), Decimal(19))

    def test_from_the_day_of_registration(self) -> None:
        later = TaxPolicy(oss_from=date(2026, 11, 3))
        assert words(treated(line("12.10"), GERMANY, policy=later)) == ("01", "01", "S1", "21")
        assert held(line("11.90", "19"), GERMANY, policy=later) == "oss_not_registered"
        on = treated(line("11.90", "19"), GERMANY, policy=later, on=date(2026, 11, 3))
        assert on.clave_regimen == "17"

    def test_without_registration_the_tax_of_here(self) -> None:
        assert words(treated(line("12.10"), GERMANY)) == ("01", "01", "S1", "21")

    def test_a_rate_that_is_not_of_there_is_asked_about(self) -> None:
        assert held(line("12.10"), GERMANY, policy=OSS) == "oss_rate"
        found = treated(line("12.10"), GERMANY, policy=OSS, accepted=frozenset({"oss_rate"}))
        assert (found.clave_regimen, found.foreign_rate) == ("17", Decimal(21))

    def test_a_service_at_a_spanish_rate_is_taxed_here(self) -> None:
        assert words(treated(line("12.10", **SERVICE), GERMANY, policy=OSS, goods=False)) == ("01", "01", "S1", "21")

    def test_a_rate_that_both_know_is_theirs_under_oss(self) -> None:
        assert treated(line("12.10"), Place(Territory.EU, "NL"), policy=OSS).clave_regimen == "17"

    def test_a_consumer_without_tax_is_asked_about(self) -> None:
        assert held(line("10.00", None), GERMANY) == "untaxed_line"
        assert held(line("10.00", None), GERMANY, policy=OSS) == "untaxed_line"

    def test_a_company_gets_goods_exempt_and_services_not_subject(self) -> None:
        goods = treated(line("10.00", None), GERMANY, vat="DE123456788")
        assert (words(goods), goods.mention) == (("01", "01", "E5", ""), "intra_eu")
        service = treated(line("10.00", None, **SERVICE), GERMANY, vat="DE123456788")
        assert (words(service), service.mention) == (("01", "01", "N2", ""), "reverse_charge")

    def test_tax_charged_to_a_company_is_asked_about(self) -> None:
        assert held(line("10.00"), GERMANY, vat="DE123456788") == "tax_charged_to_eu_company"
        found = treated(line("10.00"), GERMANY, vat="DE123456788", accepted=frozenset({"tax_charged_to_eu_company"}))
        assert words(found) == ("01", "01", "S1", "21")

    def test_a_company_that_fetches_its_goods_here_pays_here(self) -> None:
        assert words(treated(line("10.00"), HOME, vat="DE123456788")) == ("01", "01", "S1", "21")
