"""The frame of the admin: the sidebar, and the front page with what needs a person. Named by settings.UNFOLD."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from common import clock
from common.admin import change_url, list_url, moment, scoped
from invoicing.admin.bulk import whose
from invoicing.admin.queue import AGE, waited
from invoicing.admin.related import euros
from invoicing.models import (
    ApiKey,
    CensusCheck,
    Company,
    Connection,
    Delivery,
    Draft,
    Endpoint,
    ExchangeRate,
    Export,
    Gap,
    Invoice,
    MailTemplate,
    Order,
    PrivacyRequest,
    Reconciliation,
    Series,
    VatCheck,
)  # fmt: skip
from invoicing.waiting import OLD, STALE, ReasonCount, Wanted, age_of, counts, summed
from verifactu.admin.words import RECORDS
from verifactu.models import Answer, Discrepancy, Installation, LockEvent, Record, Submission, Taxpayer
from workflows.admin.desks import desk, subjects
from workflows.admin.explain import short_reason
from workflows.admin.words import STATES
from workflows.models import Alert, Breaker, Lane, Process, Schedule, Worker

MOST_SHOWN = 12
"""Rows of each list on the front page; a link leads to all."""
MOST_COUNTED = 1000
"""A count that a person acts on: beyond it «1000+» says as much."""

RECORDS_AMISS = ("quarantined", "rejected")


# --- the sidebar -----------------------------------------------------------------------------------------------


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar's groups with what the person may open."""
    stopped = _stopped(request)[: MOST_COUNTED + 1].count() if _may(request, Process) else 0
    held = sum(count.total for count in _held(request)) if stopped else 0
    groups: list[tuple[Any, list[Any]]] = [
        ("", [(_("Inicio"), "home", reverse("admin:index"), None)]),
        (_("Facturación"), [
            (_("Pedidos"), "shopping_bag", list_url(Order), Order),
            (_("Retenidos"), "pending_actions", reverse("holds"), Process),
            (_("Facturas"), "receipt_long", list_url(Invoice), Invoice),
            (_("Borradores"), "edit_document", list_url(Draft), Draft),
            (_("Exportaciones"), "download", list_url(Export), Export),
            (_("Entregas"), "inbox", list_url(Delivery), Delivery),
            (_("Privacidad"), "person_off", list_url(PrivacyRequest), PrivacyRequest),
            (_("Empresas"), "apartment", list_url(Company), Company),
            (_("Conexiones"), "storefront", list_url(Connection), Connection),
            (_("Comprobaciones"), "fact_check", list_url(Reconciliation), Reconciliation),
            (_("Claves de API"), "key", list_url(ApiKey), ApiKey),
            (_("Avisos a otros sistemas"), "campaign", list_url(Endpoint), Endpoint),
            (_("Series"), "tag", list_url(Series), Series),
            (_("Huecos de series"), "data_array", list_url(Gap), Gap),
            (_("Comprobaciones en VIES"), "verified", list_url(VatCheck), VatCheck),
            (_("Comprobaciones en el censo"), "badge", list_url(CensusCheck), CensusCheck),
            (_("Tipos de cambio"), "currency_exchange", list_url(ExchangeRate), ExchangeRate),
            (_("Textos de correo"), "mail", list_url(MailTemplate), MailTemplate),
        ]),
        ("VERI*FACTU", [
            (_("Obligados tributarios"), "badge", list_url(Taxpayer), Taxpayer),
            (_("Instalaciones"), "link", list_url(Installation), Installation),
            (_("Registros"), "fingerprint", list_url(Record), Record),
            (_("Envíos"), "outbox", list_url(Submission), Submission),
            (_("Respuestas"), "mark_email_read", list_url(Answer), Answer),
            (_("Diferencias con la AEAT"), "difference", list_url(Discrepancy), Discrepancy),
            (_("Cierres"), "lock", list_url(LockEvent), LockEvent),
        ]),
        (_("Procesos"), [
            (_("Procesos"), "account_tree", list_url(Process), Process),
            (_("Salud"), "monitor_heart", reverse("admin:workflows_process_health"), Process),
            (_("Carriles"), "alt_route", list_url(Lane), Lane),
            (_("Horarios"), "schedule", list_url(Schedule), Schedule),
            (_("Avisos"), "notifications", list_url(Alert), Alert),
            (_("Cortacircuitos"), "electrical_services", list_url(Breaker), Breaker),
            (_("Trabajadores"), "engineering", list_url(Worker), Worker),
        ]),
        (_("Personas"), [(_("Usuarios"), "group", list_url(User), User)]),
    ]  # fmt: skip
    return [{"title": title, "items": _items(request, items, stopped, held)} for title, items in groups]


def _items(request: HttpRequest, items: list[Any], stopped: int, held: int) -> list[dict[str, Any]]:
    shown = [
        {"title": name, "icon": icon, "link": address, "model": model}
        for name, icon, address, model in items
        if model is None or _may(request, model)
    ]
    for item in shown:
        if item["link"] == reverse("holds") and held:
            item |= {"badge": _at_most(held), "badge_variant": "warning"}
        if item.pop("model") is Process and item["link"] == list_url(Process):
            # The health page's address begins with that of the list, which is not open then.
            health = reverse("admin:workflows_process_health")
            item["active"] = request.path.startswith(item["link"]) and request.path != health
            if stopped:
                item |= {"badge": _at_most(stopped), "badge_variant": "warning"}
    return shown


def environment(request: HttpRequest) -> tuple[str, str] | None:
    """Return the mark that tells a trial from the real thing; none in production."""
    names = {"simulator": _("Simulador"), "test": _("Pruebas de la AEAT")}
    name = names.get(settings.AEAT_ENVIRONMENT)
    return (name, "warning") if name else None


# --- the front page --------------------------------------------------------------------------------------------


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what needs a person and how the day goes; each part only for whoever may see its rows."""
    now = clock.now()
    return {
        **context,
        "title": _("Inicio"),
        "first": _first_step(request),
        "cards": _cards(request, now),
        "ageing": _ageing(request, now) if _may(request, Process) else None,
        "stopped": _stopped_rows(request) if _may(request, Process) else [],
        "all_stopped": [(STATES[state].text, list_url(Process, state=state)) for state in ("held", "failed")],
        "amiss": _amiss(request) if _may(request, Record) else [],
        "unsigned": _unsigned(request, now) if _may(request, Connection) else [],
    }


def _first_step(request: HttpRequest) -> tuple[Any, str] | None:
    """Return what a new house begins with and where; None once that is done, and for who may not."""
    for model, words in (
        (Company, _("Empiece por la empresa que factura: su NIF, su dirección y su certificado.")),
        (Connection, _("Ahora, de dónde llegan los pedidos: una tienda, o la API.")),
    ):
        page = admin.site._registry[model]
        if not model._default_manager.exists():
            address = reverse(f"admin:invoicing_{model._meta.model_name}_add")
            return (words, address) if page.has_add_permission(request) else None
    return None


def _cards(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    cards = []
    if _may(request, Invoice):
        invoices = scoped(request, Invoice.objects.all(), "company")
        day = localtime(now).date()
        today = invoices.filter(issue_date=day).aggregate(n=Count("id"), total=Sum("total"))
        # What is pending is young: the index on the primary key (time-ordered) would not help, the state does.
        pending = invoices.filter(state="issued")[: MOST_COUNTED + 1].count()
        cards += [
            _card(_("Facturas de hoy"), today["n"], euros(today["total"] or Decimal(0)),
                  list_url(Invoice, issue_date__year=day.year, issue_date__month=day.month, issue_date__day=day.day)),
            _card(_("Pendientes de Hacienda"), _at_most(pending), _("esperan su respuesta"),
                  list_url(Invoice, state="issued")),
        ]  # fmt: skip
    if _may(request, Process):
        held = _held(request)
        oldest = min((count.since for count in held), default=None)
        cards.append(
            _card(
                _("Retenidos"),
                _at_most(sum(count.total for count in held)),
                _("el más antiguo, desde hace %(age)s") % {"age": waited(now, oldest)}
                if oldest
                else _("esperan una decisión"),
                reverse("holds"),
                (AGE[age_of(now, oldest)].colour or "warning") if oldest else "success",
            )
        )
        stopped = _stopped(request)[: MOST_COUNTED + 1].count()
        cards.append(_card(_("Procesos parados"), _at_most(stopped), _("retenidos o fallidos"),
                           list_url(Process, state="held"), "warning" if stopped else "success"))  # fmt: skip
    if _may(request, Record):
        amiss = _records_amiss(request)[: MOST_COUNTED + 1].count()
        cards.append(_card(_("Registros con problema"), _at_most(amiss), _("apartados o rechazados"),
                           list_url(Record, state="quarantined"), "danger" if amiss else "success"))  # fmt: skip
    return cards


def _card(title: str, figure: Any, note: Any, address: str, tone: str = "") -> dict[str, Any]:
    return {"title": title, "figure": figure, "note": note, "url": address, "tone": tone}


def _held(request: HttpRequest) -> list[ReasonCount]:
    """Return how many questions wait for the person, by reason; asked once per request."""
    found: list[ReasonCount] | None = getattr(request, "_held", None)
    if found is None:
        found = counts(whose(request), Wanted(), now=clock.now())
        request._held = found  # type: ignore[attr-defined]
    return found


def _ageing(request: HttpRequest, now: datetime) -> dict[str, Any] | None:
    """Return the notice about questions that have waited for too long; None when there are none."""
    by_age = summed(_held(request))
    age = next((age for age in ("stale", "old") if by_age[age]), "")
    if not age:
        return None
    return {
        "count": by_age[age],
        "days": (STALE if age == "stale" else OLD).days,
        "tone": AGE[age].colour,
        "url": f"{reverse('holds')}?age={age}",
    }


def _stopped(request: HttpRequest) -> Any:
    return scoped(request, Process.objects.filter(state__in=("held", "failed")), "tenant")


def _stopped_rows(request: HttpRequest) -> list[dict[str, Any]]:
    processes = list(_stopped(request).order_by("-seq")[:MOST_SHOWN])
    about = subjects(processes)
    return [
        {
            "title": desk(process.workflow).title,
            "about": ", ".join(f"{it.name} {it.text}" for it in about[process.pk]),
            "reason": short_reason(process),
            "state": STATES[process.state],
            "since": moment(process.created_at),
            "url": change_url(process),
        }
        for process in processes
    ]


def _records_amiss(request: HttpRequest) -> Any:
    return scoped(request, Record.objects.filter(state__in=RECORDS_AMISS), "installation__taxpayer__tenant")


def _amiss(request: HttpRequest) -> list[dict[str, Any]]:
    records = _records_amiss(request).defer("xml").order_by("-id")[:MOST_SHOWN]
    return [
        {
            "title": record.num_serie,
            "state": RECORDS[record.state],
            "reason": " ".join(filter(None, (record.codigo_error, record.descripcion_error, record.reason))),
            "url": change_url(record),
        }
        for record in records
    ]


def _unsigned(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """Return the connections to which something came with a wrong signature since yesterday."""
    yesterday = datetime.combine(localtime(now).date() - timedelta(days=1), time.min, tzinfo=localtime(now).tzinfo)
    connections = scoped(request, Connection.objects.filter(last_rejected_at__gte=yesterday), "company")
    return [
        {
            "title": str(connection),
            "reason": _("%(n)s entregas con firma incorrecta; la última, el %(at)s")
            % {"n": connection.rejected_deliveries, "at": moment(connection.last_rejected_at)},
            "url": change_url(connection),
        }
        for connection in connections[:MOST_SHOWN]
    ]


def _may(request: HttpRequest, model: Any) -> bool:
    """Tell whether the person may see rows of the model, as its own admin says."""
    page = admin.site._registry.get(model)
    return bool(page and page.has_view_permission(request))


def _at_most(count: int) -> str:
    return str(count) if count <= MOST_COUNTED else f"{MOST_COUNTED}+"
