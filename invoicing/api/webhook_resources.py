"""Endpoints and events as clients send and see them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec

from common.words import Words
from invoicing.api import ids
from invoicing.api.resources import Moment
from invoicing.api.schema import Param
from invoicing.models import Company, Endpoint, Event
from invoicing.outgoing.happening import KINDS, Kind

SCOPE = "webhooks:manage"
PAGED = (
    Param("limit", Words("Cuántos por página, de 1 a 100; 50 si falta.", "How many a page, 1 to 100; 50 if absent."),
          int),
    Param("cursor", Words("Lo pone `next`.", "`next` holds it.")),
)  # fmt: skip
Kinds = Annotated[tuple[Kind, ...], msgspec.Meta(min_length=1, max_length=len(KINDS))]
Url = Annotated[str, msgspec.Meta(max_length=500)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class EndpointBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint that is wanted."""

    name: Name
    url: Url
    events: Kinds


class EndpointChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be other than it is."""

    name: Name | None = None
    url: Url | None = None
    events: Kinds | None = None
    active: bool | None = None


class Nothing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body without anything in it."""


class EndpointResource(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint and how it does."""

    id: str
    name: str
    url: str
    events: list[str]
    active: bool
    off_reason: str
    failing_since: Moment | None
    accepted_at: Moment | None
    created_at: Moment


class SecretResource(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint is signed with."""

    secret: str
    previous_until: Moment | None


class ResentResource(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent anew."""

    resent: int


class NotificationResource(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way to one endpoint."""

    endpoint: str
    state: str
    tries: int
    status: int | None
    detail: str
    tried_at: Moment | None


class EventResource(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, and who was told of it."""

    id: str
    type: str
    at: Moment
    data: dict[str, Any]
    notifications: list[NotificationResource]


def shown(endpoint: Endpoint, company: Company) -> EndpointResource:
    """Return an endpoint as clients see it."""
    return EndpointResource(
        id=ids.text(ids.ENDPOINT, endpoint.pk),
        name=endpoint.name,
        url=endpoint.url,
        events=list(endpoint.kinds),
        active=endpoint.active,
        off_reason=endpoint.off_reason,
        failing_since=at(endpoint.failing_since, company),
        accepted_at=at(endpoint.accepted_at, company),
        created_at=endpoint.created_at.astimezone(ZoneInfo(company.zone)),
    )


def happened(event: Event, company: Company) -> EventResource:
    """Return an event as clients see it, with each of its notifications."""
    return EventResource(
        id=ids.text(ids.EVENT, event.pk),
        type=event.kind,
        at=event.at.astimezone(ZoneInfo(company.zone)),
        data=msgspec.json.decode(event.body)["data"],
        notifications=[
            NotificationResource(
                endpoint=ids.text(ids.ENDPOINT, row.endpoint_id),
                state=row.state,
                tries=row.tries,
                status=row.status,
                detail=row.detail,
                tried_at=at(row.tried_at, company),
            )
            for row in sorted(event.notifications.all(), key=lambda row: row.pk)
        ],
    )


def each_for(company: Company, show: Callable[[Any, Company], Any]) -> Callable[[Sequence[Any]], list[Any]]:
    return lambda rows: [show(row, company) for row in rows]


def at(moment: datetime | None, company: Company) -> datetime | None:
    return moment.astimezone(ZoneInfo(company.zone)) if moment else None
