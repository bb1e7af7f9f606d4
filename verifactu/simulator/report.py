"""The ledger as whoever tests a sender wants to see it."""

from typing import Any

from verifactu.simulator.ledger import Ledger


def report(ledger: Ledger, *, with_records: bool) -> dict[str, Any]:
    """Return counts, chains and, if asked for, every record in the order of its arrival."""
    totals = ledger.select(
        """
        SELECT count(*) AS submissions, coalesce(sum(fault <> ''), 0) AS faults,
               coalesce(sum(too_early), 0) AS too_early, coalesce(sum(delivered), 0) AS delivered
          FROM submission
        """
    )[0]
    found: dict[str, Any] = {
        **dict(totals),
        "queries": ledger.select("SELECT count(*) FROM question")[0][0],
        "counts": _numbers(ledger, "SELECT state, count(*) FROM record GROUP BY state"),
        "codes": _numbers(ledger, "SELECT code, count(*) FROM record WHERE code <> '' GROUP BY code"),
        "invoices": _numbers(ledger, "SELECT state, count(*) FROM invoice GROUP BY state"),
        "chains": [
            dict(row)
            for row in ledger.select(
                """
                SELECT c.obligado, c.producer, c.system_id, c.installation, c.records, r.huella AS head
                  FROM chain c LEFT JOIN record r ON r.id = c.head_id ORDER BY c.id
                """
            )
        ],
    }
    if with_records:
        found["records"] = [
            dict(row)
            for row in ledger.select(
                """
                SELECT r.id, r.submission_id AS submission, r.operation, r.emisor, r.numero, r.fecha, r.huella, r.state,
                       r.code, r.text, r.before_id AS before, c.installation, s.csv, s.received_at
                  FROM record r JOIN chain c ON c.id = r.chain_id JOIN submission s ON s.id = r.submission_id
                 ORDER BY r.id
                """
            )
        ]
    return found


def _numbers(ledger: Ledger, sql: str) -> dict[str, int]:
    return {row[0]: row[1] for row in ledger.select(sql)}
