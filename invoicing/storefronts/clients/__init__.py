"""The clients that pull from shops: one module per platform, alike in shape; our own formats have nothing to pull."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from invoicing.storefronts.clients import bigcommerce, magento, prestashop, shopify, stripe, woocommerce
from invoicing.storefronts.clients.contract import Changed, Platform
from invoicing.storefronts.clients.errors import ShopRefused, ShopUnavailable
from invoicing.storefronts.clients.http import TRIES, Api
from invoicing.storefronts.contract import Unreadable

CLIENTS: dict[str, Platform] = {
    module.NAME: module for module in (shopify, woocommerce, prestashop, magento, stripe, bigcommerce)
}
"""Name of the platform (`Connection.platform`) -> its module."""


class Client:
    """A shop that can be asked."""

    def __init__(
        self,
        platform: str,
        address: str,
        credentials: Mapping[str, str],
        *,
        zone: str = "Europe/Madrid",
        plain_http: bool = False,
        timeout: tuple[float, float] | None = None,
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Bind a platform's module to one shop.

        :param zone: in which the shop writes times that have no offset.
        :param plain_http: accept an address without TLS, for stand-ins.
        :raises ShopRefused: when address or credentials are missing or of no use.
        """
        self._module = CLIENTS[platform]
        missing = [name for name in self._module.CREDENTIALS if not credentials.get(name)]
        if missing:
            raise ShopRefused(f"credentials are missing: {', '.join(missing)}", code="credentials")
        if any(not value.isascii() or not value.isprintable() for value in credentials.values()):
            raise ShopRefused("a credential has characters that no platform's have", code="credentials")
        address = checked_address(address or self._module.ADDRESS, plain_http=plain_http)
        bounds = {"timeout": timeout} if timeout else {}
        self._api = Api(
            address,
            self._module.headers(credentials),
            pace=self._module.pace,
            zone=ZoneInfo(zone),
            tries=tries,
            sleep=sleep,
            **bounds,
        )

    def check(self) -> None:
        """Make a cheap call that needs the rights that pulling needs.

        :raises ShopRefused, ShopUnavailable: saying what is wrong.
        """
        with _documented(self._module.NAME):
            self._module.check(self._api)

    def order(self, external_id: str) -> bytes:
        """Return the bundle of one order.

        :raises ShopRefused, ShopUnavailable: saying what is wrong.
        """
        with _documented(f"{self._module.NAME} {external_id}"):
            return self._module.order(self._api, external_id)

    def hinted(self, kind: str, external_id: str) -> bytes | None:
        """Return the bundle of the order that a hint leads to, None when it belongs to no order.

        :raises ShopRefused, ShopUnavailable: saying what is wrong.
        """
        with _documented(f"{self._module.NAME} {kind} {external_id}"):
            found = self._module.order_of(self._api, kind, external_id)
            return self._module.order(self._api, found) if found else None

    def changed(self, since: datetime, until: datetime) -> Iterator[list[Changed]]:
        """Yield the orders that changed in the window, page by page; whoever changes meanwhile may come twice.

        :raises ShopRefused, ShopUnavailable: saying what is wrong.
        """
        with _documented(self._module.NAME):
            yield from self._module.changed(self._api, since, until)


@contextmanager
def _documented(about: str) -> Iterator[None]:
    """Turn what is not of the documented shape into a refusal that says where."""
    try:
        yield
    except (Unreadable, UnicodeEncodeError) as error:
        raise ShopRefused(f"{about}: not the documented shape: {error}", code="unexpected") from error


def checked_address(address: str, *, plain_http: bool) -> str:
    """Return the address of an API without its trailing version, as BigCommerce shows it.

    :raises ShopRefused: when it is none that may be asked.
    """
    address = re.sub(r"/v[23]/?$", "", address.strip()).rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ShopRefused("the shop's address is not an address", code="address") from None
    if parts.scheme not in ("https", "http") or not host or parts.query or parts.fragment or parts.username:
        raise ShopRefused("write the shop's address as https://tienda.example", code="address")
    if parts.scheme == "http" and not plain_http:
        raise ShopRefused("the shop's address must begin with https://", code="address")
    return address


def read_credentials(text: str) -> dict[str, str]:
    """Return the named credentials that a connection keeps as JSON."""
    found = json.loads(text) if text else {}
    return {str(name): str(value) for name, value in found.items()}


__all__ = [
    "CLIENTS", "Changed", "Client", "Platform", "ShopRefused", "ShopUnavailable", "checked_address",
    "read_credentials",
]  # fmt: skip
