"""Identification, dates and kinds of an alta (VAL 1.2.2, alta; verifactu.md 4.2). Each rule yields (code, element)."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from verifactu.codes import TipoRectificativa
from verifactu.records import RegistroAlta
from verifactu.rules.facts import COMPLETE, amount, day, is_iva_or_igic, years_before
from verifactu.rules.nif import nif_problem

FIRST_DAY = date(2024, 10, 28)
"""The day the Orden HAC/1177/2024 was published; nothing earlier can be filed (1152)."""
MACRODATO = Decimal(100000000)

_NUMBER = re.compile("[\x20-\x7e]{1,60}")
_ISSUED = "IDFactura/FechaExpedicionFactura"


def issuer(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1219: the issuer's NIF is one."""
    if nif_problem(r.IDFactura.IDEmisorFactura) in ("malformed", "letter"):
        yield "1219", "IDFactura/IDEmisorFactura"


def invoice_number(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1104, 1130, 1287: printable ASCII without the characters that the AEAT singles out."""
    yield from number_findings(r.IDFactura.NumSerieFactura, "IDFactura/NumSerieFactura")


def free_texts(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1100: a mandatory text says something; blanks alone pass the schema, and the AEAT trims them away."""
    for name in ("NombreRazonEmisor", "DescripcionOperacion"):
        if not getattr(r, name).strip():
            yield "1100", name


def issue_date(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1105, 1112, 1152, 1133: a real day, not in the future, not before the system existed, not 20 years old."""
    issued = day(r.IDFactura.FechaExpedicionFactura)
    if issued is None:
        yield "1105", _ISSUED
        return
    if issued > today:
        yield "1112", _ISSUED
    if issued < years_before(today, 20):
        yield "1133", _ISSUED
    elif issued < FIRST_DAY:
        yield "1152", _ISSUED


def operation_date(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1145, 1134, 1125, 1146, 1173: within reach, and ahead of issue or today only where tax is pending (14, 15)."""
    if not r.FechaOperacion:
        return
    operation, issued = day(r.FechaOperacion), day(r.IDFactura.FechaExpedicionFactura)
    if operation is None:
        yield "1145", "FechaOperacion"
        return
    if operation < years_before(today, 20):
        yield "1134", "FechaOperacion"
    if operation.year > today.year + 1:
        yield "1125", "FechaOperacion"
    pending = all(is_iva_or_igic(line) and line.ClaveRegimen in ("14", "15") for line in r.Desglose)
    if issued and issued < operation and not pending:
        yield "1146", "FechaOperacion"
    if operation > today and not pending:
        yield "1173", "FechaOperacion"


def previous_rejection(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1153, 1161: RechazoPrevio speaks of a correction, so there must be one."""
    if r.RechazoPrevio == "X" and r.Subsanacion != "S":
        yield "1153", "RechazoPrevio"
    if r.RechazoPrevio == "S" and r.Subsanacion != "S":
        yield "1161", "RechazoPrevio"


def correction(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1114, 1115, 1117, 1118, 1119: what a corrective invoice says, and no other one does."""
    corrective = r.TipoFactura.startswith("R")
    if corrective and not r.TipoRectificativa:
        yield "1114", "TipoRectificativa"
    if not corrective and r.TipoRectificativa:
        yield "1115", "TipoRectificativa"
    if not corrective and r.FacturasRectificadas:
        yield "1117", "FacturasRectificadas"
    if r.TipoRectificativa == TipoRectificativa.S and r.ImporteRectificacion is None:
        yield "1118", "ImporteRectificacion"
    if r.TipoRectificativa != TipoRectificativa.S and r.ImporteRectificacion is not None:
        yield "1119", "ImporteRectificacion"


def replacement(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1116: only an F3 replaces simplified invoices."""
    if r.FacturasSustituidas and r.TipoFactura != "F3":
        yield "1116", "FacturasSustituidas"


def kind_flags(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1183, 1185, 1157: marks that only certain kinds of invoice bear."""
    if r.FacturaSimplificadaArt7273 == "S" and r.TipoFactura not in COMPLETE:
        yield "1183", "FacturaSimplificadaArt7273"
    if r.FacturaSinIdentifDestinatarioArt61d == "S" and r.TipoFactura not in ("F2", "R5"):
        yield "1185", "FacturaSinIdentifDestinatarioArt61d"
    if r.Cupon == "S" and r.TipoFactura not in ("R1", "R5"):
        yield "1157", "Cupon"


def large_amount(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1138, 1139: Macrodato is S from a hundred million euros on, either way, and only there."""
    total = amount(r.ImporteTotal)
    if total is None:
        return
    if r.Macrodato == "S" and abs(total) < MACRODATO:
        yield "1138", "Macrodato"
    if r.Macrodato != "S" and abs(total) >= MACRODATO:
        yield "1139", "Macrodato"


def number_findings(number: str, field: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an invoice number, the same in alta and anulación.

    The AEAT stores a number without its outer blanks, and then neither its answer nor the QR's address names this one.
    """
    if not number.strip() or len(number) > 60 or number != number.strip():
        yield "1104", field
    elif not _NUMBER.fullmatch(number):
        yield "1130", field
    elif set(number) & set("<>\"'="):
        yield "1287", field


RULES = (
    issuer,
    invoice_number,
    free_texts,
    issue_date,
    previous_rejection,
    correction,
    replacement,
    operation_date,
    kind_flags,
    large_amount,
)
