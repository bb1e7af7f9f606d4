"""A recipient that staff typed stands as an order's buyer does: a VAT number of another state only once VIES says so.

Asked off the order's turn: a service that is silent for an hour, and the person who then decides, keep no refund of the
same order waiting.
"""

from uuid import UUID

import msgspec

from common import clock
from invoicing import remembering
from invoicing.deciding import issued_for
from invoicing.holds import Action, Hold, Resolution, ResolutionRefused, accept
from invoicing.knowing import newest
from invoicing.models import Company, Order
from invoicing.recipients import identified, vat_of
from invoicing.values import Party
from invoicing.vat_checks import check_for_an_hour
from verifactu.codes import IDType
from workflows.api import step
from workflows.journal import Run


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a number needs before it may stand on an invoice; nothing, when it stands."""

    check: bool = False
    """Whether VIES must be asked."""
    hold: Hold | None = None


def vat_number(who: Party | None) -> str:
    """Return the recipient's VAT number of another member state, empty for none."""
    found = identified(who) if who else None
    return found.tax_id if found and found.id_type == IDType.NIF_IVA else ""


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


def standing(run: Run, company_id: UUID, order_id: UUID, who: Party) -> Party | None:
    """Return the recipient once its number stands, as a person may have corrected it; None when it is left as it is."""
    accepted = ""
    while number := vat_number(who):
        judged = run.step(judge_number, company_id, order_id, number, accepted)
        if judged.check:
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
            case Action.ACCEPT_VAT_NUMBER:
                accepted = answer.reason.strip()
            case Action.IGNORE:
                return None
    return who
