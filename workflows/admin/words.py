"""The engine's states, moves and steps in plain words."""

from django.utils.translation import gettext_lazy as _

from common.admin import Label

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

RESUMABLE = ("failure", "poison")
"""The kinds of hold that leave by `resume`."""
