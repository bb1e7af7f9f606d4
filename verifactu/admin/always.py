"""What stands on every page of the admin: whose invoicing it is, and what its people must know as long as it lasts."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from common import clock
from common.admin import ScopedAdmin, change_url, list_url, moment, tenants
from verifactu import notices
from verifactu.admin.words import NOTICES
from verifactu.models import Record, Submission, Taxpayer

MOST_SHOWN = 5
"""Notices of one sort; a line says how many more there are."""


def operated(context: dict[str, Any]) -> dict[str, Any]:
    """Say which taxpayer is operated on this page, and that the system serves more than one (Orden, art. 2.d)."""
    request: Any = context.get("request")
    if not _staff(request):
        return {}
    mine = _mine(request)
    count, only = notices.served(mine)
    one = _of_this_page(context, request) or only
    return {"one": one, "count": count, "several": notices.serves_several()}


def aeat_notices(context: dict[str, Any]) -> dict[str, Any]:
    """Tell what waits and why, and what is amiss; nothing when all is well."""
    request: Any = context.get("request")
    if not _staff(request):
        return {}
    mine, now = _mine(request), clock.now()
    waiting = [_waiting(it) for it in notices.waiting(mine, now=now)]
    amiss = [_amiss(it) for it in notices.amiss(mine, now=now)]
    return {
        "notices": [*waiting[:MOST_SHOWN], *amiss[:MOST_SHOWN]],
        "more": max(len(waiting) - MOST_SHOWN, 0) + max(len(amiss) - MOST_SHOWN, 0),
    }


def _waiting(it: notices.Waiting) -> dict[str, Any]:
    facts = {"n": it.count, "who": f"{it.taxpayer} ({it.nif})", "since": moment(it.since)}
    why = it.reason or _("nadie los ha intentado enviar: compruebe que los trabajadores están en marcha")
    then = _("Se intenta de nuevo solo a las %(at)s") % {"at": moment(it.next_at)} if it.next_at else ""
    return {
        "tone": "danger",
        "what": _("%(who)s: registros de facturación sin enviar a la AEAT: %(n)s, desde el %(since)s") % facts,
        "why": f"{why}.",
        "then": _("%(then)s; mientras tanto se sigue facturando.") % {"then": then} if then else "",
        "url": change_url(Submission(pk=it.submission)) if it.submission else list_url(Record, state="pending"),
    }


def _amiss(it: notices.Amiss) -> dict[str, Any]:
    kind = it.kind
    if kind == "certificate" and it.at and it.at <= clock.now():
        kind = "expired"
    told = NOTICES[kind]
    facts = {"who": it.taxpayer, "n": f"{it.count:+d}" if kind == "clock" else it.count, "at": moment(it.at)}
    return {
        "tone": told.colour,
        "what": told.what % facts,
        "why": it.text,
        "then": told.then,
        "url": change_url(it.row) if kind != "clock" else "",
    }


def _staff(request: Any) -> bool:
    return isinstance(request, HttpRequest) and bool(request.user.is_active and request.user.is_staff)


def _mine(request: HttpRequest) -> notices.Tenants:
    return None if getattr(request.user, "is_superuser", False) else list(tenants(request))


def _of_this_page(context: dict[str, Any], request: HttpRequest) -> Taxpayer | None:
    """Return whose row the page shows, or whose rows the list was narrowed to; None for a page of several."""
    row = context.get("original")
    key = request.GET.get("empresa", "") if context.get("cl") else ""
    if isinstance(row, Model):
        page = admin.site._registry.get(type(row))
        key = _tenant(row, page.tenant_path) if isinstance(page, ScopedAdmin) else ""
    found = Taxpayer.objects.only("name", "nif", "tenant").filter(tenant=key).first() if key else None
    mine = _mine(request)
    return found if found and (mine is None or found.tenant in mine) else None


def _tenant(row: Any, path: str) -> str:
    for part in path.split("__"):
        row = getattr(row, part, "")
    return str(row.pk if isinstance(row, Model) else row)
