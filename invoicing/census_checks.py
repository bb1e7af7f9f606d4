"""Ask the AEAT's census about a recipient, in the company's name, and keep every answer.

An invoice waits for it: a service that does not answer is asked once, for seconds, and then left alone for a minute.
"""

from datetime import timedelta
from uuid import UUID

import msgspec

from common import clock
from invoicing.models import CensusCheck, Company
from verifactu.channel import NotConfigured, identifier_for
from verifactu.identification import Answer
from workflows.api import Lane, step
from workflows.retry import Retry

LEFT_ALONE = timedelta(minutes=1)
"""For how long nobody asks after the service did not answer."""
NOT_ASKED = "no contestó hace un momento: no se le pregunta"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a question; the row in the ledger has the rest."""

    outcome: str


def keep_answer(company_id: UUID, nif: str, name: str, answer: Answer) -> Asked:
    """Keep the answer as evidence, whatever it says."""
    CensusCheck(
        company_id=company_id,
        nif=nif,
        name=name,
        requester=Company.objects.select_related("taxpayer").get(pk=company_id).taxpayer.nif,
        outcome=answer.outcome,
        census_name=answer.name,
        at=clock.now(),
        detail=answer.detail,
        raw=answer.raw,
    ).save()
    return Asked(outcome=answer.outcome)


@step.external(
    store=keep_answer,
    # No answer is an answer that says so. What fails is our own database.
    retry=Retry(retries=5, first=2, cap=60),
    lane=lambda company_id, nif, name: Lane(f"census:{company_id}", 4),
    timeout=timedelta(seconds=30),
)
def check_census(company_id: UUID, nif: str, name: str, *, idempotency_key: str) -> Answer:
    """Ask whether the name is that of the NIF, with the company's certificate."""
    last = CensusCheck.objects.filter(company=company_id).exclude(detail=NOT_ASKED).order_by("-at").first()
    if last and last.outcome == "unavailable" and clock.now() - last.at < LEFT_ALONE:
        return Answer(outcome="unavailable", detail=NOT_ASKED)
    company = Company.objects.select_related("taxpayer").get(pk=company_id)
    try:
        identifier = identifier_for(company.taxpayer)
    except NotConfigured as error:
        return Answer(outcome="unavailable", detail=str(error)[:200])
    return identifier.ask(nif, name)
