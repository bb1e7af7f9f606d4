"""Who may speak for a shop on the platforms whose signature has a moment, a key of its own, or none to rely on.

Every signature here was made with the openssl command, not with our code.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from invoicing.storefronts import CannotJudge, adobe, bigcommerce, generic, magento, prestashop, stripe

Authentic = Callable[..., bool]

# (printf '1793000015.'; printf '{"id":"evt_1","type":"invoice.paid"}') | openssl dgst -sha256 -hmac whsec_now -hex
EVENT = b'{"id":"evt_1","type":"invoice.paid"}'
SIGNED_AT = datetime.fromtimestamp(1793000015, UTC)
BY_NOW = "84204e19070990e11e0e635b169a2e1d36c6cbfd9e4b659cd56a867949606150"
BY_BEFORE = "7ac0f9b7e5545f2c9beb9d2a68cc0d2f9771908a92a91bce25f81c09e7cf4508"
STAMPED = [
    (stripe.authentic, "Stripe-Signature"),
    (generic.authentic, "Encadena-Signature"),
    (prestashop.authentic, "Encadena-Signature"),
    (magento.authentic, "encadena-signature"),
]


@pytest.mark.parametrize(("authentic", "name"), STAMPED)
class TestStampedSignature:
    def test_counts_within_five_minutes_either_way(self, authentic: Authentic, name: str) -> None:
        headers = {name: f"t=1793000015,v1={BY_NOW}"}
        for seconds, counts in ((-301, False), (-300, True), (0, True), (300, True), (301, False)):
            now = datetime.fromtimestamp(1793000015 + seconds, UTC)
            assert authentic(EVENT, headers, ["whsec_now"], now=now) is counts

    def test_any_v1_and_either_secret_will_do(self, authentic: Authentic, name: str) -> None:
        both = {name: f"t=1793000015, v1={BY_BEFORE}, v1={BY_NOW}, v0={'0' * 64}"}
        assert authentic(EVENT, both, ["whsec_now"], now=SIGNED_AT)
        assert authentic(EVENT, {name: f"t=1793000015,v1={BY_BEFORE}"}, ["whsec_now", "whsec_before"], now=SIGNED_AT)

    @pytest.mark.parametrize(
        "signature",
        [
            "", "t=1793000015", f"v1={BY_NOW}", f"t=1793000015,v0={BY_NOW}", f"t=1793000016,v1={BY_NOW}",
            f"t=1793000015,v1={BY_NOW[:-1]}1", f"t=1793000015,t=1793000015,v1={BY_NOW}", f"t=-1793000015,v1={BY_NOW}",
            f"t=١٧٩٣٠٠٠٠١٥,v1={BY_NOW}", f"t=1793000015.0,v1={BY_NOW}", "t=1793000015,v1=ñ\udce9", "t=" + "9" * 5000,
        ],
    )  # fmt: skip
    def test_nothing_else_will(self, authentic: Authentic, name: str, signature: str) -> None:
        assert not authentic(EVENT, {name: signature}, ["whsec_now"], now=SIGNED_AT)

    def test_is_over_every_byte(self, authentic: Authentic, name: str) -> None:
        assert not authentic(EVENT + b"\n", {name: f"t=1793000015,v1={BY_NOW}"}, ["whsec_now"], now=SIGNED_AT)

    @pytest.mark.parametrize("secrets", [[], [""], ["whsec_other"]])
    def test_needs_the_secret(self, authentic: Authentic, name: str, secrets: list[str]) -> None:
        assert not authentic(EVENT, {name: f"t=1793000015,v1={BY_NOW}"}, secrets, now=SIGNED_AT)


class TestBigCommerce:
    BODY = b'{"scope":"store/order/updated","hash":"9f2a"}'
    NOW = datetime.fromtimestamp(1793400010, UTC)
    # (printf 'msg_2KWPBgLl.1793400000.'; printf BODY) | openssl dgst -sha256 -hmac app-client-secret -binary | base64
    SIGNATURE = "v1,Wx/J9GC1b9i8C5v9mB09nfM9IGXNEHXmKKPFjlU029Q="
    # the same with the key shared-secret, which the scheme writes whsec_c2hhcmVkLXNlY3JldA==
    BY_PREFIXED = "v1,XAdNMCAllyjIzGRI4f439T+bz388+PX1n5eew3vrbzk="

    def headers(self, **changes: str) -> dict[str, str]:
        return {
            "Webhook-Id": "msg_2KWPBgLl", "Webhook-Timestamp": "1793400000", "Webhook-Signature": self.SIGNATURE,
        } | changes  # fmt: skip

    def test_signs_with_the_apps_secret(self) -> None:
        assert bigcommerce.authentic(self.BODY, self.headers(), ["app-client-secret"], now=self.NOW)
        two = self.headers(**{"Webhook-Signature": f"v1a,xyz {self.BY_PREFIXED} {self.SIGNATURE}"})
        assert bigcommerce.authentic(self.BODY, two, ["other", "app-client-secret"], now=self.NOW)

    def test_or_with_a_secret_as_the_scheme_writes_it(self) -> None:
        headers = self.headers(**{"Webhook-Signature": self.BY_PREFIXED})
        assert bigcommerce.authentic(self.BODY, headers, ["whsec_c2hhcmVkLXNlY3JldA=="], now=self.NOW)

    @pytest.mark.parametrize(
        "changes",
        [
            {"Webhook-Id": "msg_other"}, {"Webhook-Timestamp": "1793400001"}, {"Webhook-Timestamp": ""},
            {"Webhook-Signature": ""}, {"Webhook-Signature": SIGNATURE.removeprefix("v1,")},
            {"Webhook-Signature": "v1,ñ"}, {"Webhook-Id": "\udce9"},
        ],
    )  # fmt: skip
    def test_nothing_else_counts(self, changes: dict[str, str]) -> None:
        assert not bigcommerce.authentic(self.BODY, self.headers(**changes), ["app-client-secret"], now=self.NOW)

    def test_an_old_signature_does_not(self) -> None:
        later = datetime.fromtimestamp(1793400301, UTC)
        assert not bigcommerce.authentic(self.BODY, self.headers(), ["app-client-secret"], now=later)

    def test_our_own_header_does_where_the_store_signs_nothing(self) -> None:
        shown = {"x-encadena-secret": "4f1c"}
        assert bigcommerce.authentic(self.BODY, shown, ["4f1c"], now=self.NOW)
        assert bigcommerce.authentic(self.BODY, shown, ["new", "4f1c"], now=self.NOW)
        assert not bigcommerce.authentic(self.BODY, shown, ["4f1d"], now=self.NOW)

    @pytest.mark.parametrize("secrets", [[], [""], ["whsec_"], ["whsec_%%%"]])
    def test_no_secret_is_no_key(self, secrets: list[str]) -> None:
        assert not bigcommerce.authentic(self.BODY, {}, secrets, now=self.NOW)
        assert not bigcommerce.authentic(self.BODY, self.headers(), secrets, now=self.NOW)


class TestAdobe:
    BODY = b'{"specversion":"1.0","recipient_client_id":"client-7f","id":"e1"}'
    # openssl genrsa -out k.pem 2048; openssl rsa -in k.pem -pubout; openssl dgst -sha256 -sign k.pem body | base64 -w0
    KEY = b"""-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0RPIB75tCExaZTgarXas
PeXYELCUGqfpvdPMIZdk7Uk3+KuTbcNq33a/ww3cMVtUdxZ98MhrX2P2kjNNupYK
uopOQfUZsT2YzegR6dWYn5MtCSPyma7/Rv+9Q+UxEI5FV28tNSusDE2MkTVlr5dt
cE4OkD72JfeZM4XvwLyF2BXBqj3k1ZZWYGFsFselAMk3cPr6u5SVy+kQOI88SIqq
cBnrqggmreooaG3Ts+iAb8gvOf/AjvSJkeusrRYYWz90WzOT4HY1QfWGIPUjDZdi
oisA+BKMIToXtMWZQgJBzuOkgnk/PZ1xFYROdmaqgQ2mgKRALl6XCFo8kFZKEgTI
6QIDAQAB
-----END PUBLIC KEY-----
"""
    OF_ANOTHER_KIND = b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8fSSIwhUa+tzYu9ZZdSQXj8BaFUZ
Ihs4TY4Hsehy9WgXBmLkVk2oWsxYMnyQN8w6EVc5PgjbiqRwFj7YtC+Cuw==
-----END PUBLIC KEY-----
"""
    SIGNATURE = (
        "VxeZL6HZqR9M2vg56jYs/11Eycfdq3vQQ5ogBlUbvJhGiUAOxg4ZLL0KHnla6SQN7hs00TpbAtE8RjlvpJFQnA1btCUB29x3+AnxOE8oECjq4am"
        "NiLxqYPqOYn6FgCQr3b1h/StHx18AzS7hj69M60N8Ht/h6GYVM6NBXq0mhkKI/2nX9pcHbJxJsNjBG6D3RblwC0IKAlNbW0q0t2kzV14qbhIBXB"
        "2m/9aIpYiaFs5u83sjF3+hOy9dRjBRutXMReQaUnHdcRgLwT04AV3Gb+KrXGdHEzzoMJE34KpkqJzx6UpCMlhVBW2OBQwjl14x4Qu/JlttLvqBH"
        "C+xQrSFHA=="
    )
    PATH = "/prod/keys/pub-key-voy5XEbWmT.pem"

    @pytest.fixture
    def host(self) -> "KeyHost":
        return KeyHost({adobe.HOST + self.PATH: self.KEY, adobe.HOST + "/prod/keys/other.pem": self.KEY})

    def headers(self, **changes: str) -> dict[str, str]:
        return {
            "x-adobe-digital-signature-1": self.SIGNATURE, "x-adobe-public-key1-path": self.PATH,
            "x-adobe-digital-signature-2": "AAAA", "x-adobe-public-key2-path": "/prod/keys/other.pem",
        } | changes  # fmt: skip

    def test_one_of_the_two_signatures_is_enough(self, host: "KeyHost") -> None:
        assert magento.authentic(self.BODY, self.headers(), ["client-7f"], fetcher=host)
        turned = {
            "X-Adobe-Digital-Signature-2": self.SIGNATURE, "X-Adobe-Public-Key2-Path": self.PATH,
            "X-Adobe-Digital-Signature-1": "AAAA", "X-Adobe-Public-Key1-Path": self.PATH,
        }  # fmt: skip
        assert magento.authentic(self.BODY, turned, ["client-7f"], fetcher=host)

    def test_a_key_is_fetched_once(self, host: "KeyHost") -> None:
        for _ in range(3):
            assert magento.authentic(self.BODY, self.headers(), ["client-7f"], fetcher=host)
        assert host.asked == [adobe.HOST + self.PATH]

    def test_another_body_is_not_signed(self, host: "KeyHost") -> None:
        body = self.BODY.replace(b"e1", b"e2")
        assert not magento.authentic(body, self.headers(), ["client-7f"], fetcher=host)

    @pytest.mark.parametrize("secrets", [[], [""], ["client-80"]])
    def test_an_event_for_somebody_else_is_not_ours_and_fetches_nothing(
        self, host: "KeyHost", secrets: list[str]
    ) -> None:
        assert not magento.authentic(self.BODY, self.headers(), secrets, fetcher=host)
        assert host.asked == []

    @pytest.mark.parametrize(
        "path",
        [
            "", "prod/keys/x.pem", "//evil.example/x.pem", "@evil.example/x.pem", ".evil.example/x.pem", "/../x.pem",
            "/prod/keys/x.pem?y", "/prod/keys/x.pem#", "/prod/keys/%2e%2e/x.pem", "/prod/keys/x", "/x.pem\n",
            "https://evil.example/x.pem", ":443@evil.example/x.pem",
        ],
    )  # fmt: skip
    def test_a_key_from_elsewhere_is_not_fetched(self, host: "KeyHost", path: str) -> None:
        headers = {"x-adobe-digital-signature-1": self.SIGNATURE, "x-adobe-public-key1-path": path}
        assert not magento.authentic(self.BODY, headers, ["client-7f"], fetcher=host)
        assert host.asked == []

    @pytest.mark.parametrize("file", [b"", b"<html>", OF_ANOTHER_KIND, KEY[:-60]])
    def test_what_is_no_rsa_key_judges_nothing(self, file: bytes) -> None:
        host = KeyHost({adobe.HOST + self.PATH: file})
        headers = {"x-adobe-digital-signature-1": self.SIGNATURE, "x-adobe-public-key1-path": self.PATH}
        assert not magento.authentic(self.BODY, headers, ["client-7f"], fetcher=host)

    @pytest.mark.parametrize("signature", ["ñ", "A", "%%%%", "\udce9"])
    def test_what_is_no_base64_is_no_signature(self, host: "KeyHost", signature: str) -> None:
        headers = {"x-adobe-digital-signature-1": signature, "x-adobe-public-key1-path": self.PATH}
        assert not magento.authentic(self.BODY, headers, ["client-7f"], fetcher=host)

    def test_without_the_key_nobody_can_judge_and_later_somebody_can(self) -> None:
        host = KeyHost({})
        with pytest.raises(CannotJudge):
            magento.authentic(self.BODY, self.headers(), ["client-7f"], fetcher=host)
        host.files[adobe.HOST + self.PATH] = self.KEY
        assert magento.authentic(self.BODY, self.headers(), ["client-7f"], fetcher=host)

    @pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"recipient_client_id":{"a":1}}', b"[" * 100_000])
    def test_a_body_that_is_no_event_is_for_nobody(self, host: "KeyHost", body: bytes) -> None:
        assert not magento.authentic(body, self.headers(), ["client-7f"], fetcher=host)


class KeyHost:
    """Adobe's static host as far as it answers: what it has not is out of reach."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []

    def __call__(self, address: str) -> bytes:
        if address not in self.files:
            raise requests.ConnectionError(address)
        self.asked.append(address)
        return self.files[address]


class TestFetchingAKey:
    @pytest.fixture
    def host(self) -> Iterator[str]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()

    def test_returns_the_file(self, host: str) -> None:
        assert adobe.fetch_key(f"{host}/key.pem") == TestAdobe.KEY

    def test_follows_nobody_elsewhere(self, host: str) -> None:
        assert adobe.fetch_key(f"{host}/moved.pem") == b""

    def test_finds_nothing_where_nothing_is(self, host: str) -> None:
        assert adobe.fetch_key(f"{host}/absent.pem") == b""

    def test_cuts_what_is_too_long(self, host: str) -> None:
        assert len(adobe.fetch_key(f"{host}/long.pem")) == adobe.LONGEST_KEY

    def test_tells_a_host_in_trouble_from_an_absent_key(self, host: str) -> None:
        with pytest.raises(requests.RequestException):
            adobe.fetch_key(f"{host}/trouble.pem")
        with pytest.raises(requests.RequestException):
            adobe.fetch_key("http://127.0.0.1:1/key.pem")


class Files(BaseHTTPRequestHandler):
    """A host of files: one key, one that moved, one too long, one behind a fault."""

    ANSWERS = {"/key.pem": (200, TestAdobe.KEY), "/moved.pem": (302, b""), "/long.pem": (200, b"A" * 100_000),
               "/trouble.pem": (503, b"")}  # fmt: skip

    def do_GET(self) -> None:
        status, file = self.ANSWERS.get(self.path, (404, b"<html>"))
        self.send_response(status)
        self.send_header("Location", "/key.pem")
        self.send_header("Content-Length", str(len(file)))
        self.end_headers()
        # Whoever cuts a long answer closes the connection while it is still being written.
        with contextlib.suppress(ConnectionError):
            self.wfile.write(file)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class TestIdentity:
    @pytest.mark.parametrize(
        ("platform", "body", "key", "topic"),
        [
            (stripe, b'{"id":"evt_1","type":"invoice.paid","created":1793000014,"data":{"object":{"id":"in_1"}}}',
             "evt_1", "invoice.paid"),
            (bigcommerce, b'{"hash":"9f2a","scope":"store/order/updated","created_at":1793400000}', "9f2a",
             "store/order/updated"),
            (magento, b'{"specversion":"1.0","id":"4f6e","type":"com.adobe.x","time":"2026-10-22T09:10:15.220Z"}',
             "4f6e", "com.adobe.x"),
        ],
    )  # fmt: skip
    def test_is_the_platforms_own_and_stays_when_it_tries_again(
        self, platform: Any, body: bytes, key: str, topic: str
    ) -> None:
        found = platform.identity(body, {"x-adobe-retry-count": "2"})
        assert (found.delivery_key, found.topic) == (key, topic)
        assert found.triggered_at is not None
        assert not platform.ping(body, {})

    def test_two_events_of_one_change_are_joined(self) -> None:
        one, other = (
            stripe.identity(b'{"id":"%s","type":"invoice.paid","data":{"object":{"id":"in_1"}}}' % key, {})
            for key in (b"evt_1", b"evt_2")
        )
        assert one.delivery_key != other.delivery_key
        assert one.event_key == other.event_key == "in_1:invoice.paid"

    @pytest.mark.parametrize("platform", [stripe, bigcommerce, magento, prestashop, generic])
    @pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{}", b'{"id":[1],"hash":{},"specversion":1}'])
    def test_of_a_body_without_one_is_its_digest(self, platform: Any, body: bytes) -> None:
        found = platform.identity(body, {})
        assert found.delivery_key.startswith("body:")
        assert found.delivery_key != platform.identity(body + b" ", {}).delivery_key

    def test_the_shop_may_number_its_own(self) -> None:
        assert generic.identity(b"{}", {"encadena-delivery": "7"}) == generic.identity(
            b"{} ", {"Encadena-Delivery": "7"}
        )
