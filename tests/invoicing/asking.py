"""A held order whose customer is asked, as the tests of the letter, the link and the page need it."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.invoicing.api_client import ORDERS, ApiClient, order, work_off
from workflows.models import Process

BUYER = {"name": "Lucía Ferrer", "email": "lucia@example.com"}
GIVEN = {"nif": "12345678-z", "name": "Lucía Ferrer Ocaña"}
SOLER = {"nif": "B12345674", "name": "Ferretería Soler SL", "street": "Calle Mayor 3", "postal_code": "46001",
         "city": "València"}  # fmt: skip


def held(client: ApiClient, **changes: Any) -> Process:
    """Send an order too dear for a simplified invoice and return the process that waits for its NIF."""
    dear = {"description": "Bicicleta", "unit_price": "4840.00", "amount": "4840.00", "tax_rate": "21"}
    body = order(**{"id": "dear", "number": "D-77", "lines": [dear], "total": "4840.00", "buyer": BUYER, **changes})
    assert client.post(ORDERS, body).status_code == 202
    work_off()
    return Process.objects.filter(workflow="invoice-order", state="held").latest("seq")


def letters(folder: Path) -> list[EmailMessage]:
    """Return the letters written so far, oldest first."""
    files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def link_in(letter: EmailMessage) -> str:
    """Return the path of the link in a letter."""
    body = letter.get_body(("plain",))
    assert body
    found = re.search(r"http://[^/]+(/customer/\S+/)", body.get_content())
    assert found
    return found[1]
