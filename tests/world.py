"""The small named world of the tests: La Encina, who sells; Lucía, a guest; Soler, a company with a NIF."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from common import clock
from config.demo.catalogue import COMPANY, PRODUCTS
from config.demo.orders import Post
from config.demo.payloads import Buyer, Sale, body
from config.demo.post import HEADERS
from invoicing.companies import connect, open_company
from invoicing.intake import receive
from invoicing.models import Company, Connection
from invoicing.storefronts import PLATFORMS

LUCIA = Buyer("Lucía", "Ferrer", "Calle de la Palma 18", "28004", "Madrid", "M", "Madrid")
SOLER = replace(LUCIA, first="Jordi", last="Soler", company="Ferretería Soler SL", nif="ES-B12345674 ")


def la_encina(**changes: object) -> Company:
    """Open the company of the tests."""
    return open_company(**{**COMPANY, "now": clock.now(), **changes})  # type: ignore[arg-type]


def shop(company: Company, platform: str = "shopify", *, settle_seconds: int = 0) -> Connection:
    """Connect a shop that invoices from yesterday on, and at once."""
    return connect(
        company,
        platform=platform,
        name=f"Tienda {platform}",
        invoice_from=clock.now() - timedelta(days=1),
        settle_seconds=settle_seconds,
    )


def sale(buyer: Buyer = LUCIA, *, platform: str = "shopify", number: int = 1501, **changes: object) -> Sale:
    """A paid order of three goods at 21, 10 and 4 % with shipping."""
    order = Sale(
        platform=platform,
        id=6_120_000 + number,
        number=f"#{number}",
        buyer=buyer,
        items=((PRODUCTS[0], 1), (PRODUCTS[5], 2), (PRODUCTS[9], 3)),
        shipping=Decimal("4.95"),
        placed_at=clock.now().replace(microsecond=0) - timedelta(minutes=1),
    )
    return replace(order, **changes)  # type: ignore[arg-type]


def arrive(connection: Connection, order: Sale, topic: str = "orders/paid", key: str = "") -> None:
    """Have a delivery of the order arrive, past the door where its signature is judged."""
    post = Post(order, topic, key or f"{order.id}-{topic}-{order.updated_at}")
    data = body(order)
    headers = HEADERS[order.platform](post, data, connection.secret)
    identity = PLATFORMS[order.platform].identity(data, headers)
    receive(connection, body=data, headers=headers, identity=identity, now=clock.now())
