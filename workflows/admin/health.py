"""How the processes fare, on one page; and the workers that are there to run them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common import clock
from common.admin import Fact, HouseAdmin, anchor, lasted, list_url, moment, mono, table, tenants
from workflows.admin.desks import desk
from workflows.admin.words import STATES
from workflows.health import BreakerState, Ended, Health, LaneUse, Standing, WorkerSeen, health
from workflows.models import Lane, Process, Worker

WINDOWS = {"1": gettext_lazy("Última hora"), "24": gettext_lazy("Último día"), "168": gettext_lazy("Última semana")}
"""Hours, as the address has them."""

BREAKERS = {
    "closed": gettext_lazy("cerrado"),
    "half_open": gettext_lazy("a prueba"),
    "open": gettext_lazy("abierto"),
}


def health_page(page: Any, request: HttpRequest) -> HttpResponse:
    """Show the health of the processes that the person sees: all, with lanes and workers, for a superuser."""
    hours = request.GET.get("horas", "24")
    hours = hours if hours in WINDOWS else "24"
    everything = bool(getattr(request.user, "is_superuser", False))
    now = clock.now()
    seen = health(now, window=timedelta(hours=int(hours)), tenants=None if everything else list(tenants(request)))
    context = {
        "title": _("Salud de los procesos"),
        "everything": everything,
        "windows": [(WINDOWS[it], f"?horas={it}", it == hours) for it in WINDOWS],
        "facts": _facts(seen, everything),
        "ended": _ended(seen.ended),
        "open": _open(seen.open, now),
        "lanes": _lanes(seen.lanes),
        "workers": _workers(seen.workers),
        "breakers": _breakers(seen.breakers),
    }
    answer: HttpResponse = page.answer(request, None, "admin/workflows/health.html", context)
    return answer


def _facts(seen: Health, everything: bool) -> list[Fact]:
    tried = sum(it.completed + it.failed + it.expired for it in seen.ended)
    oldest = seen.oldest_pending
    facts = [
        Fact(_("Terminados"), sum(it.ended for it in seen.ended)),
        Fact(_("Con éxito"), _share(sum(it.completed for it in seen.ended) / tried if tried else None)),
        Fact(_("Abiertos ahora"), sum(it.count for it in seen.open)),
        Fact(_("El que más espera en cola"), _seconds(oldest.seconds(seen.now)) if oldest else "—"),
    ]
    if everything:
        slots, busy = sum(it.slots for it in seen.workers), sum(it.busy for it in seen.workers)
        facts.append(Fact(_("Trabajadores"), len(seen.workers)))
        facts.append(Fact(_("Plazas ocupadas"), f"{busy} / {slots}"))
    return facts


def _ended(rows: Iterable[Ended]) -> dict[str, Any]:
    return table(
        [
            _("Qué hace"), _("Terminados"), _("Con éxito"), _("Fallidos"), _("Cancelados"), _("Caducados"),
            _("Con reintentos"), _("Duración p50 / p95"), _("Espera p50 / p95"),
        ],
        [
            [
                desk(it.workflow).title, it.ended, _share(it.success_rate), it.failed, it.cancelled, it.expired,
                _share(it.retry_rate), f"{_seconds(it.duration_p50)} / {_seconds(it.duration_p95)}",
                f"{_seconds(it.wait_p50)} / {_seconds(it.wait_p95)}",
            ]
            for it in rows
        ],
    )  # fmt: skip


def _open(rows: Iterable[Standing], now: datetime) -> dict[str, Any]:
    return table(
        [_("Qué hace"), _("Estado"), _("Cuántos"), _("El más antiguo")],
        [
            [
                desk(it.workflow).title,
                anchor(list_url(Process, workflow=it.workflow, state=it.state), STATES[it.state].text),
                it.count,
                _seconds(it.seconds(now)),
            ]
            for it in rows
        ],
    )


def _lanes(rows: Iterable[LaneUse]) -> dict[str, Any]:
    return table(
        [_("Carril"), _("Ocupados"), _("Límite"), _("En cola"), _("En pausa")],
        [
            [anchor(list_url(Lane, q=it.key), it.key), it.active, it.limit, it.queued, _("sí") if it.paused else "—"]
            for it in rows
        ],
    )


def _workers(rows: Iterable[WorkerSeen]) -> dict[str, Any]:
    return table(
        [_("Trabajador"), _("Colas"), _("Ocupadas"), _("Plazas"), _("Desde")],
        [[mono(it.name), ", ".join(it.queues), it.busy, it.slots, moment(it.started_at)] for it in rows],
    )


def _breakers(rows: Iterable[BreakerState]) -> dict[str, Any]:
    return table(
        [_("Recurso"), _("Cortacircuitos"), _("Fallos seguidos"), _("Abierto hasta")],
        [[it.key, BREAKERS.get(it.state, it.state), it.failures, moment(it.opened_until)] for it in rows],
    )


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}".replace(".", ",").replace("%", " %")


def _seconds(value: float | None) -> str:
    return "—" if value is None else lasted(value * 1000)


@admin.register(Worker)
class WorkerAdmin(HouseAdmin):
    """Workers write their own rows; here they are read."""

    list_display = ("name_shown", "queues_shown", "slots_shown", "started", "seen")
    list_display_links = ("name_shown",)
    search_fields = ("name",)
    fields = readonly_fields = ("name_shown", "queues_shown", "slots_shown", "started", "seen")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("trabajador"), ordering="name")
    def name_shown(self, worker: Worker) -> str:
        return worker.name

    @display(description=gettext_lazy("colas"))
    def queues_shown(self, worker: Worker) -> str:
        return ", ".join(worker.queues)

    @display(description=gettext_lazy("plazas"), ordering="slots")
    def slots_shown(self, worker: Worker) -> int:
        return worker.slots

    @display(description=gettext_lazy("desde"), ordering="started_at")
    def started(self, worker: Worker) -> str:
        return moment(worker.started_at)

    @display(description=gettext_lazy("visto por última vez"), ordering="seen_at")
    def seen(self, worker: Worker) -> str:
        return moment(worker.seen_at)
