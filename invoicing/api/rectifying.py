"""Correct an invoice by another one: the situations that the law corrects so."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from common.ids import uuid7
from common.words import Words
from invoicing import nif
from invoicing.api.base import ApiView, typed
from invoicing.api.corrections import PROBLEMS, Reason, act
from invoicing.api.examples import ACTED, RECTIFICATIONS
from invoicing.api.problems import Problem
from invoicing.api.processes import ActedResource
from invoicing.api.schema import IDEMPOTENCY_KEY, operation
from invoicing.by_staff import SITUATIONS, Reduction, correction_of, refusal_of, start_rectification
from invoicing.models import Invoice
from invoicing.remedies import Situation
from invoicing.storefronts import api
from invoicing.values import Party
from workflows.engine import Handle


class ReductionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one row of the breakdown goes down."""

    position: Annotated[int, msgspec.Meta(ge=1, le=12)]
    gross: Annotated[Decimal, msgspec.Meta(description="Euros with tax, two decimals; negative where it goes up.")]


class RecipientBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The recipient as it should be."""

    tax_id: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    name: api.Name = ""
    company: api.Name = ""
    address: api.AddressBody = api.AddressBody()


class RectifyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong, and what is right: `reductions` or `recipient`, as the situation asks."""

    situation: Situation
    reason: Reason
    reductions: Annotated[tuple[ReductionBody, ...], msgspec.Meta(max_length=12)] = ()
    recipient: RecipientBody | None = None


class RectifyInvoice(ApiView):
    """Issue the invoice that corrects another one."""

    scopes: ClassVar = {"POST": "invoices:write"}

    @operation(
        name="invoices_rectify",
        title=Words("Rectificar una factura", "Rectify an invoice"),
        says=Words(
            "Expide lo que la situación pide: rectificativa por diferencias (con `reductions`), por sustitución o "
            "canje (con `recipient`). La original no cambia. Location lleva al proceso.",
            "Issues what the situation asks for: a corrective invoice by differences (with `reductions`), by "
            "substitution or an exchange (with `recipient`). The original does not change. Location leads to "
            "the process.",
        ),
        scope="invoices:write",
        answer=ActedResource,
        status=202,
        body=RectifyBody,
        body_examples=RECTIFICATIONS,
        examples=ACTED,
        parameters=(IDEMPOTENCY_KEY,),
        problems=PROBLEMS,
    )
    def post(self, request: Request, id: str) -> Response:
        """Start the correction."""

        def start(invoice: Invoice, body: bytes, actor: str, now: datetime) -> Handle:
            told = typed(body, RectifyBody)
            if told.situation not in SITUATIONS or invoice.order_id is None:
                raise Problem("correction-refused", detail=_elsewhere(told.situation))
            once = uuid7()
            reductions = tuple(Reduction(row=each.position - 1, gross=each.gross) for each in told.reductions)
            recipient = _party(told.recipient) if told.recipient else None
            asked = correction_of(
                invoice, told.situation, reason=told.reason, request=once, reductions=reductions, recipient=recipient
            )
            if why := refusal_of(asked):
                raise Problem("correction-refused", detail=Words(why.es, why.en))
            return start_rectification(asked, actor=actor, now=now)

        return act(request, id, start)


def _elsewhere(situation: Situation) -> Words:
    return Words(
        f"«{situation}» no se corrige con otra factura; vea amend/ y annul/.",
        f"{situation} is not corrected by another invoice; see amend/ and annul/.",
    )


def _party(body: RecipientBody) -> Party:
    return Party(
        name=body.name,
        company=body.company,
        tax_id=nif.normalise(body.tax_id),
        tax_id_as_given=body.tax_id,
        address=api.address(body.address),
    )
