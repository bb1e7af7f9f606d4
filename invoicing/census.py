"""Whether the AEAT knows the recipient of a document under its name, and what follows from the answer. Pure.

A mismatch waits for a person; silence does not (fiscal-policy.md, When and what to invoice). BAJA and REVOCADO
identify: nothing forbids to invoice an entity with such a NIF, and what was supplied must be invoiced; the invoice's
explanation says so. Only NIFs are asked about: the census knows no other number.
"""

import msgspec

from invoicing import recipients
from invoicing.cases import Case, Decision
from invoicing.choosing import f2_limit
from invoicing.holds import Action, Hold, hold
from invoicing.recipients import CensusAnswer, Identity
from invoicing.values import Wanted

MISMATCH = "nif_not_identified"
"""The hold's code, where a person overrides it."""
SAID = {"similar": "NO IDENTIFICADO-SIMILAR", "not_identified": "NO IDENTIFICADO"}
NOTED = {
    "deregistered": "El NIF del destinatario consta de baja en el censo de la AEAT.",
    "revoked": "El NIF del destinatario consta revocado en el censo de la AEAT.",
    "unavailable": "El censo de la AEAT no contestó: NIF y nombre sin comprobar en él.",
}
"""Answers with which a document is issued, and what its explanation says then."""


def known_to_it(case: Case, decision: Decision) -> Decision:
    """Return the decision, or in place of one to issue what has to be asked, of the AEAT or of a person.

    A recipient that is named on an invoice of the order stood when that one was issued.
    """
    document = decision.document
    if decision.action != "issue" or document is None or not case.company.census or MISMATCH in case.accepted:
        return decision
    asked = recipients.identity_of(document.recipient)
    named = case.issued.documents if case.issued else ()
    if asked is None or asked in {recipients.identity_of(each.recipient) for each in named}:
        return decision
    answer = case.known.census.get(asked)
    if answer is None:
        return Decision(action="check", census=asked, note=f"Se pregunta por {asked.nif} al censo de la AEAT.")
    if held := mismatch(asked, answer, without=() if _may_be_simplified(case, document) else SIMPLIFIED):
        return Decision(action="hold", hold=held)
    if note := NOTED.get(answer.outcome):
        noted = msgspec.structs.replace(document, note=" ".join(filter(None, (document.note, note))))
        return msgspec.structs.replace(decision, document=noted)
    return decision


SIMPLIFIED = (Action.ISSUE_SIMPLIFIED,)


def mismatch(asked: Identity, answer: CensusAnswer, *, without: tuple[Action, ...] = ()) -> Hold | None:
    """Return the hold for an answer by which the name is not that of the NIF, else None."""
    if answer.outcome not in SAID:
        return None
    similar = answer.name if answer.outcome == "similar" else ""
    said = SAID[answer.outcome]
    return hold("nif_not_identified", without=without, tax_id=asked.nif, name=asked.name, answer=said, census=similar)


def _may_be_simplified(case: Case, document: Wanted) -> bool:
    first = document.purpose == "sale" and not (case.issued and case.issued.documents)
    return first and document.priced.paid <= f2_limit(case.company) and not recipients.needs_recipient(document.priced)
