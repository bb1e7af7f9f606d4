"""A recipient that staff typed stands as an order's buyer does: a VAT number of another state once VIES says so, and,
where the company checks it, a NIF once the AEAT's census does not deny it.

Asked off the order's turn: a service that is silent for an hour, and the person who then decides, keep no refund of the
same order waiting.
"""

from uuid import UUID

import msgspec

from common import clock
from invoicing import remembering
from invoicing.census import mismatch
from invoicing.census_checks import check_census
from invoicing.deciding import issued_for
from invoicing.holds import Action, Hold, Resolution, ResolutionRefused, accept
from invoicing.knowing import in_census, newest
from invoicing.models import Company, Order
from invoicing.recipients import Identity, identified, identity_of, vat_of
from invoicing.values import Party
from invoicing.vat_checks import check_for_an_hour
from verifactu.codes import IDType
from workflows.api import step
from workflows.journal import Run

NOT_HERE = (Action.ISSUE_SIMPLIFIED, Action.ASK_CUSTOMER, Action.DECIDE_AGAIN)
"""Answers to a mismatch that are about an order, not about a recipient that staff typed."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a number needs before it may stand on an invoice; nothing, when it stands."""

    check: bool = False
    """Whether VIES, or the census, must be asked."""
    hold: Hold | None = None


def vat_number(who: Party | None) -> str:
    """Return the recipient's VAT number of another member state, empty for none."""
    found = identified(who) if who else None
    return found.tax_id if found and found.id_type == IDType.NIF_IVA else ""


def asks_first(company_id: UUID, who: Party | None) -> bool:
    """Tell whether somebody has to be asked about a recipient before it may stand on an invoice."""
    if vat_number(who):
        return True
    return identity_of(who) is not None and Company.objects.filter(pk=company_id, checks_census=True).exists()


@step
def judge_number(company_id: UUID, order_id: UUID, number: str, accepted: str) -> Judged:
    """Say what a VAT number needs. Those on invoices of the order stood when these were issued."""
    company = Company.objects.get(pk=company_id)
    issued = issued_for(Order.objects.get(pk=order_id, company=company))
    if number in {each.recipient.tax_id for each in issued.documents if each.recipient}:
        return Judged()
    answer = newest(company, number, now=clock.now())
    found = vat_of(number, {number: answer} if answer else {}, accepted)
    if not isinstance(found, Hold):
        return Judged(check=found is None)
    fitting = tuple(action for action in found.actions if action != Action.ISSUE_SIMPLIFIED)
    told = found.data | {"invoice": issued.last.num_serie}
    return Judged(hold=msgspec.structs.replace(found, data=told, actions=fitting))


@step
def judge_identity(company_id: UUID, order_id: UUID, asked: Identity) -> Judged:
    """Say what a NIF with its name needs. Those on invoices of the order stood when these were issued."""
    company = Company.objects.get(pk=company_id)
    issued = issued_for(Order.objects.get(pk=order_id, company=company))
    if not company.checks_census or asked in {identity_of(each.recipient) for each in issued.documents}:
        return Judged()
    answer = in_census(company, (asked.nif,), now=clock.now()).get(asked)
    if answer is None:
        return Judged(check=True)
    found = mismatch(asked, answer, without=NOT_HERE)
    if found is None:
        return Judged()
    return Judged(hold=msgspec.structs.replace(found, data=found.data | {"invoice": issued.last.num_serie}))


def standing(run: Run, company_id: UUID, order_id: UUID, who: Party) -> Party | None:
    """Return the recipient once its number stands, as a person may have corrected it; None when it is left as it is."""
    accepted = ""
    while (number := vat_number(who)) or identity_of(who):
        asked = None if number else identity_of(who)
        if asked:
            judged = run.step(judge_identity, company_id, order_id, asked)
        else:
            judged = run.step(judge_number, company_id, order_id, number, accepted)
        if judged.check:
            if asked:
                run.step(check_census, company_id, asked.nif, asked.name)
            else:
                check_for_an_hour(run, company_id, number)
            continue
        if judged.hold is None:
            break
        answer = run.hold(judged.hold.code, judged.hold, Resolution)
        try:
            accept(judged.hold, answer)
        except ResolutionRefused:
            continue  # it is asked again
        match answer.action:
            case Action.GIVE_NIF:
                who = remembering.given(who, answer)
            case Action.ACCEPT_NIF:
                return who
            case Action.ACCEPT_VAT_NUMBER:
                accepted = answer.reason.strip()
            case Action.IGNORE:
                return None
    return who
