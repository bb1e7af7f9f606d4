"""The door for shops that sign with a moment, with Adobe's keys, or not at all: over HTTP, to the stored delivery."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client

from common import clock
from invoicing.models import Connection, Delivery
from tests import world
from tests.invoicing.bundles import sample
from tests.invoicing.test_storefronts_api import ORDER


def path(shop: Connection) -> str:
    return f"/webhooks/{shop.pk}/"


def post(shop: Connection, body: bytes, headers: dict[str, str]) -> Any:
    return Client().post(path(shop), body, content_type="application/json", headers=headers)


def stamped(secret: str, body: bytes, ago: int = 0) -> str:
    """As Stripe documents it: hex HMAC-SHA256 over "t.body"."""
    moment = int(clock.now().timestamp()) - ago
    return f"t={moment},v1={hmac.new(secret.encode(), b'%d.' % moment + body, hashlib.sha256).hexdigest()}"


BODIES: dict[str, tuple[str, bytes]] = {
    "stripe": ("Stripe-Signature", json.dumps(sample("stripe", "01")).encode()),
    "generic": ("Encadena-Signature", json.dumps(ORDER).encode()),
    "prestashop": ("Encadena-Signature", b'{"hint":"order","id":"1001","at":"2026-10-21T16:06:02Z"}'),
    "magento": ("Encadena-Signature", b'{"hint":"order","id":"312","at":"2026-10-22T09:10:14Z"}'),
}


@pytest.mark.django_db
@pytest.mark.parametrize("platform", BODIES)
class TestStampedDelivery:
    def test_is_kept_once_however_often_it_comes(self, platform: str) -> None:
        shop = world.shop(world.la_encina(), platform)
        name, body = BODIES[platform]
        answers = [post(shop, body, {name: stamped(shop.secret, body, ago)}).json()["new"] for ago in (1, 0)]
        assert answers == [True, False]
        assert bytes(Delivery.objects.get().body) == body

    def test_is_refused_when_its_signature_is_old(self, platform: str) -> None:
        shop = world.shop(world.la_encina(), platform)
        name, body = BODIES[platform]
        assert post(shop, body, {name: stamped(shop.secret, body, 301)}).status_code == 401
        assert not Delivery.objects.exists()


@pytest.mark.django_db
class TestBigCommerce:
    BODY = json.dumps(sample("bigcommerce", "01")).encode()

    def test_shows_our_secret_and_it_is_not_kept(self) -> None:
        shop = world.shop(world.la_encina(), "bigcommerce")
        assert post(shop, self.BODY, {"X-Encadena-Secret": shop.secret, "webhook-id": "msg_1"}).status_code == 200
        delivery = Delivery.objects.get()
        assert (delivery.delivery_key, delivery.topic) == (
            "9f2a3b1cdeadbeef00112233445566778899aabb", "store/order/statusUpdated",
        )  # fmt: skip
        assert delivery.headers["webhook-id"] == "msg_1"
        assert shop.secret not in json.dumps(delivery.headers)

    def test_without_it_is_refused(self) -> None:
        shop = world.shop(world.la_encina(), "bigcommerce")
        assert post(shop, self.BODY, {}).status_code == 401


@pytest.mark.django_db
class TestAdobe:
    def test_gets_its_challenge_back(self) -> None:
        shop = world.shop(world.la_encina(), "magento")
        response = Client().get(path(shop), {"challenge": "8ec8d794-e0ab-42df-9017-e3dada8e84f7"})
        assert (response.status_code, response.content) == (200, b"8ec8d794-e0ab-42df-9017-e3dada8e84f7")
        assert response["Content-Type"] == "text/plain"

    @pytest.mark.parametrize("challenge", ["", "<script>", "a" * 101, "a\nb", "ñ"])
    def test_anything_else_is_not_echoed(self, challenge: str) -> None:
        shop = world.shop(world.la_encina(), "magento")
        response = Client().get(path(shop), {"challenge": challenge})
        assert (response.status_code, response["Allow"]) == (405, "POST")

    def test_no_other_shop_echoes(self) -> None:
        company = world.la_encina()
        off = world.shop(company, "magento")
        off.active = False
        off.save()
        for shop in (world.shop(company), off):
            assert Client().get(path(shop), {"challenge": "8ec8d794"}).status_code == 405

    def test_an_event_for_somebody_else_is_refused(self) -> None:
        shop = world.shop(world.la_encina(), "magento")
        headers = {"x-adobe-digital-signature-1": "AAAA", "x-adobe-public-key1-path": "/prod/keys/a.pem"}
        assert post(shop, json.dumps(sample("magento", "03")).encode(), headers).status_code == 401

    def test_while_the_key_is_out_of_reach_it_is_asked_to_come_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from invoicing.storefronts import adobe

        monkeypatch.setattr(adobe, "HOST", "http://127.0.0.1:1")  # nobody listens there
        shop = world.shop(world.la_encina(), "magento")
        event = sample("magento", "03") | {"recipient_client_id": shop.secret}
        headers = {"x-adobe-digital-signature-1": "AAAA", "x-adobe-public-key1-path": "/prod/keys/gone.pem"}
        response = post(shop, json.dumps(event).encode(), headers)
        assert (response.status_code, response["Retry-After"]) == (503, "60")
        assert not Delivery.objects.exists()
        assert Connection.objects.get(pk=shop.pk).rejected_deliveries == 0
