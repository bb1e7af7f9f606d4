"""Why a process is where it is and what happens next: one answer per state, for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
    """Return the explanation of a process as its row stands (up to three queries)."""
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
            return Explanation(
                _error(process) or _("Dejó de intentarse."),
                _("No sigue solo. Corrija la causa y pulse «Reanudar»: continúa donde se quedó, sin repetir lo hecho."),
                ("resume",), tone="danger",
            )  # fmt: skip
        case "cancelled":
            return _cancelled(process)
        case "expired":
            return Explanation(_("No empezó en el tiempo que tenía."), _("No se hará nada más."))
    return Explanation(
        _("Terminó el %(at)s; duró %(took)s.") % {"at": moment(process.finished_at), "took": took(process, now)},
        _("No queda nada por hacer."),
        tone="success",
    )


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
    lane = Lane.objects.filter(pk=process.lane).first()
    if lane and lane.paused:
        return Explanation(
            format_html(_("Su carril está en pausa: {}."), link(lane)),
            _("Sigue cuando se quite la pausa del carril."),
            ("cancel",), tone="warning",
        )  # fmt: skip
    return Explanation(
        format_html(_("Espera sitio en su carril: {}."), anchor(change_url(lane), lane) if lane else process.lane),
        _("Empieza solo en cuanto haya sitio."),
        ("cancel",),
    )


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
    keys = list(process.tokens.filter(completed_at=None, closed=False).values_list("key", flat=True))
    why = tell(process) if tell else format_html(_("Espera una respuesta: {}."), mono(", ".join(keys)))
    return Explanation(why, _("Sigue solo en cuanto llegue la respuesta; no ocupa ningún trabajador."), ("cancel",))


def _held(process: Process) -> Explanation:
    kind = (process.hold or {}).get("kind")
    if kind == "question":
        asked = question(process)
        return Explanation(
            asked.text or asked.title,
            asked.advice or _("Espera una decisión de una persona."),
            ("resolve", "cancel"), tone="warning", known=asked.known,
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
        )
    last = ProcessEvent.objects.filter(process=process, move="cancel").order_by("-id").first()
    if last is None:
        return Explanation(_("Se canceló."), _("No se hará nada más."))
    return Explanation(
        _("Lo canceló %(who)s el %(at)s. Motivo: %(reason)s")
        % {"who": last.actor, "at": moment(last.at), "reason": last.reason or "—"},
        _("No se hará nada más."),
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
