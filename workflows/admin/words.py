"""The engine's states, moves and steps in plain words."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from common.admin import Label
from workflows.models import Alert

STATES = {
    "held": Label(_("retenido"), "warning"),
    "failed": Label(_("fallido"), "danger"),
    "retrying": Label(_("reintentando"), "warning"),
    "pending": Label(_("en cola"), "info"),
    "processing": Label(_("en marcha"), "info"),
    "waiting": Label(_("esperando"), "info"),
    "completed": Label(_("terminado"), "success"),
    "cancelled": Label(_("cancelado")),
    "expired": Label(_("caducado")),
}

MOVES = {
    "trigger": _("se crea"),
    "claim": _("lo toma un trabajador"),
    "move": _("pasa a otra cola"),
    "unwind": _("fracasó; deshace lo hecho"),
    "free_key": _("una persona libera su clave"),
    "rejob": _("se avisa de nuevo a los trabajadores"),
    "recover": _("se recupera de un trabajador que murió"),
    "wait": _("se pone a esperar"),
    "retry": _("falló; se reintentará"),
    "hold": _("se retiene"),
    "wake": _("despierta"),
    "resolve": _("una persona responde"),
    "resume": _("una persona lo reanuda"),
    "complete": _("termina"),
    "fail": _("fracasa"),
    "cancel": _("se cancela"),
    "expire": _("caduca"),
    "run_now": _("una persona lo pide ahora"),
}

KINDS = {
    "atomic": _("en la base de datos"),
    "external": _("hacia fuera"),
    "wait": _("espera"),
    "sleep": _("pausa"),
    "hold": _("pregunta"),
    "value": _("dato fijado"),
    "children": _("procesos hijos"),
}

REASONS = {
    "token answered": _("llegó la respuesta"),
    "nobody answered in time": _("nadie respondió a tiempo"),
    "resumed by command": _("se reanudó por orden"),
    "its steps are taken back": _("se deshace lo que hizo"),
    "its parent was cancelled": _("se canceló el proceso del que depende"),
    "due": _("llegó su hora"),
    "not started in time": _("no empezó a tiempo"),
    "its time is over": _("se le acabó el tiempo"),
    "its job was lost": _("se perdió su tarea"),
    "a sibling failed": _("falló otro de los procesos hijos"),
}
"""What the engine writes beside a move; a person's reason is shown as they typed it."""

ACTORS: dict[str, Any] = {}
"""Whoever is neither a person with a login nor a worker, by the name they act under; the application adds its own."""

CODES: dict[str, Any] = {}
"""Codes of holds in words, which the application adds."""

ALERTS = {
    kind.value: Label(kind.label, colour)
    for kind, colour in {
        Alert.Kind.BREAKER_OPENED: "danger",
        Alert.Kind.BREAKER_CLOSED: "success",
        Alert.Kind.PROCESS_HELD: "warning",
        Alert.Kind.PROCESS_FAILED: "danger",
        Alert.Kind.SCHEDULE_MISSED: "warning",
        Alert.Kind.SCHEDULE_PAUSED: "warning",
        Alert.Kind.LANE_PAUSED: "info",
    }.items()
}

BREAKERS = {
    "closed": Label(_("cerrado: se llama"), "success"),
    "open": Label(_("abierto: no se llama"), "danger"),
    "half_open": Label(_("a prueba: llama uno"), "warning"),
}

CATCH_UP = {
    "all": _("todas"),
    "last": _("solo la última"),
    "none": _("ninguna"),
}

RESUMABLE = ("failure", "poison")
"""The kinds of hold that leave by `resume`."""
