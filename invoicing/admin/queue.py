"""`/admin/holds/`: everything that waits for a person's decision, oldest first; answered one by one or many at once."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import clock
from common.admin import Label, list_url, moment, scoped, tenants
from common.words import reading
from invoicing.admin import bulk
from invoicing.admin.asked import latest, told
from invoicing.admin.related import euros
from invoicing.answers import ASKS, outline
from invoicing.models import Connection
from invoicing.waiting import AGES, PAGE, Question, Wanted, age_of, counts, questions, summed
from workflows.models import Process

AGE = {
    "fresh": Label(gettext_lazy("hasta 2 días")),
    "old": Label(gettext_lazy("más de 2 días"), "warning"),
    "stale": Label(gettext_lazy("más de 7 días"), "danger"),
}
"""How an age is called, and its colour."""


@dataclass(frozen=True)
class Row:
    """One question as the list shows it."""

    question: Question
    waited: str
    colour: str
    since: str
    sentence: str
    missing: str
    actions: list[str]
    total: str
    url: str
    order_url: str
    company: str
    asked: str = ""
    chosen: str = field(default="")


def holds(request: HttpRequest) -> HttpResponse:
    """Show the list; with POST, ask for one answer to the chosen ones, then give it and tell what became of each."""
    if not request.user.has_perm("workflows.view_process"):
        raise PermissionDenied
    if request.method == "POST":
        if not may_answer(request):
            raise PermissionDenied
        return bulk.answer(request)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    return _list(request)


def may_answer(request: HttpRequest) -> bool:
    """Tell whether the person may answer: the permission to press a process's buttons."""
    return bool(request.user.has_perm("workflows.change_process"))


def _list(request: HttpRequest) -> HttpResponse:
    now, mine = clock.now(), bulk.whose(request)
    wanted = wanted_of(request)
    page = max(int(text) if (text := request.GET.get("p", "1")).isdecimal() else 1, 1)
    found = questions(mine, wanted, now=now, offset=(page - 1) * PAGE, limit=PAGE + 1)
    counted = counts(mine, Wanted(tenant=wanted.tenant, connection=wanted.connection, age=wanted.age), now=now)
    everything = counts(mine, Wanted(), now=now)
    total = sum(count.total for count in counted if wanted.code in ("", count.code))
    return TemplateResponse(request, "admin/invoicing/holds.html", {
        **bulk.frame(request),
        "title": _("Retenidos"),
        "total": total,
        "ages": [(AGE[age], number, _address(request, age=age), wanted.age == age)
                 for age, number in summed(everything).items()],
        "reasons": [
            (outline(count.code), count.code, count.total, waited(now, count.since),
             AGE[age_of(now, count.since)].colour, _address(request, code=count.code), wanted.code == count.code)
            for count in counted
        ],
        "all_reasons": _address(request, code=""),
        "any_age": _address(request, age=""),
        "filtered": any((wanted.code, wanted.tenant, wanted.connection, wanted.age)),
        "companies": _companies(request), "company": wanted.tenant,
        "connections": _connections(request, wanted.tenant), "connection": str(wanted.connection or ""),
        "wanted": wanted,
        "rows": rows(request, found[:PAGE], now),
        "may_answer": may_answer(request),
        "failures": scoped(request, Process.objects.filter(state="held").exclude(hold__kind="question"),
                           "tenant").count(),
        "failures_url": list_url(Process, state="held"),
        "before": _address(request, p=str(page - 1)) if page > 1 else "",
        "after": _address(request, p=str(page + 1)) if len(found) > PAGE else "",
    })  # fmt: skip


def rows(request: HttpRequest, found: list[Question], now: datetime) -> list[Row]:
    """Return questions as the list shows them (one query for what customers were asked)."""
    letters = latest(question.token for question in found)
    names = tenants(request)
    several = len(names) > 1
    return [
        Row(
            question=question,
            waited=waited(now, question.since),
            colour=AGE[age_of(now, question.since)].colour,
            since=moment(question.since),
            sentence=question.held.sentence(reading()),
            missing=question.held.missing_in(reading()),
            actions=[str(ASKS[action].label) for action in question.held.actions],
            total=euros(question.total),
            url=reverse("admin:workflows_process_resolve", args=[question.process]),
            order_url=reverse("admin:invoicing_order_change", args=[question.order]) if question.order else "",
            company=names.get(question.tenant, "") if several else "",
            asked=told(letters[question.token]) if question.token in letters else "",
            chosen=bulk.choice(question),
        )
        for question in found
    ]


def waited(now: datetime, since: datetime) -> str:
    """Return for how long somebody has waited, in the largest unit that says it."""
    minutes = int((now - since).total_seconds() // 60)
    if minutes < 60:
        return _("%(n)s min") % {"n": max(minutes, 0)}
    if minutes < 2 * 24 * 60:
        return _("%(n)s h") % {"n": minutes // 60}
    return _("%(n)s días") % {"n": minutes // (24 * 60)}


def wanted_of(request: HttpRequest) -> Wanted:
    """Return the filters in the address; what is not one of ours is none."""
    age = request.GET.get("age", "")
    try:
        connection = UUID(request.GET.get("connection", ""))
    except ValueError:
        connection = None
    return Wanted(
        code=request.GET.get("code", "")[:60].replace("\x00", ""),
        tenant=request.GET.get("company", "")[:64].replace("\x00", ""),
        connection=connection,
        age=age if age in AGES else "",
    )


def _companies(request: HttpRequest) -> list[tuple[str, str]]:
    names = tenants(request)
    return list(names.items()) if len(names) > 1 else []


def _connections(request: HttpRequest, tenant: str) -> list[tuple[str, str]]:
    found = scoped(request, Connection.objects.all(), "company").order_by("name")
    if tenant in tenants(request):
        found = found.filter(company=tenant)
    listed = [(str(connection.pk), str(connection)) for connection in found[:100]]
    return listed if len(listed) > 1 else []


def _address(request: HttpRequest, **changes: str) -> str:
    """Return the list's address with other filters; another filter begins at the first page."""
    kept = {name: request.GET.get(name, "") for name in ("code", "company", "connection", "age")}
    query = urlencode({name: value for name, value in {**kept, **changes}.items() if value})
    return f"{reverse('holds')}?{query}" if query else reverse("holds")
