"""How the company stands with the AEAT: what waits and why, and what is amiss (Orden HAC/1177/2024, art. 16.4)."""

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from common import clock
from common.words import Words
from invoicing.api.base import ApiView, answer, client
from invoicing.api.examples import STATUS
from invoicing.api.resources import Moment
from invoicing.api.schema import operation
from invoicing.models import Company
from verifactu import notices


class WaitingResource(msgspec.Struct, frozen=True, kw_only=True):
    """Records that wait after a technical failure."""

    records: int
    since: Moment
    reason: str
    failures: int
    next_try_at: Moment | None


class NoticeResource(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the company's people must see to."""

    kind: str
    records: int
    since: Moment | None
    text: str


class StatusResource(msgspec.Struct, frozen=True, kw_only=True):
    """How a company stands with the AEAT now."""

    nif: str
    name: str
    environment: str
    serves_several: bool
    waiting: list[WaitingResource]
    notices: list[NoticeResource]


class Status(ApiView):
    """The company's standing."""

    scopes: ClassVar = {"GET": "invoices:read"}

    @operation(
        name="status_read",
        title=Words("Cómo están los envíos a la AEAT", "How the submissions to the AEAT stand"),
        says=Words(
            "De qué obligado tributario es la clave, cuántos registros esperan tras un fallo técnico, desde cuándo y "
            "por qué, y qué más hay que atender. Sin nada pendiente, las dos listas están vacías.",
            "Whose key it is, how many records wait after a technical failure, since when and why, and what else wants "
            "attention. With nothing pending, both lists are empty.",
        ),
        scope="invoices:read",
        answer=StatusResource,
        examples=STATUS,
    )
    def get(self, request: Request) -> Response:
        """Tell how the company stands."""
        return answer(standing(client(request).company, now=clock.now()))


def standing(company: Company, *, now: datetime) -> StatusResource:
    """Return what the company must know now; a clock that drifts is everybody's."""
    zone, mine = ZoneInfo(company.zone), [company.tenant]

    def local(instant: datetime | None) -> datetime | None:
        return instant.astimezone(zone).replace(microsecond=0) if instant else None

    return StatusResource(
        nif=company.taxpayer.nif,
        name=company.taxpayer.name,
        environment=settings.AEAT_ENVIRONMENT,
        serves_several=notices.serves_several(),
        waiting=[
            WaitingResource(
                records=it.count,
                since=it.since.astimezone(zone),
                reason=it.reason,
                failures=it.failures,
                next_try_at=local(it.next_at),
            )
            for it in notices.waiting(mine, now=now)
        ],
        notices=[
            NoticeResource(kind=it.kind, records=it.count if it.kind == "quarantined" else 0, since=local(it.at),
                           text=it.text)
            for it in notices.amiss(mine, now=now)
        ],
    )  # fmt: skip
