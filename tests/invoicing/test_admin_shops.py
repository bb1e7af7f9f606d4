"""The connection's page: credentials that go in and never come out, the try, and how the shop is doing."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from common import clock
from common.admin import change_url
from invoicing.companies import connect
from invoicing.models import Company, Connection, Invoice, Membership, Order, Reconciliation
from tests.databases import Database
from tests.shops_standin.joined import deliver, join, work
from tests.shops_standin.posting import told_of_order
from tests.shops_standin.server import Faults, Reply, StandIn
from tests.shops_standin.shopify import ShopifyShop
from tests.shops_standin.sold import Sold
from tests.shops_standin.woocommerce import WooShop
from tests.world import la_encina, sale
from workflows.models import Schedule
from workflows.rows import sql


@pytest.fixture
def internet(fresh_database: Database) -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def encina(internet: StandIn) -> Company:
    return la_encina()


@pytest.fixture
def eva(internet: StandIn, client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(User.objects.create_superuser("eva"))
    return client


def a_connection(company: Company, platform: str = "woocommerce") -> Connection:
    return connect(company, platform=platform, name="Tienda", invoice_from=clock.now() - timedelta(days=1))


def typed(connection: Connection, **changes: Any) -> dict[str, Any]:
    """The form as it stands, with what a person typed into it."""
    return {
        "name": connection.name, "settle_seconds": "5", "other_invoicing": "hold", "trigger": "paid",
        "zero_totals": "hold", "nif_keys": "nif", "active": "on", "invoice_from_0": "", "invoice_from_1": "",
        "marketplace_channels": "", "shop_url": "", **changes,
    }  # fmt: skip


def errors(response: Any) -> str:
    assert response.status_code == 200, response.get("Location")
    return str(response.context["adminform"].form.errors)


def text(response: Any) -> str:
    found: str = response.content.decode()
    return found


def test_credentials_go_in_and_never_come_out(eva: Client, encina: Company) -> None:
    connection = a_connection(encina)
    keys = {"credential_consumer_key": "ck_4711", "credential_consumer_secret": " cs_0815 "}
    policy = {"trigger": "shipped", "zero_totals": "ignore"}
    given = typed(connection, shop_url="https://tienda.example/", pull="on", **policy, **keys)
    assert eva.post(change_url(connection), given).status_code == 302
    connection.refresh_from_db()
    assert json.loads(connection.credentials) == {"consumer_key": "ck_4711", "consumer_secret": "cs_0815"}
    assert (connection.shop_url, connection.pull) == ("https://tienda.example", True)
    assert (connection.trigger, connection.zero_totals) == ("shipped", "ignore")
    page = text(eva.get(change_url(connection)))
    assert "ck_4711" not in page
    assert "cs_0815" not in page
    # An empty field leaves what there is.
    again = typed(connection, shop_url="https://tienda.example", pull="on", credential_consumer_secret="cs_nueva")
    assert eva.post(change_url(connection), again).status_code == 302
    connection.refresh_from_db()
    assert json.loads(connection.credentials) == {"consumer_key": "ck_4711", "consumer_secret": "cs_nueva"}


def test_what_is_received_of_an_order_is_held_until_the_connection_says_otherwise(eva: Client, encina: Company) -> None:
    connection = a_connection(encina, "shopify")
    assert connection.part_payments == "hold"
    assert eva.post(change_url(connection), typed(connection, part_payments="invoice")).status_code == 302
    connection.refresh_from_db()
    assert connection.part_payments == "invoice"
    page = text(eva.get(change_url(connection)))
    assert "El IVA de un anticipo se devenga al cobrarlo" in page
    english = text(eva.get(change_url(connection), headers={"Accept-Language": "en"}))
    for said in ("The VAT of an advance payment accrues", "rders paid in part", "nvoice what was received"):
        assert said in english
    assert "part_payments" in errors(eva.post(change_url(connection), typed(connection, part_payments="whole")))


def test_an_order_says_how_much_of_it_was_received(eva: Client, encina: Company, internet: StandIn) -> None:
    shop, now = internet.open(ShopifyShop()), clock.now().replace(microsecond=0)
    connection = join(encina, shop, invoice_from=now - timedelta(days=1))
    connection.part_payments = "invoice"
    connection.save()
    order = Sold(sale(placed_at=now, paid=False), now)
    order.receive(Decimal("10.00"), now)
    shop.add([order])
    (post,) = told_of_order(shop, order)
    deliver(connection, post)
    work()
    [advance] = Invoice.objects.all()
    assert (advance.purpose, advance.total) == ("advance", Decimal("10.00"))
    assert "en parte: 10,00" in text(eva.get(change_url(Order.objects.get())))
    assert "in part: €10.00" in text(eva.get(change_url(Order.objects.get()), headers={"Accept-Language": "en"}))
    page = text(eva.get(change_url(advance)))
    assert "a cuenta de" in page  # why these figures
    assert "LIVA art. 75.Dos" in page


def test_credentials_are_encrypted_where_they_lie(eva: Client, encina: Company) -> None:
    connection = a_connection(encina, "shopify")
    eva.post(change_url(connection), typed(connection, credential_access_token="shpat_4711"))
    ((stored,),) = sql("SELECT credentials FROM invoicing_connection")
    assert stored.startswith("v1:")
    assert "shpat" not in stored


def test_asking_the_shop_begins_and_ends_with_the_switch(eva: Client, encina: Company) -> None:
    connection = a_connection(encina, "shopify")
    on = typed(connection, shop_url="https://t.example", pull="on", credential_access_token="shpat_4711")
    eva.post(change_url(connection), on)
    names = {f"pull-orders:{connection.pk}", f"reconcile-orders:{connection.pk}"}
    assert set(Schedule.objects.filter(paused=False).values_list("name", flat=True)) >= names
    eva.post(change_url(connection), typed(connection, shop_url="https://t.example"))
    assert not Schedule.objects.filter(paused=False, name__in=names).exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"pull": "on", "shop_url": "https://t.example"}, "Faltan credenciales: Token de acceso."),
        ({"pull": "on", "credential_access_token": "x"}, "debe ser como https://tienda.example"),
        ({"shop_url": "tienda.example"}, "debe ser como https://tienda.example"),
        ({"shop_url": "https://u:p@tienda.example"}, "debe ser como https://tienda.example"),
    ],
)
def test_what_nobody_could_be_asked_with_is_refused(
    eva: Client, encina: Company, changes: dict[str, str], told: str
) -> None:
    connection = a_connection(encina, "shopify")
    assert told in errors(eva.post(change_url(connection), typed(connection, **changes)))


def test_in_production_a_shop_is_asked_over_tls_alone(eva: Client, encina: Company, settings: Settings) -> None:
    connection = a_connection(encina, "shopify")
    settings.AEAT_ENVIRONMENT = "production"
    given = typed(connection, shop_url="http://t.example", pull="on", credential_access_token="x")
    assert "debe ser como https://" in errors(eva.post(change_url(connection), given))


def test_stripe_needs_no_address_and_the_api_no_credentials(eva: Client, encina: Company) -> None:
    stripe = a_connection(encina, "stripe")
    assert stripe.other_invoicing == "reference_only"
    given = typed(stripe, pull="on", credential_secret_key="rk_1", other_invoicing="reference_only")
    assert eva.post(change_url(stripe), given).status_code == 302
    stripe.refresh_from_db()
    assert stripe.shop_url == "https://api.stripe.com"
    api = connect(encina, platform="api", name="Caja", invoice_from=None)
    page = text(eva.get(change_url(api)))
    assert "credential_" not in page


# --- the try ---------------------------------------------------------------------------------------------------


def tried(eva: Client, connection: Connection) -> str:
    return text(eva.post(reverse("admin:invoicing_connection_probe", args=[connection.pk])))


def test_the_try_says_that_it_works(eva: Client, encina: Company, internet: StandIn) -> None:
    shop = internet.open(ShopifyShop())
    connection = join(encina, shop, invoice_from=clock.now())
    page = reverse("admin:invoicing_connection_probe", args=[connection.pk])
    assert page in text(eva.get(change_url(connection)))
    eva.get(page)
    assert shop.requests == [], "looking at the page asked the shop"
    assert "las credenciales permiten leer sus pedidos" in tried(eva, connection)
    assert len(shop.requests) == 1


class Moved(ShopifyShop):
    """A shop behind another address."""

    def answer(self, path: str, query: Any) -> Reply:
        return Reply(status=301, headers={"Location": "https://otra.example/"})


class Page(ShopifyShop):
    """A web page where an API should be."""

    def answer(self, path: str, query: Any) -> Reply:
        return Reply(raw=b"<!doctype html><title>Mantenimiento</title>")


class Blind(ShopifyShop):
    """A token without the right to read orders."""

    scopes = ("read_products",)


class Elsewhere(ShopifyShop):
    """An address under which there is no API."""

    def answer(self, path: str, query: Any) -> Reply:
        return Reply(status=404)


@pytest.mark.parametrize(
    ("shop", "told"),
    [
        (Moved, "escriba la definitiva"),
        (Page, "contesta una página y no la API"),
        (Blind, "les falta permiso (403)"),
        (Elsewhere, "no hay una API de Shopify (404)"),
    ],
)
def test_the_try_says_what_is_wrong(
    eva: Client, encina: Company, internet: StandIn, shop: type[ShopifyShop], told: str
) -> None:
    assert told in tried(eva, join(encina, internet.open(shop()), invoice_from=clock.now()))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"credentials": '{"access_token": "shpat_falsa"}'}, "no reconoce estas credenciales (401)"),
        ({"credentials": ""}, "Faltan credenciales"),
        ({"shop_url": "https://tienda.invalid"}, "No existe ningún servidor «tienda.invalid»"),
        ({"shop_url": "http://127.0.0.1:9"}, "no admite la conexión"),
    ],
)
def test_the_try_tells_wrong_data_apart(
    eva: Client, encina: Company, internet: StandIn, changes: dict[str, str], told: str
) -> None:
    connection = join(encina, internet.open(ShopifyShop()), invoice_from=clock.now())
    Connection.objects.filter(pk=connection.pk).update(**changes)
    said = tried(eva, connection)
    assert told in said
    assert "shpat_falsa" not in said


def test_a_shop_that_is_busy_or_broken_is_told_so(eva: Client, encina: Company, internet: StandIn) -> None:
    shop = internet.open(ShopifyShop(faults=Faults(throttled=1.0)))
    connection = join(encina, shop, invoice_from=clock.now())
    assert "menos peticiones" in tried(eva, connection)
    shop.faults = Faults(broken=1.0)
    assert "5xx" in tried(eva, connection)


def test_only_who_may_change_the_connection_tries_it(encina: Company, internet: StandIn, client: Client) -> None:
    shop = internet.open(ShopifyShop())
    connection = join(encina, shop, invoice_from=clock.now())
    user = User.objects.create_user("ana", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_connection"))
    client.force_login(user)
    address = reverse("admin:invoicing_connection_probe", args=[connection.pk])
    assert client.post(address).status_code == 404, "a stranger's connection"
    Membership.objects.create(user=user, company=encina)
    assert client.post(address).status_code == 403
    assert shop.requests == []


# --- how it is doing -------------------------------------------------------------------------------------------


def test_the_page_shows_the_last_delivery_what_failed_and_the_last_comparison(
    eva: Client, encina: Company, internet: StandIn
) -> None:
    shop = internet.open(WooShop())
    connection = join(encina, shop, invoice_from=clock.now() - timedelta(days=1))
    page = text(eva.get(change_url(connection)))
    assert page.count("Todavía ninguna.") == 2
    assert "meta_data" in page, "where the NIF is"
    order = Sold(sale(placed_at=clock.now().replace(microsecond=0)), clock.now().replace(microsecond=0))
    (post,) = told_of_order(shop, order)
    deliver(connection, post)
    work()
    broken = json.loads(post.body) | {"total": "mucho"}
    deliver(connection, type(post)(post.platform, post.topic, json.dumps(broken).encode(), "otra", post.at))
    work()
    at = clock.now()
    row = Reconciliation.objects.create(
        company=encina, connection=connection, since=at - timedelta(hours=1), until=at, seen=9, pulled=2, remained=1,
        remains=[{"order": order.id, "number": order.sale.number, "state": "missing", "reason": "sin factura"}],
        finished_at=at,
    )  # fmt: skip
    page = text(eva.get(change_url(connection)))
    assert "order.updated" in page
    assert "/total: a plain decimal number" in page
    assert "9 pedidos, 2 traídos, 0 retenidos, 1 sin explicar" in page
    shown = text(eva.get(change_url(row)))
    assert "sin factura" in shown
    assert order.sale.number in shown
    assert "queda algo" in text(eva.get(reverse("admin:invoicing_reconciliation_changelist")))
