"""The settings of taxes in the admin, and a person's word for what came untaxed, by page and by API."""

import json
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from common.admin import change_url
from invoicing.holds import Action, Resolution, ResolutionRefused, accept, choices, hold
from invoicing.knowing import tax_policy, words
from invoicing.models import Company, Connection, Invoice
from invoicing.pdf.compose import compose
from invoicing.pdf.sheet import sheet
from invoicing.printing import printed
from invoicing.reasons import RULES, explained
from invoicing.storefronts import PLATFORMS, ReaderSettings
from invoicing.storefronts.contract import Unreadable
from invoicing.values import Because
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, ApiClient, caller, order, work_off
from workflows.models import Process


@pytest.fixture
def admin(db: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("eva"))
    return client


@pytest.fixture
def company(admin: Client) -> Company:
    return world.la_encina()


def company_form(company: Company, **changes: str) -> dict[str, str]:
    given = {
        "address": company.address, "postal_code": company.postal_code, "city": company.city,
        "province": company.province, "email": company.email, "report_recipients": "", "simplified_activity": "",
        "territory": "common", "regime": "general", "oss_from": "", "used_goods_keys": "", "language": "es",
        "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0",
        "letterhead-TOTAL_FORMS": "0", "letterhead-INITIAL_FORMS": "0",
    }  # fmt: skip
    return given | changes


class TestTheCompany:
    def test_keeps_territory_regime_oss_and_second_hand_goods(self, admin: Client, company: Company) -> None:
        given = company_form(
            company, territory="canarias", regime="small", oss_from="2026-01-01", used_goods_keys="REBU-, 2M"
        )
        response = admin.post(change_url(company), given)
        assert response.status_code == 302, response.context["errors"]
        company.refresh_from_db()
        policy = tax_policy(company, None)
        assert (policy.territory, policy.regime, policy.impuesto) == ("canarias", "small", "03")
        assert (str(policy.oss_from), policy.used_goods) == ("2026-01-01", ("REBU-", "2M"))
        assert company.zone == "Atlantic/Canary"

    @pytest.mark.parametrize(
        ("territory", "regime"), [("common", "small"), ("canarias", "surcharge"), ("ceuta", "cash"), ("melilla", "x")]
    )
    def test_refuses_a_regime_of_another_tax(
        self, admin: Client, company: Company, territory: str, regime: str
    ) -> None:
        response = admin.post(change_url(company), company_form(company, territory=territory, regime=regime))
        assert response.status_code == 200
        company.refresh_from_db()
        assert (company.territory, company.regime) == ("common", "general")

    def test_its_form_explains_them(self, admin: Client, company: Company) -> None:
        page = admin.get(change_url(company)).content.decode()
        for said in ("ventanilla única", "bienes usados", "Criterio de caja", "Melilla"):
            assert said in page


class TestTheConnection:
    def given(self, connection: Connection, **changes: str) -> dict[str, str]:
        values = {
            "name": connection.name, "settle_seconds": "0", "other_invoicing": "hold", "nif_keys": "nif",
            "marketplace_channels": "", "active": "on", "trigger": "paid", "zero_totals": "hold", "shop_url": "",
        }  # fmt: skip
        return values | changes

    def test_says_what_untaxed_lines_are(self, admin: Client, company: Company) -> None:
        connection = world.shop(company)
        changes = {
            "untaxed_default": "S1:21", "untaxed_words": "product_exempt=E1, zero_rated = N1",
            "untaxed_shipping": "goods", "untaxed_tips": "not_subject",
        }  # fmt: skip
        response = admin.post(change_url(connection), self.given(connection, **changes))
        assert response.status_code == 302, response.context["errors"]
        policy = tax_policy(company, Connection.objects.get())
        assert policy.untaxed == "S1:21"
        assert policy.untaxed_words == {"product_exempt": "E1", "zero_rated": "N1"}
        assert (policy.untaxed_shipping, policy.untaxed_tips) == ("goods", "not_subject")

    @pytest.mark.parametrize(
        "changes",
        [{"untaxed_default": "S1:7"}, {"untaxed_default": "E9"}, {"untaxed_words": "zero_rated"},
         {"untaxed_words": "zero_rated=E7"}, {"untaxed_words": "=E1"}],
    )  # fmt: skip
    def test_refuses_what_the_companys_tax_does_not_know(
        self, admin: Client, company: Company, changes: dict[str, str]
    ) -> None:
        connection = world.shop(company)
        assert admin.post(change_url(connection), self.given(connection, **changes)).status_code == 200
        assert tax_policy(company, Connection.objects.get()).untaxed == ""

    def test_words_are_pairs(self) -> None:
        assert words(["a=E1", " b = S1:21 ", "c", "=N1", "d="]) == {"a": "E1", "b": "S1:21"}


@pytest.fixture
def working(fresh_database: Database) -> Company:
    """A company in a database of the test's own, where processes may run."""
    return world.la_encina()


def untaxed(client: ApiClient) -> Process:
    """An order whose service came untaxed, by API, and the process that waits."""
    lines = [{"description": "Curso", "kind": "service", "unit_price": "121.00", "amount": "121.00"}]
    assert client.post(ORDERS, order(lines=lines, total="121.00")).status_code == 202
    work_off()
    process = Process.objects.get(workflow="invoice-order")
    assert process.hold["code"] == "untaxed_line"
    return process


class TestAPersonsWord:
    HELD = hold("untaxed_line", line="Curso", tax="01")

    def test_needs_a_treatment_of_the_tax_and_a_reason(self) -> None:
        accept(self.HELD, Resolution(action=Action.CHOOSE_REGIME, treatment="E1", reason="Formación reglada."))
        for wrong in (
            Resolution(action=Action.CHOOSE_REGIME, treatment="E1"),
            Resolution(action=Action.CHOOSE_REGIME, reason="x"),
            Resolution(action=Action.CHOOSE_REGIME, treatment="S1:7", reason="x"),
        ):
            with pytest.raises(ResolutionRefused):
                accept(self.HELD, wrong)
        assert "S1:7" in choices(hold("untaxed_line", line="Curso", tax="03"))

    def test_a_vat_number_is_taken_with_a_reason_only(self) -> None:
        held = hold("vat_number_invalid", tax_id="DE1", at="x")
        accept(held, Resolution(action=Action.ACCEPT_VAT_NUMBER, reason="Certificado."))
        with pytest.raises(ResolutionRefused):
            accept(held, Resolution(action=Action.ACCEPT_VAT_NUMBER))
        accept(held, Resolution(action=Action.GIVE_NIF, nif="FR 40 303265045"))

    def test_by_api_becomes_the_invoice(self, working: Company) -> None:
        client = caller(working)
        untaxed(client)
        [shown] = client.get(ORDERS).json()["data"]
        assert "choose_regime" in shown["hold"]["actions"]
        answer = {"process": shown["hold"]["process"], "action": "choose_regime", "treatment": "S1:21",
                  "reason": "Nunca se configuraron impuestos."}  # fmt: skip
        assert client.post(f"{ORDERS}{shown['id']}/resolution/", answer).status_code == 202
        work_off()
        invoice = Invoice.objects.get()
        assert (invoice.base_total, invoice.tax_total, invoice.total) == (
            Decimal("100.00"), Decimal("21.00"), Decimal("121.00"),
        )  # fmt: skip

    def test_on_the_page_becomes_the_invoice_and_is_told_on_it(self, working: Company, client: Client) -> None:
        client.force_login(User.objects.create_superuser("eva"))
        process = untaxed(caller(working))
        token = {"token": process.hold["token"], "action": "choose_regime"}
        page = reverse("admin:workflows_process_resolve", args=[process.pk])
        form = client.get(page).content.decode()
        assert "Exenta por el art. 20 LIVA" in form
        refused = client.post(page, {**token, "treatment": "", "reason": "x"})
        assert refused.status_code == 200
        answer = {**token, "treatment": "E1", "reason": "Formación reglada."}
        assert client.post(page, answer).status_code == 302
        work_off()
        invoice = Invoice.objects.get()
        assert "<sum1:OperacionExenta>E1<" in invoice.record.xml
        told = client.get(change_url(invoice)).content.decode()
        assert "Una persona eligió E1" in told
        assert "Respuesta a la retención" in told


class TestAnOrderByApi:
    def read(self, **changes: Any) -> Any:
        found = PLATFORMS["api"].read(json.dumps(order(**changes)).encode(), "order", ReaderSettings())
        assert found is not None
        return found.content

    def test_says_what_is_withheld_and_laid_out(self) -> None:
        found = self.read(withholding="3.00", outlays="10.00")
        assert (found.withholding, found.outlays, found.total) == (Decimal(3), Decimal(10), Decimal("24.20"))

    def test_says_surcharges_and_why_there_is_no_tax(self) -> None:
        line = {"description": "Taza", "unit_price": "126.20", "amount": "126.20", "tax_rate": "21",
                "surcharge_rate": "5.2"}  # fmt: skip
        free = {"description": "Curso", "unit_price": "1.00", "amount": "1.00", "untaxed_because": "E1"}
        first, second = self.read(lines=[line, free], total="127.20").lines
        assert [tax.rate for tax in first.taxes] == [Decimal(21), Decimal("5.2")]
        assert (second.taxes, second.untaxed_because) == ((), "E1")

    @pytest.mark.parametrize(
        "changes",
        [
            {"withholding": "-1.00"},
            {"outlays": "-1.00"},
            {"advances": "-1.00"},
            {"advances": "24.21"},
            {"withholding_rate": "15"},
            {"withholding": "3.00", "withholding_rate": "0"},
            {"withholding": "3.00", "withholding_rate": "101"},
            {"lines": [{"description": "x", "unit_price": "1.00", "amount": "1.00", "surcharge_rate": "5.2"}]},
        ],
    )
    def test_refuses_nonsense(self, changes: dict[str, Any]) -> None:
        with pytest.raises(Unreadable):
            self.read(**changes)

    def test_its_invoice_keeps_them_and_prints_them(self, working: Company) -> None:
        client = caller(working)
        beside = {"withholding": "3.00", "withholding_rate": "15", "outlays": "10.00", "advances": "8.00"}
        assert client.post(ORDERS, order(**beside)).status_code == 202
        work_off()
        invoice = Invoice.objects.get()
        assert (invoice.total, invoice.withholding, invoice.outlays) == (
            Decimal("24.20"), Decimal("3.00"), Decimal("10.00"),
        )  # fmt: skip
        value = printed(invoice)
        with pypdfium2.PdfDocument(compose(sheet(value), value)) as document:
            text = " ".join(document[0].get_textpage().get_text_range().split())
        for said in (
            "Total factura 24,20 €",
            "Retención IRPF 15 % \N{MINUS SIGN}3,00 €",
            "Suplidos 10,00 €",
            "Anticipos \N{MINUS SIGN}8,00 €",
            "Total a pagar 23,20 €",  # 24.20 - 3.00 + 10.00 - 8.00
        ):
            assert said in text


class TestReasons:
    def test_are_sentences_with_their_source_in_both_languages(self) -> None:
        for key, rule in RULES.items():
            [spanish], [english] = (explained([Because(rule=key, source=rule.source)], lang) for lang in ("es", "en"))
            assert spanish != english
            assert spanish.endswith(f"[{rule.source}]")

    def test_write_amounts_as_their_readers_do(self) -> None:
        reasons = [Because(rule="withholding", source="x", facts={"amount": "1234.50"})]
        assert "1.234,50\N{NO-BREAK SPACE}€" in explained(reasons, "es")[0]
        assert "€1,234.50" in explained(reasons, "en")[0]

    def test_of_another_version_show_what_they_know(self) -> None:
        assert explained([Because(rule="gone", source="x", facts={"a": "1"})]) == ["gone, a: 1 [x]"]
