"""docs/reference/api.md: every curl in it works, and it names everything that there is."""

import re
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from common import clock
from invoicing.api.keys import SCOPES
from invoicing.api.problems import KINDS
from invoicing.documents import Documents
from invoicing.holds import Action
from invoicing.models import Document, Invoice
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, caller, order, work_off

REFERENCE = (Path(__file__).parents[2] / "docs/reference/api.md").read_text()


def curls() -> list[str]:
    """Return the commands of the page, each with its continued lines."""
    blocks = re.findall(r"(?m)(?:^    .*\n|^\n)+", REFERENCE)
    found = [part.strip() for block in blocks for part in re.split(r"(?m)^    (?=curl |HTTP/)", block)]
    return [command for command in found if command.startswith("curl ")]


def run(command: str, **variables: str) -> Any:
    """Do what the command says, with Django's client in the place of the network."""
    for name, value in variables.items():
        command = command.replace(f"${name}", value)
    assert "$" not in command, command
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    headers, data, address = {}, None, ""
    for word in words:
        match word:
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                data = next(words).encode()
            case "-o":
                next(words)
            case "-i":
                pass
            case _:
                address = word
    parts = urlsplit(address)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if data is None:
        return Client(headers=headers).get(path)
    return Client().post(path, data, content_type=headers.pop("Content-Type"), headers=headers)


def test_every_command_works(fresh_database: Database, settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path
    # The morning of the page's order.
    there = datetime.fromisoformat("2027-02-03T10:13:03+01:00") - clock.now()
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "offset")
    (tmp_path / "offset").write_text(str(there.total_seconds()))
    client = caller(world.la_encina())
    names: dict[str, str] = {"HOST": "http://testserver", "KEY": client.plain}
    done = 0
    for command in curls():
        if "$PROCESS" in command:
            dear = {"description": "Bicicleta", "unit_price": "4840.00", "amount": "4840.00", "tax_rate": "21"}
            held = client.post(ORDERS, order(id="dear", lines=[dear], total="4840.00")).json()
            work_off()
            names["ORDER"] = held["id"]
            names["PROCESS"] = client.get(held["url"]).json()["hold"]["process"]
        response = run(command, **names)
        assert response.status_code in (200, 201, 202), command
        if response.streaming:
            assert b"S2027-000001" in b"".join(response.streaming_content)
        if "web-10432-v1" in command:
            names["ORDER"] = response.json()["id"]
            work_off()
            invoice = Invoice.objects.get()
            names["INVOICE"] = client.get(response["Location"]).json()["invoices"][0]["id"]
            stored = Documents(tmp_path).store(b"%PDF-1.7")
            Document(
                invoice=invoice, sha256=stored.sha256, size=stored.size, rendered_at=clock.now()
            ).save()  # what the renderer leaves
        elif "export-2027-02" in command:
            names["EXPORT"] = response.json()["id"]
            work_off()
        elif "webhook-erp" in command:
            names["ENDPOINT"] = response.json()["id"]
        elif "external_id=" in command or "updated_since=" in command:
            assert [one["external_id"] for one in response.json()["data"]] == ["web-10432"], command
        elif "issued_from=" in command:
            assert [one["total"] for one in response.json()["data"]] == ["29.04"]
        elif "/processes/?order=" in command:
            assert [one["workflow"] for one in response.json()["data"]] == ["invoice-order"]
        done += 1
    work_off()
    assert done == 16
    assert {one["external_id"]: one["state"] for one in client.get(ORDERS).json()["data"]} == {
        "web-10432": "invoiced", "dear": "invoiced",
    }  # fmt: skip


@pytest.mark.parametrize("name", [*KINDS, *SCOPES, *Action])
def test_it_names_everything_that_there_is(name: str) -> None:
    assert f"`{name}`" in REFERENCE


def test_the_header_of_its_commands_is_the_one_of_the_schema() -> None:
    assert all('-H "Authorization: Bearer $KEY"' in command for command in curls())
