"""Ask VIES about a buyer's number, keep every answer, and try for an hour when there is none."""

from datetime import timedelta
from uuid import UUID

import msgspec
from django.conf import settings

from common import clock
from invoicing import vies
from invoicing.models import Company, VatCheck
from workflows.api import Lane, step
from workflows.journal import Run
from workflows.retry import Retry

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15, 30))
"""Waits between tries: an hour in all, then a person is asked (fiscal-policy.md, Taxes)."""
NOT_CONFIGURED = "VIES_URL no está puesto"


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one question; the row in the ledger has the rest."""

    outcome: str
    detail: str = ""


def keep_answer(company_id: UUID, number: str, answer: vies.Answer) -> Checked:
    """Keep the answer as evidence, whatever it says."""
    VatCheck(
        company_id=company_id,
        number=number,
        requester=_requester(company_id),
        outcome=answer.outcome,
        at=clock.now(),
        request_identifier=answer.request_identifier,
        detail=answer.detail,
        raw=answer.raw,
    ).save()
    return Checked(outcome=answer.outcome, detail=answer.detail)


@step.external(
    store=keep_answer,
    # It does not fail: no answer is an answer that says so. What fails is our own database.
    retry=Retry(retries=5, first=2, cap=60),
    lane=lambda company_id, number: Lane("vies", 4),
    timeout=timedelta(seconds=60),
)
def check_vat(company_id: UUID, number: str, *, idempotency_key: str) -> vies.Answer:
    """Ask VIES in the company's name."""
    if not settings.VIES_URL:
        return vies.Answer(outcome="unavailable", detail=NOT_CONFIGURED)
    return vies.ask(settings.VIES_URL, number, _requester(company_id))


def check_for_an_hour(run: Run, company_id: UUID, number: str) -> Checked:
    """Ask until VIES says yes or no, an hour at most; holds neither worker nor lane between the tries."""
    found = run.step(check_vat, company_id, number)
    for pause in PAUSES:
        if found.outcome != "unavailable" or found.detail == NOT_CONFIGURED:
            break
        run.sleep(pause)
        found = run.step(check_vat, company_id, number)
    return found


def _requester(company_id: UUID) -> str:
    company = Company.objects.select_related("taxpayer").get(pk=company_id)
    return f"ES{company.taxpayer.nif}"
