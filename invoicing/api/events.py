"""Events: what a company's own systems were told, and whether they took it."""

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from common.words import Words
from invoicing.api import ids, paging
from invoicing.api.base import ApiView, answer, client, one
from invoicing.api.examples import EVENT, EVENTS
from invoicing.api.schema import Param, operation
from invoicing.api.webhook_resources import PAGED, SCOPE, EventResource, each_for, happened
from invoicing.models import Company, Event
from invoicing.outgoing.happening import KINDS, TRIAL


class Events(ApiView):
    """What happened, as far as somebody was to be told."""

    scopes: ClassVar = {"GET": SCOPE}

    @operation(
        name="events_list",
        title=Words("Sucesos", "Events"),
        says=Words("Lo que se avisó, y si cada uno lo aceptó.", "What was told, and whether each took it."),
        scope=SCOPE,
        answer=paging.Page[EventResource],
        examples=EVENTS,
        parameters=(
            Param("type", Words("La clase de suceso.", "The kind of event."), enum=[*KINDS, TRIAL]),
            *PAGED,
        ),
        problems=("parameter-invalid",),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List events."""
        company = client(request).company
        filters = {"type": paging.among("kind", [*KINDS, TRIAL])}
        return answer(paging.page(request, _events(company), ids.EVENT, filters, each_for(company, happened)))


class OneEvent(ApiView):
    """One event."""

    scopes: ClassVar = {"GET": SCOPE}

    @operation(
        name="events_read",
        title=Words("Un suceso", "An event"),
        says=Words("Lo que se avisó, y si cada uno lo aceptó.", "What was told, and whether each took it."),
        scope=SCOPE,
        answer=EventResource,
        examples=EVENT,
        problems=("not-found",),
    )
    def get(self, request: Request, id: str) -> Response:
        """Show an event."""
        company = client(request).company
        return answer(happened(one(_events(company), ids.EVENT, id), company))


def _events(company: Company) -> "QuerySet[Event]":
    rows: QuerySet[Event] = Event.objects.filter(company=company)
    return rows.prefetch_related("notifications")
