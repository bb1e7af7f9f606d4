"""Why a process is where it is and what happens next: one answer per state, for a person."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from common.admin import anchor, change_url, lasted, link, moment, mono
from workflows.admin.desks import desk, question, step_title
from workflows.admin.words import STATES
from workflows.models import Lane, Process, ProcessEvent
from workflows.states import OPEN


@dataclass(frozen=True)
class Explanation:
    """`why` and `next` are sentences; `levers` the moves that make sense, the safe one first."""

    why: Any
    next: Any
    levers: tuple[str, ...] = ()
    tone: str = "info"
    known: tuple[tuple[Any, Any], ...] = ()


def explain(process: Process, *, now: datetime) -> Explanation:
    """Return the explanation of a process as its row stands (up to five queries), with the times that end it."""
    told = _unwinding(process) if process.unwinding and process.state in OPEN else _explain(process, now)
    return replace(told, known=(*told.known, *_limits(process)))


def _explain(process: Process, now: datetime) -> Explanation:
    match process.state:
        case "pending":
            return _pending(process, now)
        case "processing":
            return _processing(process)
        case "waiting":
            return _waiting(process)
        case "retrying":
            return Explanation(
                _error(process) or _("El último intento falló."),
                _("Se reintenta solo a las %(at)s.") % {"at": moment(process.wake_at)},
                ("cancel",), tone="warning",
            )  # fmt: skip
        case "held":
            return _held(process)
        case "failed":
            return _failed(process)
        case "cancelled":
            return _cancelled(process)
        case "expired":
            return Explanation(_("No empezó en el tiempo que tenía."), _("No se hará nada más."), ("replay",))
    return Explanation(
        _("Terminó el %(at)s; duró %(took)s.") % {"at": moment(process.finished_at), "took": took(process, now)},
        _("No queda nada por hacer."),
        ("replay",),
        tone="success",
    )


def _limits(process: Process) -> tuple[tuple[Any, Any], ...]:
    """Return by when an open process must have begun, and ended."""
    if process.state not in OPEN:
        return ()
    begins = process.expires_at if process.started_at is None else None
    return (
        *(((_("Caduca si no ha empezado el"), moment(begins)),) if begins else ()),
        *(((_("Fracasa si no ha terminado el"), moment(process.deadline_at)),) if process.deadline_at else ()),
    )


def _unwinding(process: Process) -> Explanation:
    failed = _error(process) or _("Falló.")
    if process.state == "held":
        return Explanation(
            failed,
            _("Al deshacer lo hecho, un paso falló. Corrija la causa y pulse «Reanudar»: sigue deshaciendo."),
            ("resume", "cancel"), tone="danger",
        )  # fmt: skip
    return Explanation(
        failed,
        _("Está deshaciendo sus pasos, del último al primero; después quedará como fallido. Cancelarlo deja sin "
          "deshacer lo que falte."),
        ("cancel",), tone="warning",
    )  # fmt: skip


def took(process: Process, now: datetime) -> str:
    """Return how long the process has been alive, or was."""
    return lasted(((process.finished_at or now) - process.created_at).total_seconds() * 1000)


def _pending(process: Process, now: datetime) -> Explanation:
    if process.behind:
        first = Process.objects.filter(order_key=process.order_key, state__in=OPEN).order_by("seq").first()
        return Explanation(
            format_html(_("Espera a que termine el proceso anterior de lo mismo: {}."), link(first)),
            _("Empieza solo en cuanto aquel termine o se cancele."),
            ("cancel",), tone="warning" if first and first.state == "held" else "info",
        )  # fmt: skip
    if process.admitted_at:
        return Explanation(
            _("Tiene sitio; lo tomará el primer trabajador libre de la cola «%(queue)s».") % {"queue": process.queue},
            _("Si pasan minutos sin que empiece, compruebe que hay trabajadores en marcha (manage.py worker)."),
            ("cancel",),
        )  # fmt: skip
    if process.wake_at and process.wake_at > now:
        return Explanation(
            _("Reposa un momento, por si llega un cambio que haría inútil el trabajo."),
            _("Empieza solo a las %(at)s.") % {"at": moment(process.wake_at)},
            ("cancel",),
        )  # fmt: skip
    return _queued(process, now)


def _queued(process: Process, now: datetime) -> Explanation:
    """Say which of the two lanes keeps a process waiting, and until when."""
    lanes = Lane.objects.in_bulk([key for key in (process.lane, process.resource) if key])
    lane = lanes.get(process.lane)
    for found in lanes.values():
        if found.paused:
            return Explanation(
                format_html(_("Su carril está en pausa: {}."), link(found)),
                _("Sigue cuando se quite la pausa del carril."),
                ("cancel",), tone="warning",
            )  # fmt: skip
    for found in lanes.values():
        if found.active < found.limit and (at := rate_refills_at(found, now)):
            return Explanation(
                format_html(
                    _("Su carril {} deja empezar {} cada {}, y ya han empezado esos."),
                    anchor(change_url(found), found.key), found.rate, lasted(found.rate_seconds * 1000),
                ),
                _("Empieza solo cuando le toque, a partir de las %(at)s.") % {"at": moment(at)},
                ("cancel",),
            )  # fmt: skip
    resource = lanes.get(process.resource)
    if resource and resource.active >= resource.limit and lane and lane.active < lane.limit:
        return Explanation(
            format_html(_("Hay sitio en su carril, pero no en lo que comparte con los demás: {}."), link(resource)),
            _("Empieza solo en cuanto quede sitio allí; mientras, otros de su carril pueden adelantarlo."),
            ("cancel",),
        )
    return Explanation(
        format_html(_("Espera sitio en su carril: {}."), anchor(change_url(lane), lane) if lane else process.lane),
        _("Empieza solo en cuanto haya sitio."),
        ("cancel",),
    )


def rate_refills_at(lane: Lane, now: datetime) -> datetime | None:
    """Return when the lane's rate lets the next one go; None when it does now, or there is no rate."""
    if not lane.rate or lane.tokens_at is None:
        return None
    per_second = lane.rate / lane.rate_seconds
    held = min(lane.rate, lane.tokens + max((now - lane.tokens_at).total_seconds(), 0) * per_second)
    return None if held >= 1 else now + timedelta(seconds=(1 - held) / per_second)


def _processing(process: Process) -> Explanation:
    # A lease measures the life of an operating system process: real time, not the movable clock.
    if process.lease_until and process.lease_until < timezone.now():
        return Explanation(
            format_html(_("El trabajador {} dejó de responder a mitad."), mono(process.worker)),
            _("Otro trabajador lo recoge en unos segundos y sigue desde el último paso hecho."),
            ("cancel",), tone="warning",
        )  # fmt: skip
    return Explanation(
        format_html(_("Lo está ejecutando el trabajador {}."), mono(process.worker)),
        _("Sigue solo."),
        ("cancel",),
    )


def _waiting(process: Process) -> Explanation:
    if process.wake_at:
        return Explanation(
            _("Hace una pausa."), _("Sigue solo a las %(at)s.") % {"at": moment(process.wake_at)}, ("cancel",)
        )
    tell = desk(process.workflow).waiting
    if process.awaits_children:
        return Explanation(
            tell(process)
            if tell
            else _("Espera a sus procesos hijos: %(n)s siguen abiertos.") % {"n": open_children(process)},
            _("Sigue solo cuando terminen; mientras, no ocupa ningún trabajador."),
            ("cancel",),
        )
    tokens = list(process.tokens.filter(completed_at=None, closed=False).order_by("created_at", "key"))
    keys = ", ".join(token.key for token in tokens)
    why = tell(process) if tell else format_html(_("Espera una respuesta: {}."), mono(keys))
    ends = min((token.expires_at for token in tokens if token.expires_at), default=None)
    return Explanation(
        why,
        _("Sigue solo en cuanto llegue la respuesta; no ocupa ningún trabajador."),
        ("answer", "cancel") if tokens and desk(process.workflow).answer_by_hand else ("cancel",),
        known=((_("Deja de esperar el"), moment(ends)),) if ends else (),
    )


def open_children(process: Process) -> int:
    """Return how many of the children that a process waits for have not ended."""
    awaited = Process.objects.filter(parent=process, parent_key=process.awaits_children, state__in=OPEN)
    return awaited.count()


def _failed(process: Process) -> Explanation:
    why = _error(process) or _("Dejó de intentarse.")
    if process.steps.filter(key__startswith="undo:").exists():
        return Explanation(
            why, _("Lo que había hecho está deshecho. Corrija la causa y repítalo desde el principio."),
            ("replay",), tone="danger",
        )  # fmt: skip
    return Explanation(
        why,
        _("No sigue solo. Corrija la causa y pulse «Reanudar»: continúa donde se quedó, sin repetir lo hecho."),
        ("resume", "replay"), tone="danger",
    )  # fmt: skip


def _held(process: Process) -> Explanation:
    kind = (process.hold or {}).get("kind")
    if kind == "question":
        asked = question(process)
        return Explanation(
            asked.text or asked.title,
            asked.advice or _("Espera una decisión de una persona."),
            ("resolve", "cancel"), tone="warning", known=(*asked.known, *desk(process.workflow).known(process)),
        )  # fmt: skip
    if kind == "poison":
        return Explanation(
            _("Se apartó: %(n)s trabajadores murieron ejecutándolo sin avanzar un paso.") % {"n": process.recoveries},
            _("No se reintenta solo, para que los demás sigan. Mire la causa y pulse «Reanudar»."),
            ("resume", "cancel"), tone="danger",
        )  # fmt: skip
    return Explanation(
        _error(process) or _("Se agotaron los reintentos."),
        _("No se reintenta solo. Corrija la causa y pulse «Reanudar»: continúa donde se quedó, sin repetir lo hecho."),
        ("resume", "cancel"), tone="danger",
    )  # fmt: skip


def _cancelled(process: Process) -> Explanation:
    if process.superseded_by_id:
        return Explanation(
            format_html(_("Llegó una versión más nueva; la atiende otro proceso: {}."), link(process.superseded_by)),
            _("No se hará nada más aquí."),
            ("replay",),
        )
    last = ProcessEvent.objects.filter(process=process, move="cancel").order_by("-id").first()
    if last is None:
        return Explanation(_("Se canceló."), _("No se hará nada más."), ("replay",))
    return Explanation(
        _("Lo canceló %(who)s el %(at)s. Motivo: %(reason)s")
        % {"who": last.actor, "at": moment(last.at), "reason": last.reason or "—"},
        _("No se hará nada más."),
        ("replay",),
    )


def _error(process: Process) -> Any:
    told = process.error or {}
    if not told:
        return ""
    step = told.get("step")
    where = _("Falló «%(step)s»") % {"step": step_title(process.workflow, step)} if step else _("Falló")
    return f"{where}: {_told(told)}"


def _told(error: Mapping[str, str]) -> str:
    """Return an error as a person is told; who gave up by `Abort` has said it all in the message."""
    kind, message = error.get("class", ""), error.get("message", "")
    return message if kind == "Abort" and message else f"{kind}: {message}"


def short_reason(process: Process) -> str:
    """Return in a few words why a process stands still, for a list; no query."""
    if process.state == "held" and (process.hold or {}).get("kind") == "question":
        return str(question(process).title)
    if process.state in ("held", "failed", "retrying") and process.error:
        return _told(process.error)[:160]
    if process.state == "held" and (process.hold or {}).get("kind") == "poison":
        return _("sus trabajadores mueren")
    if process.state == "cancelled" and process.superseded_by_id:
        return _("llegó una versión más nueva")
    return str(STATES["pending"].text) if process.behind and process.state == "pending" else ""
