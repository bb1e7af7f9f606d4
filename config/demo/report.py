"""What became of the orders: figures, and a reason for each that has no accepted invoice."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection

from invoicing.documents import Documents
from invoicing.holds import CATALOGUE, Hold
from invoicing.models import Document
from verifactu.export import export_records
from verifactu.models import Installation
from workflows.rows import sql

ACCEPTED = ("acknowledged", "acknowledged_with_errors")


def unsettled() -> int:
    """Return how many processes may still move by themselves (everything open but what waits for a person)."""
    return int(
        sql(
            "SELECT count(*) FROM workflows_process WHERE state IN ('pending', 'processing', 'waiting', 'retrying')"
            " AND NOT behind"
        )[0][0]
    )


def counts() -> dict[str, int]:
    """Return orders, invoices and accepted invoices so far."""
    row = sql(
        """
        SELECT (SELECT count(*) FROM invoicing_order), (SELECT count(*) FROM invoicing_invoice),
               (SELECT count(*) FROM invoicing_invoice WHERE state = ANY(%s))
        """,
        [list(ACCEPTED)],
    )[0]
    return {"orders": row[0], "invoices": row[1], "accepted": row[2]}


def explained() -> list[dict[str, str]]:
    """Return order, state and reason of every order without an accepted invoice."""
    rows = sql(
        """
        SELECT o.number, o.external_id, o.state, i.state, p.state, p.hold, p.error
        FROM invoicing_order o
        LEFT JOIN invoicing_invoice i ON i.order_id = o.id AND i.purpose = 'sale'
        LEFT JOIN LATERAL (
            SELECT state, hold, error FROM workflows_process
            WHERE tags && ARRAY['order:' || o.id, 'invoice:' || i.id]::varchar[] AND state <> 'cancelled'
            ORDER BY (state IN ('held', 'failed')) DESC, seq DESC LIMIT 1
        ) p ON true
        WHERE i.id IS NULL OR i.state <> ALL(%s)
        ORDER BY o.id
        """,
        [list(ACCEPTED)],
    )
    return [
        {
            "order": number or external_id,
            "state": process_state if process_state in ("held", "failed") else invoice_state or order_state,
            "reason": _reason(order_state, process_state, json.loads(hold or "null"), json.loads(error or "null")),
        }
        for number, external_id, order_state, invoice_state, process_state, hold, error in rows
    ]


def write_files(folder: Path) -> dict[str, str]:
    """Write the records as sent, and the PDFs under their numbers; return the two folders."""
    records, pdfs = folder / "records", folder / "pdf"
    export_records(Installation.objects.select_related("taxpayer").order_by("created_at"), records)
    pdfs.mkdir(parents=True, exist_ok=True)
    documents = Documents(folder / "documents")
    for document in Document.objects.select_related("invoice"):
        target = pdfs / f"{document.invoice.num_serie}.pdf"
        if not target.exists():
            os.link(documents.path(document.sha256), target)
    return {"records_dir": str(records), "pdf_dir": str(pdfs)}


def invoices(most: int) -> list[tuple[Any, ...]]:
    """Return the newest invoices with the AEAT's answer, for the table that a person sees."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT o.number, c.platform, i.num_serie, i.tipo, i.total, r.state, r.csv
            FROM invoicing_invoice i JOIN invoicing_order o ON o.id = i.order_id
            JOIN invoicing_connection c ON c.id = o.connection_id JOIN verifactu_record r ON r.id = i.record_id
            ORDER BY r.seq DESC LIMIT %s
            """,
            [most],
        )
        return list(cursor.fetchall())


def _reason(order_state: str, process_state: str | None, hold: Any, error: Any) -> str:
    if process_state == "held" and hold:
        code = hold["code"]
        if code in CATALOGUE:
            return f"{code}: {msgspec.convert(hold['data'], Hold).sentence()}"
        return f"{code}: {(error or {}).get('message', '')}"
    if process_state == "failed" and error:
        return f"{error['class']}: {error['message']}"
    return {"open": "sin pagar todavía", "cancelled": "cancelado en la tienda"}.get(order_state, order_state)
