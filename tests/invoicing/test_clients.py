"""The clients against stand-in shops over HTTP: every page, limits, failures, and what is told when it is hopeless.

What a shop sold is the stand-in's own; that a bundle is what the platform's reader reads is seen by its total.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.demo.catalogue import PRODUCTS
from config.demo.payloads import Sale
from invoicing.storefronts import PLATFORMS, PULLED, ReaderSettings
from invoicing.storefronts.clients import CLIENTS, Client, ShopRefused, ShopUnavailable
from tests.shops_standin.platforms import SHOPS
from tests.shops_standin.prestashop import PrestaShop
from tests.shops_standin.server import Faults, Reply, Shop, StandIn
from tests.shops_standin.shopify import ShopifyShop
from tests.shops_standin.sold import GivenBack, Sold
from tests.shops_standin.stripe import StripeShop
from tests.world import LUCIA
from verifactu.simulator.authority import Authority

MANY = {"shopify": 105, "woocommerce": 45, "prestashop": 105, "magento": 105, "stripe": 25, "bigcommerce": 205}
"""More orders than two pages of the client, or of the stand-in where that gives fewer (BigCommerce: than one)."""
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
WINDOW = (NOON - timedelta(hours=1), NOON + timedelta(hours=6))
EVERYWHERE = pytest.mark.parametrize("platform", list(SHOPS))


@pytest.fixture
def internet() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


def sold(number: int, placed_at: datetime = NOON) -> Sold:
    """A paid order of two goods with shipping: 2 x 12.50 + 8.75 + 4.95 = 38.70."""
    sale = Sale(
        platform="",
        id=number,
        number=f"#{number}",
        buyer=LUCIA,
        items=((PRODUCTS[1], 2), (PRODUCTS[5], 1)),
        shipping=Decimal("4.95"),
        placed_at=placed_at,
    )
    return Sold(sale, placed_at)


def a_shop(internet: StandIn, platform: str, count: int = 1, *, seconds: float = 60, **more: Any) -> Shop:
    """Open a shop with orders 1 to `count`, so many seconds apart."""
    shop = internet.open(SHOPS[platform](**more))
    shop.add(sold(number, NOON + timedelta(seconds=int(seconds * number))) for number in range(1, count + 1))
    return shop


def client_of(shop: Shop, *, credentials: dict[str, str] | None = None, **more: Any) -> Client:
    """The shop's client, which does not wait."""
    more = {"sleep": lambda seconds: None} | more
    return Client(shop.platform, shop.address, credentials or shop.credentials, plain_http=True, **more)


def listed(client: Client) -> list[str]:
    return [changed.external_id for page in client.changed(*WINDOW) for changed in page]


def named(platform: str, *numbers: int) -> list[str]:
    return sorted(f"in_{number}" if platform == "stripe" else str(number) for number in numbers)


def total(platform: str, bundle: bytes) -> tuple[str, Decimal, Decimal]:
    """What the platform's reader makes of a bundle: the order, what it cost and what was given back of it."""
    reading = PLATFORMS[platform].read(bundle, PULLED, ReaderSettings(received_at=NOON))
    assert reading is not None
    assert reading.content is not None
    assert all(refund.detailed for refund in reading.content.refunds)
    back = -sum((refund.total for refund in reading.content.refunds), Decimal(0))
    return reading.external_id, reading.content.total, back


@EVERYWHERE
def test_every_order_of_the_window_is_listed_once_over_many_pages(internet: StandIn, platform: str) -> None:
    shop = a_shop(internet, platform, MANY[platform])
    shop.add([sold(900, WINDOW[0] - timedelta(hours=3)), sold(901, WINDOW[1] + timedelta(hours=3))])
    assert sorted(listed(client_of(shop))) == named(platform, *range(1, MANY[platform] + 1))


@pytest.mark.parametrize("platform", ["woocommerce", "prestashop", "magento", "bigcommerce"])
def test_pages_of_orders_of_one_second_are_turned(internet: StandIn, platform: str) -> None:
    shop = a_shop(internet, platform, MANY[platform], seconds=0)
    assert sorted(listed(client_of(shop))) == named(platform, *range(1, MANY[platform] + 1))


@pytest.mark.parametrize("platform", ["woocommerce", "prestashop", "magento", "bigcommerce"])
def test_what_changes_while_pages_are_read_hides_nothing(internet: StandIn, platform: str) -> None:
    """An order that leaves its place moves all behind it up: by page numbers, the first of page two would be lost."""
    shop = a_shop(internet, platform, MANY[platform])
    seen: list[str] = []
    for page in client_of(shop).changed(*WINDOW):
        first = shop.orders[page[0].external_id]
        first.updated_at = WINDOW[1] + timedelta(hours=1)
        seen += [changed.external_id for changed in page]
    assert set(seen) == set(named(platform, *range(1, MANY[platform] + 1)))


@EVERYWHERE
def test_a_bundle_is_what_the_reader_of_the_platform_reads(internet: StandIn, platform: str) -> None:
    shop = a_shop(internet, platform)
    order = shop.orders["1"]
    order.give_back(GivenBack(7001, NOON + timedelta(hours=1), pieces=((0, 1),), shipping=True))
    order.give_back(GivenBack(7002, NOON + timedelta(hours=2), pieces=((1, 1),)))
    (name,) = named(platform, 1)
    bundle = client_of(shop).order(name)
    assert total(platform, bundle) == (name, Decimal("38.70"), Decimal("12.50") + Decimal("4.95") + Decimal("8.75"))
    assert bundle == client_of(shop).order(name), "the same order twice has to be the same bytes"


@EVERYWHERE
def test_a_listing_that_brings_bundles_brings_the_same_orders(internet: StandIn, platform: str) -> None:
    shop = a_shop(internet, platform, 3)
    client = client_of(shop)
    for page in client.changed(*WINDOW):
        for changed in page:
            found = total(platform, changed.bundle or client.order(changed.external_id))
            assert found == (changed.external_id, Decimal("38.70"), Decimal(0))


@EVERYWHERE
def test_a_shop_that_limits_breaks_and_cuts_is_read_to_the_end(internet: StandIn, platform: str) -> None:
    faults = Faults(throttled=0.1, broken=0.08, cut=0.08)
    shop = a_shop(internet, platform, MANY[platform], faults=faults, seed=3)
    client = client_of(shop, tries=12)
    assert sorted(listed(client)) == named(platform, *range(1, MANY[platform] + 1))
    for name in named(platform, 1, 2, 3):
        assert total(platform, client.order(name))[1] == Decimal("38.70")


def test_silence_ends(internet: StandIn) -> None:
    shop = a_shop(internet, "shopify", faults=Faults(silent=1.0, silence=0.5))
    with pytest.raises(ShopUnavailable) as failed:
        client_of(shop, timeout=(0.2, 0.1), tries=2).order("1")
    assert failed.value.code == "timeout"
    assert len(shop.requests) == 2


def test_the_pause_is_the_one_that_the_shop_asks_for(internet: StandIn) -> None:
    """Retry-After is obeyed; one that is too long for a client is passed on, for its process to be put off."""
    waits: list[float] = []
    shop = a_shop(internet, "magento", faults=Faults(throttled=1.0, retry_after="7"))
    with pytest.raises(ShopUnavailable) as failed:
        client_of(shop, sleep=waits.append, tries=3).order("1")
    assert waits == [7.0, 7.0]
    assert (failed.value.status, failed.value.retry_after) == (429, 7.0)
    shop.faults = Faults(throttled=1.0, retry_after="120")
    waits.clear()
    with pytest.raises(ShopUnavailable) as failed:
        client_of(shop, sleep=waits.append).order("1")
    assert (waits, failed.value.retry_after) == ([], 120.0)


def test_waits_grow_where_the_shop_says_nothing(internet: StandIn) -> None:
    waits: list[float] = []
    shop = a_shop(internet, "woocommerce", faults=Faults(broken=1.0))
    with pytest.raises(ShopUnavailable):
        client_of(shop, sleep=waits.append).order("1")
    assert len(waits) == 4
    assert all(0.75 * 0.5 * 2**n <= wait <= 0.5 * 2**n for n, wait in enumerate(waits))


def test_shopifys_bucket_is_never_made_to_overflow(internet: StandIn) -> None:
    shop = a_shop(internet, "shopify")
    assert isinstance(shop, ShopifyShop)
    client = Client("shopify", shop.address, shop.credentials, plain_http=True)
    for _ in range(60):  # the bucket holds 40
        client.order("1")
    assert shop.overflowed == 0


@pytest.mark.parametrize(
    ("platform", "header", "seconds"),
    [
        ("shopify", {"X-Shopify-Shop-Api-Call-Limit": "39/40"}, 0.5),
        ("shopify", {"X-Shopify-Shop-Api-Call-Limit": "20/40"}, 0.0),
        ("shopify", {"X-Shopify-Shop-Api-Call-Limit": "?"}, 0.0),
        ("bigcommerce", {"X-Rate-Limit-Requests-Left": "1", "X-Rate-Limit-Time-Reset-Ms": "15000"}, 15.0),
        ("bigcommerce", {"X-Rate-Limit-Requests-Left": "35", "X-Rate-Limit-Time-Reset-Ms": "15000"}, 0.0),
    ],
)
def test_the_pace_follows_the_headers(platform: str, header: dict[str, str], seconds: float) -> None:
    assert CLIENTS[platform].pace(header) == seconds


# --- what is hopeless ------------------------------------------------------------------------------------------


def refusal(ask: Any, *args: Any) -> str:
    with pytest.raises(ShopRefused) as refused:
        ask(*args)
    return refused.value.code


@EVERYWHERE
def test_wrong_credentials_are_refused_at_once_and_told_nowhere(internet: StandIn, platform: str) -> None:
    shop = a_shop(internet, platform)
    client_of(shop).check()
    asked = len(shop.requests)
    wrong = dict.fromkeys(shop.credentials, "s3cr3t-w0rd")
    with pytest.raises(ShopRefused) as refused:
        client_of(shop, credentials=wrong).check()
    assert refused.value.code == "unauthorised"
    assert len(shop.requests) == asked + 1, "tried again"
    assert "s3cr3t" not in str(refused.value)
    assert "s3cr3t" not in repr(refused.getrepr(style="short", showlocals=False))


@EVERYWHERE
def test_an_order_that_is_not_there_is_told_so(internet: StandIn, platform: str) -> None:
    shop = a_shop(internet, platform)
    assert refusal(client_of(shop).order, *named(platform, 404)) == "not_found"


def test_missing_rights_are_named(internet: StandIn) -> None:
    shopify = a_shop(internet, "shopify")
    assert isinstance(shopify, ShopifyShop)
    shopify.scopes = ("read_products",)
    with pytest.raises(ShopRefused, match="read_orders"):
        client_of(shopify).check()
    presta = a_shop(internet, "prestashop")
    assert isinstance(presta, PrestaShop)
    presta.forbidden = ("order_slip",)
    with pytest.raises(ShopRefused, match="order_slip"):
        client_of(presta).check()
    stripe = a_shop(internet, "stripe")
    assert isinstance(stripe, StripeShop)
    stripe.forbidden = ("refunds",)
    with pytest.raises(ShopRefused, match="refunds"):
        client_of(stripe).check()


def test_a_redirect_is_not_followed(internet: StandIn) -> None:
    """Whatever is behind it (the metadata service of a cloud…), it neither gets the credentials nor is read."""
    elsewhere = a_shop(internet, "shopify")

    class Moved(ShopifyShop):
        def answer(self, path: str, query: Any) -> Reply:
            return Reply(status=302, headers={"Location": f"{elsewhere.address}/{path}"})

    moved = internet.open(Moved())
    assert refusal(client_of(moved).order, "1") == "moved"
    assert elsewhere.requests == []


def test_the_next_page_is_asked_of_the_same_address(internet: StandIn) -> None:
    """The stand-in's Link header points elsewhere: only the cursor in it counts."""
    shop = a_shop(internet, "shopify", 60)
    assert len(listed(client_of(shop))) == 60
    assert "page_info=" in shop.requests[-1]


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    context = Authority(tmp_path).server_context("127.0.0.1", asks=False)
    with StandIn(tls=lambda socket: context.wrap_socket(socket, server_side=True)) as internet:
        shop = internet.open(ShopifyShop())
        with pytest.raises(ShopUnavailable) as failed:
            Client("shopify", shop.address, shop.credentials).check()
    assert failed.value.code == "tls"
    assert shop.requests == []


def test_no_such_host_and_nobody_there_are_told_apart() -> None:
    credentials = ShopifyShop.credentials
    with pytest.raises(ShopUnavailable) as failed:
        Client("shopify", "https://tienda.invalid", credentials).check()
    assert failed.value.code == "dns"
    with pytest.raises(ShopUnavailable) as failed:
        Client("shopify", "http://127.0.0.1:9", credentials, plain_http=True, tries=1).check()
    assert failed.value.code == "connection"


@pytest.mark.parametrize(
    "address", ["http://tienda.example", "ftp://tienda.example", "tienda.example", "https://", "https://u:p@tienda.example",
                "https://tienda.example/?a=b", "https://tienda.example:port"],
)  # fmt: skip
def test_only_an_https_address_is_asked(address: str) -> None:
    with pytest.raises(ShopRefused) as refused:
        Client("shopify", address, ShopifyShop.credentials)
    assert refused.value.code == "address"


def test_missing_credentials_are_named() -> None:
    with pytest.raises(ShopRefused, match="consumer_secret"):
        Client("woocommerce", "https://tienda.example", {"consumer_key": "ck"})


@pytest.mark.parametrize(
    ("platform", "kind", "identity", "order"),
    [
        ("shopify", "order", "1", "1"),
        ("prestashop", "order_slip", "7001", "1"),
        ("magento", "creditmemo", "7001", "1"),
        ("stripe", "invoice", "in_1", "in_1"),
        ("stripe", "payment_intent", "pi_1", "in_1"),
        ("stripe", "charge", "ch_1", "in_1"),
        ("stripe", "refund", "re_7001", "in_1"),
        ("stripe", "payment_intent", "pi_99", ""),
        ("bigcommerce", "shipment", "5", ""),
    ],
)
def test_a_hint_leads_to_its_order(internet: StandIn, platform: str, kind: str, identity: str, order: str) -> None:
    shop = a_shop(internet, platform)
    shop.orders["1"].give_back(GivenBack(7001, NOON, pieces=((1, 1),)))
    found = client_of(shop).hinted(kind, identity)
    assert (total(platform, found)[0] if found else "") == order


def test_an_answer_of_another_shape_says_where(internet: StandIn) -> None:
    class Odd(ShopifyShop):
        def answer(self, path: str, query: Any) -> Reply:
            return Reply({"orders": [{"id": 5, "updated_at": None}]})

    with pytest.raises(ShopRefused, match="/orders/0/updated_at") as refused:
        listed(client_of(internet.open(Odd())))
    assert refused.value.code == "unexpected"
