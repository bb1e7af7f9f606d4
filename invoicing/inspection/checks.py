"""What was verified of an export while it was made, and what did not hold: `integridad.json`."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from common.findings import Finding
from common.ledger import LedgerModel
from common.verification import broken_seal
from common.words import Words
from invoicing.inspection.picture import Picture

CHECKS = {
    "chain": ("I4", Words(
        "Cada registro está en su sitio de la cadena, su huella se recalcula de su texto y enlaza con la del anterior; "
        "también el registro anterior y el posterior a los incluidos, y el final de la cadena si el periodo llega a él",
        "Each record is in its place of the chain, its huella recomputes from its text, it links to the one before; "
        "also the record before and the one after those inside, and the chain's end where the period reaches it",
    )),
    "declared": ("I4", Words(
        "Cada factura tiene su registro, con su mismo número, fecha, tipo y total, sellado sobre esa factura",
        "Each invoice has its record, of the same number, date, type and total, sealed over that invoice",
    )),
    "book": ("I4", Words(
        "El registro de cada factura se puede leer como lo que la factura declara",
        "The record of each invoice can be read as what the invoice declares",
    )),
    "numbers": ("I3", Words(
        "Los números de cada serie con facturas del periodo son correlativos y sus fechas no retroceden, en toda la "
        "serie; los huecos documentados están en incidencias.csv",
        "The numbers of each series with invoices of the period run without gaps and their dates never go back, in the "
        "whole series; documented gaps stand in incidencias.csv",
    )),
    "seals": ("I8", Words(
        "El sello de cada fila se recalcula: facturas con sus líneas, registros (encadenados), respuestas, PDF, y las "
        "entregas y versiones de pedidos que se nombran",
        "The seal of each row recomputes: invoices with their lines, records (chained), answers, PDFs, and the "
        "deliveries and order versions that are named",
    )),
    "deliveries": ("I1", Words(
        "Los bytes de cada entrega que se nombra son los que se recibieron, según su SHA-256",
        "The bytes of each delivery that is named are those that were received, by their SHA-256",
    )),
    "pdfs": ("I7", Words(
        "Cada PDF está y tiene los bytes que se guardaron y se enviaron, según su SHA-256",
        "Each PDF is there and holds the bytes that were stored and mailed, by their SHA-256",
    )),
}  # fmt: skip
"""What is verified: the invariant, and in words. `verify_ledger` looks at everything there is in the same ways."""


class Checks:
    """Counts what was looked at and keeps what was found, each finding once."""

    def __init__(self) -> None:
        self.looked: Counter[str] = Counter()
        self._found: dict[Finding, None] = {}

    @property
    def findings(self) -> list[Finding]:
        """What did not hold, in the order in which it was found."""
        return list(self._found)

    def look(self, check: str, findings: Iterable[Finding] = (), *, at: int = 1) -> None:
        """Note that `at` things were looked at, and what was found."""
        self.looked[check] += at
        self._found.update(dict.fromkeys(findings))

    def seal(self, *rows: LedgerModel) -> None:
        """Recompute the seals of rows."""
        for row in rows:
            self.look("seals", broken_seal(row))

    def report(self, taken: Picture, places: Mapping[UUID, Sequence[int]]) -> bytes:
        """Return `integridad.json`; of each chain with `places` the first and last record inside and how many."""
        made = [check for check in CHECKS if self.looked[check]]
        told = {
            "holds": not self._found,
            "checks": [
                {"check": check, "invariant": CHECKS[check][0], **CHECKS[check][1]._asdict(),
                 "looked_at": self.looked[check]}
                for check in made
            ],
            "findings": [
                {"invariant": each.invariant, "subject": each.subject, "text": each.text} for each in self._found
            ],
            "chains": [
                {"installation": chain.numero, "environment": chain.environment,
                 **dict(zip(("first_inside", "last_inside", "records_inside"), places[chain.pk], strict=True))}
                for chain in taken.chains.values() if chain.pk in places
            ],
        }  # fmt: skip
        return json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n"
