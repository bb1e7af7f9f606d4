"""Setting up in the admin: companies, connections, keys, series, people. Secrets are shown once or never."""

import re
from datetime import timedelta
from typing import Any

import pytest
from cryptography.x509.oid import NameOID
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from common import clock
from common.admin import change_url
from config.demo.catalogue import COMPANY
from invoicing import numbering
from invoicing.companies import connect
from invoicing.models import ApiKey, Company, Connection, Membership, Series
from tests import world
from tests.databases import Database
from tests.verifactu.door import PASSWORD, Authority
from verifactu.certificates import Certificate
from verifactu.models import Installation, Taxpayer

ADD = "/admin/invoicing/{}/add/"


@pytest.fixture
def admin(fresh_database: Database, client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(User.objects.create_superuser("eva"))
    return client


@pytest.fixture(scope="module")
def p12() -> bytes:
    """The company's certificate."""
    return Authority().p12({
        NameOID.ORGANIZATION_IDENTIFIER: f"VATES-{COMPANY['nif']}",
        NameOID.ORGANIZATION_NAME: COMPANY["name"],
        NameOID.COMMON_NAME: "SELLO",
    })  # fmt: skip


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("certificado.p12", data)


def errors(response: Any) -> str:
    assert response.status_code == 200, response.get("Location")
    return str(response.context["adminform"].form.errors)


class TestCompany:
    def test_opens_with_taxpayer_installation_and_certificate(self, admin: Client, p12: bytes) -> None:
        given = COMPANY | {"certificate_file": upload(p12), "certificate_secret": PASSWORD}
        response = admin.post(ADD.format("company"), given)
        assert response.status_code == 302, errors(response)
        company = Company.objects.get()
        taxpayer = company.taxpayer
        assert (taxpayer.tenant, taxpayer.nif, taxpayer.name) == (str(company.pk), COMPANY["nif"], COMPANY["name"])
        assert Certificate.from_pkcs12(bytes(taxpayer.certificate), taxpayer.certificate_password).nif == taxpayer.nif
        installation = Installation.objects.get()
        assert (installation.taxpayer, installation.environment) == (taxpayer, "simulator")
        page = admin.get(change_url(company)).content.decode()
        assert "quedan" in page
        assert PASSWORD not in page

    def test_a_wrong_password_is_said_and_nothing_is_opened(self, admin: Client, p12: bytes) -> None:
        given = COMPANY | {"certificate_file": upload(p12), "certificate_secret": "otra"}
        assert "La contraseña no abre este archivo" in errors(admin.post(ADD.format("company"), given))
        assert not Company.objects.exists()
        assert not Taxpayer.objects.exists()

    @pytest.mark.parametrize("data", [b"", b"no es un certificado", b"x" * 200_000])
    def test_what_is_no_certificate_is_refused(self, admin: Client, data: bytes) -> None:
        given = COMPANY | {"certificate_file": upload(data), "certificate_secret": "x"}
        assert errors(admin.post(ADD.format("company"), given))
        assert not Company.objects.exists()

    def test_may_wait_for_its_certificate(self, admin: Client) -> None:
        admin.post(ADD.format("company"), COMPANY)
        company = Company.objects.get()
        assert "no se envía nada a la AEAT" in admin.get(change_url(company)).content.decode()

    def test_a_certificate_of_somebody_else_asks_who_that_is(self, admin: Client) -> None:
        other = Authority().p12({NameOID.SERIAL_NUMBER: "IDCES-89890002E", NameOID.COMMON_NAME: "PRUEBA ANA"})
        given = COMPANY | {"certificate_secret": PASSWORD}
        told = errors(admin.post(ADD.format("company"), given | {"certificate_file": upload(other)}))
        assert "actúa en nombre de 89890002E y no de B12345674" in told
        assert not Company.objects.exists()
        said = given | {"certificate_file": upload(other), "acts_as": "collaborator"}
        assert admin.post(ADD.format("company"), said).status_code == 302
        assert Taxpayer.objects.get().acts_as == "collaborator"

    def test_a_nif_that_is_none_is_refused(self, admin: Client) -> None:
        assert "nif" in errors(admin.post(ADD.format("company"), COMPANY | {"nif": "B12345678X"}))

    def test_its_nif_does_not_change(self, admin: Client) -> None:
        company = world.la_encina()
        admin.post(change_url(company.taxpayer), {"name": "La Encina SA", "nif": "B00000000"})
        taxpayer = Taxpayer.objects.get()
        assert (taxpayer.name, taxpayer.nif) == ("La Encina SA", COMPANY["nif"])

    def test_a_renewed_certificate_takes_the_place_of_the_old_one(self, admin: Client, p12: bytes) -> None:
        company = world.la_encina(certificate=b"el viejo", certificate_password="vieja")
        assert "no se puede abrir" in admin.get(change_url(company.taxpayer)).content.decode()
        admin.post(change_url(company.taxpayer), {"name": "La Encina"})
        assert bytes(Taxpayer.objects.get().certificate) == b"el viejo"
        admin.post(
            change_url(company.taxpayer),
            {"name": "La Encina", "certificate_file": upload(p12), "certificate_secret": PASSWORD},
        )
        taxpayer = Taxpayer.objects.get()
        assert (bytes(taxpayer.certificate), taxpayer.certificate_password) == (p12, PASSWORD)


class TestConnection:
    @pytest.fixture
    def company(self, admin: Client) -> Company:
        return world.la_encina()

    def given(self, company: Company, **changes: Any) -> dict[str, Any]:
        return {
            "company": company.pk, "platform": "woocommerce", "name": "Tienda", "active": "on", "settle_seconds": 5,
            "trigger": "paid", "zero_totals": "hold",
            "other_invoicing": "hold", "nif_keys": "nif,cif", **changes,
        }  # fmt: skip

    def test_the_secret_is_shown_once(self, admin: Client, company: Company) -> None:
        response = admin.post(ADD.format("connection"), self.given(company))
        connection = Connection.objects.get()
        assert len(connection.secret) >= 32
        assert connection.secret in response.content.decode()
        assert "no-store" in response["Cache-Control"]
        page = admin.get(change_url(connection)).content.decode()
        assert connection.secret not in page
        assert "hay uno en uso" in page
        assert reverse("webhook", args=[connection.pk]) in page
        assert connection.secret not in str(admin.cookies)

    @pytest.mark.parametrize(
        ("platform", "typed", "kept"),
        [
            ("stripe", "", "reference_only"),  # fiscal-policy.md: its invoices always carry a number
            ("shopify", "", "hold"),
            ("stripe", "hold", "hold"),
            ("shopify", "reference_only", "reference_only"),
        ],
    )
    def test_what_another_systems_number_means_is_the_platforms_unless_said(
        self, admin: Client, company: Company, platform: str, typed: str, kept: str
    ) -> None:
        page = admin.get(ADD.format("connection")).content.decode()
        assert "según la plataforma" in page
        admin.post(ADD.format("connection"), self.given(company, platform=platform, other_invoicing=typed))
        assert Connection.objects.get().other_invoicing == kept

    def test_a_secret_of_the_shops_is_typed_and_never_shown(self, admin: Client, company: Company) -> None:
        response = admin.post(
            ADD.format("connection"), self.given(company, platform="shopify", new_secret="dicho-por-la-tienda")
        )
        assert response.status_code == 302
        connection = Connection.objects.get()
        assert connection.secret == "dicho-por-la-tienda"
        assert "dicho-por-la-tienda" not in admin.get(change_url(connection)).content.decode()

    def test_a_new_one_leaves_the_old_one_valid_until_it_is_retired(self, admin: Client, company: Company) -> None:
        connection = connect(company, platform="woocommerce", name="Tienda", invoice_from=None)
        old = connection.secret
        response = admin.post(change_url(connection), self.given(company, generate_secret="on"))
        connection.refresh_from_db()
        assert connection.secret != old
        assert connection.secrets == [connection.secret, old]
        assert connection.secret in response.content.decode()
        new = connection.secret
        admin.post(change_url(connection), self.given(company, retire_previous="on"))
        connection.refresh_from_db()
        assert connection.secrets == [new]

    def test_saving_without_one_keeps_it(self, admin: Client, company: Company) -> None:
        connection = connect(company, platform="woocommerce", name="Tienda", invoice_from=None)
        admin.post(change_url(connection), self.given(company, name="Otro nombre"))
        saved = Connection.objects.get()
        assert (saved.name, saved.secret) == ("Otro nombre", connection.secret)

    def test_platform_and_company_are_for_ever(self, admin: Client, company: Company) -> None:
        other = world.la_encina(nif="B87654323")
        connection = connect(company, platform="woocommerce", name="Tienda", invoice_from=None)
        admin.post(change_url(connection), self.given(other, platform="shopify"))
        saved = Connection.objects.get()
        assert (saved.company_id, saved.platform) == (company.pk, "woocommerce")

    def test_what_intake_counts_meanwhile_is_kept(self, admin: Client, company: Company) -> None:
        connection = connect(company, platform="woocommerce", name="Tienda", invoice_from=None)
        Connection.objects.update(rejected_deliveries=7, last_rejected_at=clock.now())
        assert "7; la última" in admin.get(change_url(connection)).content.decode()
        admin.post(change_url(connection), self.given(company))
        assert Connection.objects.get().rejected_deliveries == 7

    def test_every_setting_is_on_the_form(self, admin: Client, company: Company) -> None:
        connection = connect(company, platform="woocommerce", name="Tienda", invoice_from=None)
        shown = admin.get(change_url(connection)).context["adminform"].form.fields
        kept = {"id", "company", "platform", "secret", "previous_secret", "rejected_deliveries", "last_rejected_at",
                "credentials", "pulled_until"}  # fmt: skip
        assert {field.name for field in Connection._meta.concrete_fields} - kept <= set(shown)

    def test_two_secrets_at_once_are_refused(self, admin: Client, company: Company) -> None:
        given = self.given(company, new_secret="x", generate_secret="on")
        assert "generate_secret" in errors(admin.post(ADD.format("connection"), given))


class TestApiKey:
    @pytest.fixture
    def connection(self, admin: Client) -> Connection:
        return connect(world.la_encina(), platform="api", name="Caja", invoice_from=clock.now() - timedelta(days=1))

    def make(self, admin: Client, connection: Connection) -> str:
        response = admin.post(
            ADD.format("apikey"), {"connection": connection.pk, "name": "caja", "scopes": ["orders:read"]}
        )
        assert "no-store" in response["Cache-Control"]
        found = re.search(r"enc_s[a-z0-9]{8}_[A-Za-z0-9_-]{51}", response.content.decode())
        assert found, response.content
        return found[0]

    def test_it_opens_the_api_and_is_shown_once(self, admin: Client, connection: Connection) -> None:
        plain = self.make(admin, connection)
        assert Client(headers={"Authorization": f"Bearer {plain}"}).get("/api/v1/orders/").status_code == 200
        key = ApiKey.objects.get()
        assert (key.company, key.scopes) == (connection.company, ["orders:read"])
        for address in (change_url(key), "/admin/invoicing/apikey/"):
            page = admin.get(address).content.decode()
            assert plain not in page
            assert key.key_hash not in page

    def test_revoked_it_opens_nothing(self, admin: Client, connection: Connection) -> None:
        plain = self.make(admin, connection)
        key = ApiKey.objects.get()
        admin.post("/admin/invoicing/apikey/", {"action": "revoke", "_selected_action": [str(key.pk)]})
        assert Client(headers={"Authorization": f"Bearer {plain}"}).get("/api/v1/orders/").status_code == 401
        assert "revocada" in admin.get("/admin/invoicing/apikey/").content.decode()

    def test_it_does_not_change(self, admin: Client, connection: Connection) -> None:
        self.make(admin, connection)
        key = ApiKey.objects.get()
        assert admin.post(change_url(key), {"name": "otra"}).status_code == 403
        assert admin.post(reverse("admin:invoicing_apikey_delete", args=[key.pk])).status_code == 403

    def test_a_shops_connection_sends_no_orders_by_api(self, admin: Client, connection: Connection) -> None:
        shop = connect(connection.company, platform="shopify", name="Tienda", invoice_from=None)
        response = admin.post(ADD.format("apikey"), {"connection": shop.pk, "name": "caja", "scopes": ["orders:write"]})
        assert "scopes" in errors(response)
        assert not ApiKey.objects.exists()


class TestSeries:
    def given(self, company: Company, **changes: Any) -> dict[str, Any]:
        return {"company": company.pk, "kind": "complete", "code": "PW", "year": 2026, "first_number": 124, **changes}

    def test_goes_on_where_the_other_system_stopped(self, admin: Client) -> None:
        company = world.la_encina()
        response = admin.post(ADD.format("series"), self.given(company))
        assert response.status_code == 302, errors(response)
        day = clock.now().date().replace(year=2026)
        with transaction.atomic():
            series, number = numbering.take(
                company=company, environment="simulator", kind=Series.Kind.COMPLETE, day=day
            )
        assert numbering.text(series, number) == "PW2026-000124"

    @pytest.mark.parametrize("code", ["F", "P1", "PÑ", "P W", ""])
    def test_codes_that_could_be_mistaken_are_refused(self, admin: Client, code: str) -> None:
        assert "code" in errors(admin.post(ADD.format("series"), self.given(world.la_encina(), code=code)))

    def test_a_series_is_read_and_not_changed(self, admin: Client) -> None:
        admin.post(ADD.format("series"), self.given(world.la_encina()))
        series = Series.objects.get()
        assert "124" in admin.get(change_url(series)).content.decode()
        assert admin.post(change_url(series), {"first_number": "1"}).status_code == 403


class TestPeople:
    def test_a_person_is_given_a_company_and_what_to_do_there(self, admin: Client) -> None:
        company = world.la_encina()
        user = User.objects.create_user("leo", is_staff=True)
        page = admin.get(change_url(user)).content.decode()
        assert "reanudar, resolver y cancelar" in page
        assert "Can view" not in page
        Membership.objects.create(user=user, company=company)
        assert company.taxpayer.name in admin.get(change_url(user)).content.decode()

    def test_nobody_but_a_superuser_gives_access(self, admin: Client, client: Client) -> None:
        from django.contrib.auth.models import Permission

        user = User.objects.create_user("leo", is_staff=True)
        user.user_permissions.add(*Permission.objects.all())
        client.force_login(user)
        for address in ("/admin/auth/user/", change_url(user), "/admin/auth/user/add/", "/admin/auth/group/"):
            assert client.get(address).status_code == 403
        assert client.get(ADD.format("company")).status_code == 403
