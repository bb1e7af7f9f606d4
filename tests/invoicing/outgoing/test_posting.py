"""Where events are posted: only outside, only signed, and never for longer than it takes."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from standardwebhooks import WebhookVerificationError

from invoicing.outgoing import posting
from invoicing.outgoing.posting import Answer, BadAddress, check, new_secret, post
from tests.invoicing.listening import Listener, drip, listening
from verifactu.simulator.authority import Authority

BODY = '{"type":"ping","data":{"número":"F2027-1"}}'.encode()


@pytest.fixture
def listener(settings: Settings) -> Iterator[Listener]:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1", "localhost"]
    with listening() as running:
        yield running


def sent(url: str, *keys: str) -> Answer:
    return post(url, BODY, message="evt_1", keys=keys or [new_secret()], now=datetime.now(UTC))


class TestWhatIsSent:
    def test_is_the_body_signed_as_the_reference_implementation_has_it(self, listener: Listener) -> None:
        secret = new_secret()
        assert sent(listener.url, secret) == Answer(204, "HTTP 204")
        (came,) = listener.came
        assert came.body == BODY
        assert came.headers["webhook-id"] == "evt_1"
        assert came.headers["content-type"] == "application/json"
        assert came.signed_by(secret)
        with pytest.raises(WebhookVerificationError):
            came.signed_by(new_secret())

    def test_is_signed_with_every_key(self, listener: Listener) -> None:
        old, new = new_secret(), new_secret()
        sent(listener.url, new, old)
        assert listener.came[0].signed_by(old)
        assert listener.came[0].signed_by(new)

    def test_follows_nobody_elsewhere(self, listener: Listener) -> None:
        listener.says, listener.headers = [302], {"Location": "/otra"}
        assert sent(listener.url) == Answer(302, "HTTP 302")
        assert len(listener.came) == 1

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [("120", 120.0), ("999999999", 6 * 3600.0), ("pronto", None), ("-5", None), ("", None)],
    )
    def test_listens_to_a_wish_to_wait(self, listener: Listener, header: str, seconds: float | None) -> None:
        listener.says, listener.headers = [429], {"Retry-After": header} if header else {}
        assert sent(listener.url).retry_after == seconds

    def test_understands_a_date_to_wait_for(self, listener: Listener) -> None:
        then = datetime.now(UTC) + timedelta(minutes=10)
        listener.says, listener.headers = [503], {"Retry-After": f"{then:%a, %d %b %Y %H:%M:%S} GMT"}
        assert sent(listener.url).retry_after == pytest.approx(600, abs=5)

    def test_an_answer_a_letter_at_a_time_is_cut_off(self, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(posting, "LONGEST", 0.6)
        listener.says = [drip]
        began = time.monotonic()
        assert sent(listener.url).status is None
        assert time.monotonic() - began < 5  # its own time-outs see a sign of life every 50 ms

    def test_nobody_at_home_is_an_answer_too(self, listener: Listener) -> None:
        assert sent("http://127.0.0.1:9/").status is None


class TestOverTls:
    """By the adapter for the internet too, which resolves by itself: loopback is let through, or nothing here could."""

    @pytest.fixture
    def authority(self, tmp_path: Path) -> Authority:
        return Authority(tmp_path / "authority")

    @pytest.fixture(params=["a host that the operator named", "the internet"], autouse=True)
    def way(self, request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        named = request.param == "a host that the operator named"
        settings.WEBHOOK_PRIVATE_HOSTS = ["localhost"] if named else []
        outside: Any = posting._Outside
        monkeypatch.setattr(posting, "_Outside", partial(outside, allow_loopback=True))

    def test_one_whose_certificate_is_good_is_told(self, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.ca_file))
        secret = new_secret()
        with listening(authority.server_context("localhost", asks=False)) as listener:
            assert sent(listener.url, secret) == Answer(204, "HTTP 204")
        assert listener.came[0].signed_by(secret)
        assert listener.came[0].headers["host"].startswith("localhost:")

    def test_one_whose_certificate_nobody_knows_is_told_nothing(self, authority: Authority) -> None:
        with listening(authority.server_context("localhost", asks=False)) as listener:
            answer = sent(f"{listener.url}?token=s3creto")
        assert answer.status is None
        assert "s3creto" not in answer.detail
        assert answer.detail.startswith("its certificate is not trusted")
        assert listener.came == []

    def test_nor_one_whose_certificate_is_of_another_host(
        self, authority: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.ca_file))
        with listening(authority.server_context("localhost", asks=False, flaw="wrong_host")) as listener:
            assert sent(listener.url).detail.startswith("its certificate is not trusted")
        assert listener.came == []

    def test_one_that_drips_is_cut_off(self, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.ca_file))
        monkeypatch.setattr(posting, "LONGEST", 0.6)
        with listening(authority.server_context("localhost", asks=False)) as listener:
            listener.says = [drip]
            began = time.monotonic()
            assert sent(listener.url).status is None
            assert time.monotonic() - began < 5


class TestWhereTo:
    @pytest.mark.parametrize(
        "url",
        [
            "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f.0.0.1/", "https://localhost/",
            "https://169.254.169.254/latest/meta-data/", "https://10.0.0.5/", "https://192.168.1.1/",
            "https://100.64.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fd00::1]/",
            "https://0.0.0.0/",
        ],
    )  # fmt: skip
    def test_never_into_a_private_network(self, settings: Settings, url: str) -> None:
        settings.WEBHOOK_PRIVATE_HOSTS = []
        assert sent(url) == Answer(None, "the address lies in a private network (WEBHOOK_PRIVATE_HOSTS)")

    def test_not_even_when_a_host_of_that_network_is_allowed(self, settings: Settings) -> None:
        settings.WEBHOOK_PRIVATE_HOSTS = ["erp.lan"]
        assert "private network" in sent("https://127.0.0.1/").detail

    @pytest.mark.parametrize(
        "url",
        [
            "http://example.com/", "ftp://example.com/", "https://", "example.com", "https://user:pass@example.com/",
            "https://example.com/#x", "https://exa mple.com/", "https://example.com:puerto/", "file:///etc/passwd", "",
            "https://ejémplo.es/",
        ],
    )  # fmt: skip
    def test_an_address_is_whole_and_https(self, url: str) -> None:
        with pytest.raises(BadAddress):
            check(url)

    def test_plain_http_only_to_the_hosts_that_the_operator_named(self, settings: Settings) -> None:
        settings.WEBHOOK_PRIVATE_HOSTS = ["erp.lan"]
        check("http://erp.lan:8080/eventos")
        check("https://example.com/eventos?x=1")
        with pytest.raises(BadAddress):
            check("http://erp.lan.example.com/")
