"""The AEAT's validations, as far as they can be judged here, each answering with the AEAT's own code.

Sources: "Validaciones y errores" 1.2.2 (08/04/2026), called VAL below, and the list of codes of 30/07/2026, called ERR.
Shape is the schema's part (`verifactu.xml.schema_errors`); what only the AEAT knows (its census, VIES, what it already
holds) is told by its answer. One file per part of the record, each a list of small functions; messages.py has texts.
"""

from datetime import date
from zoneinfo import ZoneInfo

from verifactu.records import Cabecera, RegistroAlta, RegistroAnulacion
from verifactu.rules import breakdown, cabecera, cancellation, heading, people, regimes, seal, totals
from verifactu.rules.messages import Violation
from verifactu.rules.nif import nif_problem

__all__ = ["AEAT_ZONE", "Violation", "check", "check_header", "nif_problem", "warnings"]

AEAT_ZONE = ZoneInfo("Europe/Madrid")
"""Whose date is `today`; an instant in UTC is still of the day before for an hour or two after midnight."""

_ALTA = (*heading.RULES, *people.RULES, *breakdown.RULES, *regimes.RULES, *totals.RULES)


def check(registro: RegistroAlta | RegistroAnulacion, *, today: date, obligado: str = "") -> tuple[Violation, ...]:
    """Return every rule that a sealed record breaks, in the order of its elements; empty when the AEAT should take it.

    Errors that the AEAT would store (2xxx) are told as well: a record that must be corrected later should not be made.
    `today` is the date in the AEAT's zone; `obligado` the NIF of the header that it will travel under, when known.
    """
    findings: list[tuple[str, str]] = []
    if isinstance(registro, RegistroAlta):
        for alta_rule in _ALTA:
            findings += alta_rule(registro, today)
        issuer, field = registro.IDFactura.IDEmisorFactura, "IDFactura/IDEmisorFactura"
    else:
        for cancellation_rule in cancellation.RULES:
            findings += cancellation_rule(registro)
        issuer, field = registro.IDFactura.IDEmisorFacturaAnulada, "IDFactura/IDEmisorFacturaAnulada"
    if obligado and issuer != obligado:
        findings.append(("1108", field))
    for common_rule in seal.RULES:
        findings += common_rule(registro)
    return tuple(Violation.of(code, field) for code, field in findings)


def check_header(header: Cabecera, *, today: date) -> tuple[Violation, ...]:
    """Return every rule that the header of a submission breaks; the AEAT would turn the whole of it down."""
    return tuple(Violation.of(code, field) for rule in cabecera.RULES for code, field in rule(header, today))


def warnings(registro: RegistroAlta | RegistroAnulacion, *, today: date) -> tuple[Violation, ...]:
    """Return what deserves a look and yet may be right, or costs no more than an accepted error.

    An entity's control digit follows a rule that no official text publishes; an IPSI line without regime is taken with
    error 2009 until 31/12/2026.
    """
    findings = list(people.doubtful_nifs(registro))
    if isinstance(registro, RegistroAlta):
        findings += regimes.ipsi_without_regime(registro, today)
    return tuple(Violation.of(code, field) for code, field in findings)
