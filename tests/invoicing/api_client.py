"""A client of the API, as the tests of the API use one."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.test import Client

from common import clock
from invoicing.api.keys import SCOPES, issue_key
from invoicing.companies import connect
from invoicing.models import ApiKey, Company, Connection
from tests.workflows import bench

ORDERS = "/api/v1/orders/"
INVOICES = "/api/v1/invoices/"
PROCESSES = "/api/v1/processes/"
EXPORTS = "/api/v1/exports/"


class ApiClient:
    """Calls with one key; `raw` is Django's client for what a well-behaved caller does not do."""

    def __init__(self, company: Company, plain: str, key: ApiKey, connection: Connection) -> None:
        self.company, self.plain, self.key, self.connection = company, plain, key, connection
        self.raw = Client(headers={"Authorization": f"Bearer {plain}"})

    def get(self, path: str, **parameters: str) -> Any:
        """Get an address."""
        return self.raw.get(path, parameters)

    def post(self, path: str, body: object, key: str = "", **headers: str) -> Any:
        """Post JSON (or bytes as they are), by default under an Idempotency-Key of its own."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.raw.post(
            path, data, content_type="application/json", headers={"Idempotency-Key": key or str(uuid4()), **headers}
        )


def caller(company: Company, *scopes: str, platform: str = "api", name: str = "") -> ApiClient:
    """Connect a client to a company with a key of these scopes, all of them by default."""
    name = name or f"Tienda {platform}"
    connection = Connection.objects.filter(company=company, name=name).first() or connect(
        company, platform=platform, name=name, invoice_from=clock.now() - timedelta(days=1), settle_seconds=0
    )
    key, plain = issue_key(company=company, connection=connection, name="pruebas", scopes=scopes or tuple(SCOPES))
    return ApiClient(company, plain, key, connection)


def order(**changes: Any) -> dict[str, Any]:
    """Return the body of a paid order: 24.20 at 21 %, placed a moment ago, with no NIF."""
    now = clock.now().isoformat()
    return {
        "id": "web-1", "number": "1001", "placed_at": now, "updated_at": now, "prices_include_tax": True, "paid": True,
        "buyer": {"name": "Lucía Ferrer"},
        "lines": [{"description": "Taza", "quantity": "2", "unit_price": "12.10", "amount": "24.20",
                   "tax_rate": "21"}],
        "total": "24.20", **changes,
    }  # fmt: skip


def work_off() -> None:
    """Do what the workers do, but for the PDFs."""
    while job := bench.fetch():
        if job.queue != "pdf":
            job.run()


def is_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Check the shape that RFC 9457 and our reference ask of a refusal, and return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = json.loads(response.content)
    assert told["status"] == status
    assert told["code"] == code
    assert {"type", "title", "detail", "instance", "errors"} <= set(told)
    assert "Traceback" not in response.content.decode()
    return told
