"""Signed links by which somebody without a login answers what a process waits for, once.

    path = link(f"approve:{expense.pk}", Decision(approved=True), label="Approve", expires=timedelta(days=3), now=now,
                question="Train to València, 84.20 €", who="ana@example.com")

The answer stands inside the signature: whoever holds the link can give this answer and no other. Opening the page
changes nothing (mail scanners open every link); its button does, and the first button of any link wins.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from common import clock
from workflows import tokens
from workflows.encoding import EncodingError, decode, encode
from workflows.errors import TokenClosed
from workflows.models import Token

log = logging.getLogger(__name__)

SALT = "workflows.links"
MAX_REASON = 500
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


class Decision(msgspec.Struct, frozen=True, omit_defaults=True, rename={
    "key": "k", "answer": "a", "label": "l", "until": "u", "question": "q", "who": "w",
}):  # fmt: skip
    """What a link holds under its signature. The answer is the journal's own text."""

    key: str
    answer: str
    label: str
    until: datetime
    question: str = ""
    who: str = ""


def link(
    token_key: str,
    answer: Any,
    *,
    label: str,
    expires: timedelta,
    now: datetime,
    question: str = "",
    who: str = "",
) -> str:
    """Return the path of a page whose button answers the token with `answer`, until `expires` from now.

    `label` is what the button says, `question` what is asked, and `who` the person that the link was sent to: in the
    history the actor is `link:<who>`. Put the site's address in front and send it to that person alone.

    :raises EncodingError: when the answer is no plain value.
    """
    decision = Decision(token_key, encode(answer), label, now + expires, question, who)
    signed = signing.dumps(msgspec.to_builtins(decision), salt=SALT, compress=True)
    return reverse("decide", args=[signed])


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, signed: str) -> HttpResponse:
    """Show what a link would record; record it when the button is pressed."""
    try:
        decision = msgspec.convert(signing.loads(signed, salt=SALT), Decision)
    except (signing.BadSignature, msgspec.ValidationError):
        return _page(request, "refused", 404)
    now = clock.now()
    if now >= decision.until:
        return _page(request, "expired", 410, decision)
    token = Token.objects.filter(pk=decision.key).first()
    if token and (token.closed or token.completed_at):
        return _page(request, "closed", 409, decision)
    if request.method != "POST":
        return _page(request, "ask", 200, decision)
    try:
        tokens.answer(
            decision.key,
            decode(decision.answer, Any),
            tenant=token.tenant if token else "",
            now=now,
            actor=f"link:{decision.who or decision.label}"[:120],
            reason=request.POST.get("reason", "").strip()[:MAX_REASON].replace("\x00", ""),
        )
    except TokenClosed:
        return _page(request, "closed", 409, decision)
    except EncodingError:
        log.exception("the answer of a link does not fit what is waited for: %s", decision.key)
        return _page(request, "unfit", 409, decision)
    return _page(request, "done", 200, decision)


def _page(request: HttpRequest, name: str, status: int, decision: Decision | None = None) -> HttpResponse:
    context: dict[str, Any] = {"title": _titles()[name], "name": name, "most": MAX_REASON}
    if decision:
        context |= {
            "decision": decision,
            "until": date_format(localtime(decision.until), "d/m/Y H:i"),
            "record": msgspec.json.format(decision.answer, indent=2),
        }
    template = f"decide/{name if name in ('ask', 'done') else 'sorry'}.html"
    response = render(request, template, context, status=status)
    for header, value in HEADERS.items():
        response[header] = value
    return response


def _titles() -> dict[str, str]:
    return {
        "ask": _("Le pedimos una decisión"),
        "done": _("Respuesta guardada"),
        "expired": _("Este enlace ha caducado"),
        "closed": _("Ya está decidido"),
        "unfit": _("Este enlace ya no sirve"),
        "refused": _("Este enlace no es válido"),
    }
