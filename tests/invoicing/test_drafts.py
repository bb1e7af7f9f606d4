"""Invoices made by hand: a draft is written, looked at, and issued once, by the way that every order goes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils.timezone import localtime

from common import clock
from common.admin import change_url
from invoicing import drafting, money
from invoicing.models import Company, Connection, Delivery, Draft, DraftLine, Invoice, Membership, Order
from invoicing.values import TaxShare
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from workflows.encoding import decode
from workflows.models import Process

ADD = "/admin/invoicing/draft/add/"
SOLER = {"buyer_name": "Ferretería Soler SL", "buyer_nif": "ES-B12345674", "street": "Calle Mayor 3",
         "postal_code": "46001", "city": "València", "province": "Valencia"}  # fmt: skip
PAINTING = {"description": "Pintar la tienda", "kind": "service", "quantity": "1.5", "unit_price": "200", "tax": "21"}
PAINT = {"description": "Pintura", "kind": "goods", "quantity": "3", "unit_price": "9.99", "discount": "2",
         "tax": "10"}  # fmt: skip


@pytest.fixture
def company(fresh_database: Database) -> Company:
    return world.la_encina()


@pytest.fixture
def admin(company: Company) -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("eva"))
    return browser


def form(company: Company, *lines: dict[str, str], **changes: Any) -> dict[str, Any]:
    """What the browser sends to save a draft."""
    sent: dict[str, Any] = {"company": company.pk, "language": "es", "country": "ES", **changes}
    sent |= {"lines-TOTAL_FORMS": str(len(lines)), "lines-INITIAL_FORMS": "0"}
    for place, line in enumerate(lines):
        sent |= {f"lines-{place}-{name}": value for name, value in {"discount": "0", **line}.items()}
    return sent


def written(admin: Client, company: Company, *lines: dict[str, str], **changes: Any) -> Draft:
    """Write a draft in the admin and return it."""
    response = admin.post(ADD, form(company, *(lines or (PAINTING, PAINT)), **changes))
    assert response.status_code == 302, response.context["errors"]
    return Draft.objects.latest("created_at")


def address(draft: Draft) -> str:
    return f"/admin/invoicing/draft/{draft.pk}/issue/"


def issued(admin: Client, draft: Draft) -> Any:
    """Look at the preview and press its button."""
    return admin.post(address(draft), {"mark": admin.get(address(draft)).context["mark"]}, follow=True)


class TestADraft:
    def test_becomes_the_invoice_that_was_shown(self, admin: Client, company: Company) -> None:
        draft = written(admin, company, reference="P-2027-14", **SOLER)
        seen = admin.get(address(draft))
        # 300.00 at 21 % is 63.00; 27.97 at 10 % is 2.80 (2.797).
        assert (seen.context["tax_total"], seen.context["total"]) == ("65,80\xa0€", "393,77\xa0€")
        assert seen.context["facts"][0].value == "Factura"
        assert not Delivery.objects.exists()
        assert "se está expidiendo" in issued(admin, draft).content.decode()
        work_off()
        invoice = Invoice.objects.get()
        assert (invoice.tipo, invoice.total, invoice.tax_total) == ("F1", Decimal("393.77"), Decimal("65.80"))
        assert (invoice.recipient_name, invoice.recipient_nif) == ("Ferretería Soler SL", "B12345674")
        assert invoice.recipient_address == ["Calle Mayor 3", "46001 València", "Valencia"]
        assert [line.description for line in invoice.lines.order_by("position")] == ["Pintar la tienda", "Pintura"]
        assert str(invoice.order) == "P-2027-14"
        page = admin.get(change_url(draft)).content.decode()
        assert change_url(invoice) in page
        assert invoice.num_serie in admin.get("/admin/invoicing/draft/").content.decode()
        draft = Draft.objects.get()
        assert (draft.created_by, draft.issued_by) == ("eva", "eva")

    def test_without_nif_becomes_a_simplified_one(self, admin: Client, company: Company) -> None:
        line = {"description": "Llaves", "kind": "goods", "quantity": "2", "unit_price": "12.10", "tax": "21"}
        draft = written(admin, company, line, prices_include_tax="on", notes="paga en mano")
        assert admin.get(address(draft)).context["total"] == "24,20\xa0€"
        issued(admin, draft)
        work_off()
        invoice = Invoice.objects.get()
        assert (invoice.tipo, invoice.total, invoice.tax_total) == ("F2", Decimal("24.20"), Decimal("4.20"))
        assert b"paga en mano" not in bytes(Delivery.objects.get().body)

    def test_pressed_twice_is_issued_once(self, admin: Client, company: Company) -> None:
        draft = written(admin, company)
        mark = {"mark": admin.get(address(draft)).context["mark"]}
        assert admin.post(address(draft), mark).status_code == 302
        assert "ya se expidió" in admin.post(address(draft), mark, follow=True).content.decode()
        assert drafting.issue(draft, mark=mark["mark"], actor="ana", now=clock.now()) is False
        work_off()
        assert (Delivery.objects.count(), Order.objects.count(), Invoice.objects.count()) == (1, 1, 1)
        assert Draft.objects.get().issued_by == "eva"

    @pytest.mark.faults
    def test_that_changed_since_it_was_looked_at_is_shown_again(self, admin: Client, company: Company) -> None:
        draft = written(admin, company)
        mark = admin.get(address(draft)).context["mark"]
        DraftLine.objects.filter(draft=draft, description="Pintura").update(quantity=30)
        response = admin.post(address(draft), {"mark": mark})
        assert response.status_code == 200
        assert "ha cambiado" in response.content.decode()
        assert response.context["mark"] != mark
        assert not Delivery.objects.exists()

    @pytest.mark.faults
    def test_once_issued_is_only_read(self, admin: Client, company: Company) -> None:
        draft = written(admin, company)
        issued(admin, draft)
        assert admin.post(change_url(draft), form(company, PAINT, reference="otra")).status_code == 403
        assert admin.post(f"/admin/invoicing/draft/{draft.pk}/delete/", {"post": "yes"}).status_code == 403
        admin.post("/admin/invoicing/draft/", {"action": "delete_selected", "_selected_action": [str(draft.pk)],
                                               "post": "yes"})  # fmt: skip
        assert Draft.objects.get().lines.count() == 2

    @pytest.mark.faults
    def test_until_then_is_changed_and_deleted(self, admin: Client, company: Company) -> None:
        draft = written(admin, company)
        lines = list(draft.lines.order_by("pk"))
        sent = form(company, PAINTING, {**PAINT, "DELETE": "on"}, reference="otra")
        sent |= {"lines-INITIAL_FORMS": "2"} | {f"lines-{place}-id": line.pk for place, line in enumerate(lines)}
        assert admin.post(change_url(draft), sent).status_code == 302
        draft = Draft.objects.get()
        assert (draft.reference, [line.description for line in draft.lines.all()]) == ("otra", ["Pintar la tienda"])
        assert admin.post(f"/admin/invoicing/draft/{draft.pk}/delete/", {"post": "yes"}).status_code == 302
        assert not Draft.objects.exists()

    def test_that_would_be_held_says_so_before_and_after(self, admin: Client, company: Company) -> None:
        dear = {"description": "Reforma", "kind": "service", "quantity": "1", "unit_price": "5000", "tax": "21"}
        draft = written(admin, company, dear)
        page = admin.get(address(draft)).content.decode()
        assert "quedará retenido" in page
        assert "6.050,00\xa0€ sin NIF del comprador" in page
        issued(admin, draft)
        work_off()
        assert Process.objects.get(workflow="invoice-order").state == "held"
        assert "una persona debe decidir" in admin.get(change_url(draft)).content.decode()
        assert not Invoice.objects.exists()

    def test_bears_the_tax_that_each_line_says(self, admin: Client, company: Company) -> None:
        lines = [
            {"description": each, "kind": "goods", "quantity": "1", "unit_price": "100", "tax": each}
            for each in ("21+5.2", "E1", "10")
        ]
        draft = written(admin, company, *lines, **SOLER)
        assert admin.get(address(draft)).context["total"] == "336,20\xa0€"  # 126.20 + 100 + 110
        issued(admin, draft)
        work_off()
        invoice = Invoice.objects.get()
        shares = {
            (str(share.rate), share.surcharge, share.exencion) for share in decode(invoice.shares, tuple[TaxShare, ...])
        }
        assert shares == {("21", Decimal("5.20"), ""), ("10", None, ""), ("None", None, "E1")}
        assert invoice.total == Decimal("336.20")

    @pytest.mark.faults
    def test_speaks_the_chosen_language(self, admin: Client, company: Company) -> None:
        draft = written(admin, company, language="ca", **SOLER)
        issued(admin, draft)
        work_off()
        assert Invoice.objects.get().language == "ca"

    @pytest.mark.faults
    def test_of_an_earlier_day_bears_the_day_of_the_operation(self, admin: Client, company: Company) -> None:
        day = localtime(clock.now()).date() - timedelta(days=3)
        draft = written(admin, company, operation_date=day.isoformat(), **SOLER)
        issued(admin, draft)
        work_off()
        assert Invoice.objects.get().operation_date == day

    @pytest.mark.faults
    def test_is_escaped(self, admin: Client, company: Company) -> None:
        script = "<script>alert(1)</script>"
        draft = written(admin, company, {**PAINT, "description": script}, buyer_name=script, reference=script[:40])
        for page in (address(draft), change_url(draft), "/admin/invoicing/draft/"):
            assert script not in admin.get(page).content.decode()


class TestWhatIsRefused:
    @pytest.fixture
    def wrong(self, admin: Client, company: Company) -> Any:
        def errors(*lines: dict[str, str], **changes: Any) -> set[str]:
            response = admin.post(ADD, form(company, *(lines or (PAINT,)), **changes))
            assert response.status_code == 200
            formset = response.context["inline_admin_formsets"][0].formset
            return {*response.context["adminform"].form.errors, *(name for each in formset.errors for name in each)}

        return errors

    def test_is_told_beside_its_field(self, wrong: Any) -> None:
        tomorrow = localtime(clock.now()).date() + timedelta(days=1)
        assert wrong(buyer_nif="12345678A") == {"buyer_nif"}
        assert wrong(operation_date=tomorrow.isoformat()) == {"operation_date"}
        assert wrong({**PAINT, "quantity": "0"}) == {"quantity"}
        assert wrong({**PAINT, "tax": "17"}) == {"tax"}
        assert wrong({**PAINT, "discount": "-1"}) == {"discount"}
        assert wrong({**PAINT, "unit_price": "NaN"}) == {"unit_price"}
        assert not Draft.objects.exists()

    @pytest.mark.faults
    def test_a_draft_of_nothing_cannot_be_issued(self, admin: Client, company: Company) -> None:
        admin.post(ADD, form(company))
        draft = Draft.objects.get()
        page = admin.get(address(draft))
        assert "no tiene líneas" in page.content.decode()
        admin.post(address(draft), {"mark": drafting.mark_of(draft)})
        assert not Delivery.objects.exists()


class TestWhoMay:
    def test_issues_only_with_the_permission_and_for_ones_own_company(self, admin: Client, company: Company) -> None:
        theirs = world.la_encina(nif="A58818501", name="Secretos SL")
        user = User.objects.create_user("berta", is_staff=True)
        user.user_permissions.add(*Permission.objects.filter(codename__in=("view_draft", "change_draft", "add_draft")))
        Membership.objects.create(user=user, company=company)
        berta = Client()
        berta.force_login(user)
        draft = written(berta, company)
        assert berta.get(address(draft)).status_code == 403
        user.user_permissions.add(Permission.objects.get(codename="issue_draft"))
        assert berta.get(address(draft)).status_code == 200
        other = written(admin, theirs)
        assert berta.get(address(other)).status_code == 302
        assert berta.post(address(other), {"mark": drafting.mark_of(other)}).status_code == 302
        assert berta.post(ADD, form(theirs, PAINT)).status_code == 200  # refused: not one of her companies
        assert not Delivery.objects.exists()
        assert Draft.objects.filter(company=theirs).count() == 1

    @pytest.mark.faults
    def test_the_manual_connection_has_no_door(self, admin: Client, company: Company) -> None:
        issued(admin, written(admin, company))
        connection = Connection.objects.get(platform="manual")
        body = bytes(Delivery.objects.get().body)
        assert Client().post(f"/webhooks/{connection.pk}/", body, content_type="application/json").status_code == 404
        assert "Borradores" in admin.get(change_url(connection)).content.decode()
        assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("inclusive", "lines", "total"),
    [
        # net prices: the tax of each rate on the sum of its lines, rounded once
        (False, [("0.05", "21"), ("0.05", "21")], "0.12"),  # 0.10 + 0.021
        (False, [("100.00", "21+5.2")], "126.20"),  # RE: 21.00 and 5.20
        (False, [("10.00", "21"), ("10.00", "E1")], "22.10"),
        (True, [("12.10", "21"), ("4.16", "4")], "16.26"),
    ],
)
def test_the_total_is_what_the_lines_cost(inclusive: bool, lines: list[tuple[str, str]], total: str) -> None:
    now = clock.now()
    draft = Draft(prices_include_tax=inclusive, created_at=now, updated_at=now)
    rows = [
        DraftLine(draft=draft, description="x", quantity=Decimal(1), unit_price=Decimal(price), tax=tax)
        for price, tax in lines
    ]
    content = drafting.content_of(draft, rows, zone="Europe/Madrid", now=now)
    assert content.total == Decimal(total)
    if all(tax.isdigit() for _, tax in lines):
        priced = money.price(content, on=now.date())
        assert (priced.total, priced.rounding) == (Decimal(total), Decimal(0))
