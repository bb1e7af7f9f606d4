"""`/customer/<link>/`: where a buyer gives NIF, name and address, without a login, once.

Opening the page changes nothing (mail scanners open every link). It shows the order's number and total and nothing of
the buyer: a letter may be passed on.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from common import clock
from invoicing.customers import answer, links, visits
from invoicing.customers.letter import local_day
from invoicing.customers.words import LANGUAGES, Words, language_of
from invoicing.models import CustomerRequest
from invoicing.pdf.formats import clean, euros
from workflows.errors import WrongState
from workflows.models import Process, Token

LOOKS, LOOKS_WINDOW = 60, timedelta(minutes=10)
"""From one address of the net."""
TRIES, TRIES_WINDOW = 12, timedelta(hours=1)
"""To answer one link."""
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
}
POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
NAMED = {"es": "Español", "ca": "Català", "en": "English", "fr": "Français", "de": "Deutsch"}
STATUS = {"expired": 410, "answered": 409, "settled": 409, "superseded": 409, "refused": 404, "busy": 429}


@dataclass(frozen=True)
class Visit:
    """One look at the page: who came, when, and in which language it answers."""

    http: HttpRequest
    sender: str
    now: datetime
    words: Words
    request: CustomerRequest | None = None


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def customer(http: HttpRequest, signed: str) -> HttpResponse:
    """Show what is missing; keep it when it is sent, and let the order go on."""
    now, sender = clock.now(), visits.sender(http)
    visit = Visit(http, sender, now, Words(_asked_for(http) or _preferred(http)))
    if not visits.allowed(f"customer:{sender}", limit=LOOKS, window=LOOKS_WINDOW, now=now):
        return _end(visit, "busy")
    try:
        held = links.read(signed)
    except links.NotALink:
        return _end(visit, "refused")
    rows = CustomerRequest.objects.select_related("order__current", "company__taxpayer", "answer")
    request = rows.filter(pk=held.request, expires_at=held.until).first()
    if request is None:
        return _end(visit, "refused")
    visit = Visit(http, sender, now, Words(_asked_for(http) or request.language), request)
    if over := _over(request, now):
        return _end(visit, over)
    if http.method != "POST":
        return _form(visit, request)
    if not visits.allowed(f"request:{request.pk}", limit=TRIES, window=TRIES_WINDOW, now=now):
        return _end(visit, "busy")
    return _take(visit, request)


def _take(visit: Visit, request: CustomerRequest) -> HttpResponse:
    """Keep the answer, or show the form again with what is wrong in it."""
    typed = answer.read(visit.http.POST.dict(), visit.words, address_needed=answer.needs_address(request))
    if typed.errors:
        return _form(visit, request, typed)
    try:
        answer.give(request, typed, language=visit.words.language, from_hash=visit.sender, now=visit.now)
    except (answer.AlreadyAnswered, WrongState):
        again = CustomerRequest.objects.select_related("answer").get(pk=request.pk)
        return _end(Visit(visit.http, visit.sender, visit.now, visit.words, again), _over(again, visit.now))
    return _page(visit, "customer/end.html", 200, name="done", says=visit.words["done"])


def _over(request: CustomerRequest, now: datetime) -> str:
    """Return why the link is of no use any more, empty while it is."""
    if hasattr(request, "answer"):
        return "answered"
    process = Process.objects.filter(pk=request.process).first()
    if process and process.superseded_by_id:
        return "superseded"
    token = Token.objects.filter(pk=request.token).first()
    if process is None or process.state != "held" or token is None or token.closed or token.completed_at:
        return "settled"
    return "expired" if now >= request.expires_at else ""


def _form(visit: Visit, request: CustomerRequest, typed: answer.Typed | None = None) -> HttpResponse:
    words = visit.words
    required = answer.needs_address(request)
    errors = typed.errors if typed else {}
    known = typed.values if typed else {}
    fields = [
        {
            "name": name,
            "label": words[name],
            "help": words["nif_help"] if name == "nif" else "",
            "optional": words["if_other"] if name == "street" and not required else "",
            "value": known.get(name, ""),
            "error": errors.get(name, ""),
            "most": limit,
            "autocomplete": _AUTOCOMPLETE[name],
            "numeric": name == "postal_code",
            "required": name in ("nif", "name"),
        }
        for name, limit in answer.LIMITS.items()
    ]
    return _page(
        visit, "customer/ask.html", 422 if errors else 200,
        name="title", says=words[f"why_{request.code}"], fields=fields, amiss=words["amiss"] if errors else "",
        confirmed=typed.nif if typed else "", button=words["send"],
        until=words.say("link_until", until=local_day(request.expires_at, request.company.zone, visit.words.language)),
        privacy=words.say("privacy", company=clean(request.company.taxpayer.name)),
    )  # fmt: skip


_AUTOCOMPLETE = {
    "nif": "off", "name": "name", "street": "street-address", "postal_code": "postal-code", "city": "address-level2",
}  # fmt: skip


def _end(visit: Visit, name: str) -> HttpResponse:
    """Return a page that only says how it stands."""
    request, facts = visit.request, dict[str, object]()
    if request:
        facts = {"company": clean(request.company.taxpayer.name)}
        facts["until"] = local_day(request.expires_at, request.company.zone, visit.words.language)
        if hasattr(request, "answer"):
            facts["at"] = local_day(request.answer.answered_at, request.company.zone, visit.words.language)
    response = _page(
        visit, "customer/end.html", STATUS[name], name=f"{name}_title", says=visit.words.say(name, **facts)
    )
    if name == "busy":
        response["Retry-After"] = str(int(LOOKS_WINDOW.total_seconds()))
    return response


def _page(visit: Visit, template: str, status: int, *, name: str, says: str, **context: Any) -> HttpResponse:
    request, nonce = visit.request, secrets.token_urlsafe(16)
    about = ""
    if request:
        total = "—" if request.order.total is None else euros(request.order.total, visit.words.language)
        about = visit.words.say("order", order=clean(str(request.order)), total=total)
    response = render(visit.http, template, {
        "language": visit.words.language,
        "languages": [(code, NAMED[code]) for code in LANGUAGES] if request else [],
        "choose": visit.words["language"],
        "title": visit.words["done_title" if name == "done" else name],
        "company": clean(request.company.taxpayer.name) if request else "",
        "about": about,
        "says": says,
        "test": "" if settings.AEAT_ENVIRONMENT == "production" else visit.words["test"],
        "nonce": nonce,
        **context,
    }, status=status)  # fmt: skip
    for header, value in HEADERS.items():
        response[header] = value
    response["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    # Django would log the address of what it refuses, and whoever reads the log could answer in the buyer's name.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _asked_for(http: HttpRequest) -> str:
    """Return the language that the visitor chose by a link of the page, empty for none of ours."""
    wanted = http.GET.get("lang", "")
    return wanted if wanted in LANGUAGES else ""


def _preferred(http: HttpRequest) -> str:
    return language_of(http.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0])
