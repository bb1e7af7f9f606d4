"""Join a stand-in shop to a company: the connection with address and credentials, and its webhooks at the real door."""

import json
from datetime import datetime

from django.test import Client as Browser

from common import clock
from invoicing.companies import connect
from invoicing.models import Company, Connection
from tests.shops_standin.posting import Post
from tests.shops_standin.server import Shop
from tests.workflows import bench


def join(company: Company, shop: Shop, *, invoice_from: datetime, pull: bool = True) -> Connection:
    """Connect a shop that invoices at once and may be asked."""
    connection = connect(company, platform=shop.platform, name=f"Tienda {shop.address[-20:]}",
                         invoice_from=invoice_from, settle_seconds=0)  # fmt: skip
    connection.shop_url, connection.credentials, connection.pull = (
        shop.address, json.dumps(dict(shop.credentials)), pull,
    )  # fmt: skip
    connection.save()
    return connection


def work() -> None:
    """Do what waits in the queue, but for the PDFs."""
    while job := bench.fetch():
        if job.queue != "pdf":
            job.run()


def deliver(connection: Connection, post: Post) -> None:
    """Bring a webhook to the door, in this process."""
    answer = Browser().post(
        f"/webhooks/{connection.pk}/", post.body, content_type="application/json",
        headers=post.headers(connection.secret, clock.now()),
    )  # fmt: skip
    assert answer.status_code == 200, (answer.status_code, answer.content)
