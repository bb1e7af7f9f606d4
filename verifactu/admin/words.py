"""The states of records and submissions in plain words."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from common.admin import Label
from verifactu import alarms
from workflows.admin.words import ALERTS

RECORDS = {
    "quarantined": Label(_("apartado"), "danger"),
    "rejected": Label(_("rechazado"), "danger"),
    "unknown": Label(_("sin respuesta"), "warning"),
    "pending": Label(_("por enviar"), "info"),
    "in_flight": Label(_("enviándose"), "info"),
    "accepted_with_errors": Label(_("aceptado con errores"), "warning"),
    "accepted": Label(_("aceptado"), "success"),
}

WHAT_NEXT = {
    "quarantined": _("No se envía tal como está, y los demás sí. Mire el motivo: hace falta una persona."),
    "rejected": _("La AEAT no lo admite. El registro queda en la cadena para siempre; la causa se corrige con otro."),
    "unknown": _("Se envió y no llegó respuesta. Se pregunta a la AEAT qué tiene antes de enviar nada más."),
    "pending": _("Espera su envío, que sale solo al ritmo que pide la AEAT."),
    "in_flight": _("Va en el envío en curso."),
    "accepted_with_errors": _("La AEAT lo guardó y señala un error que conviene corregir."),
    "accepted": _("La AEAT lo guardó. No queda nada por hacer."),
}

SUBMISSIONS = {
    "sending": Label(_("enviándose"), "info"),
    "answered": Label(_("respondido"), "success"),
    "refused": Label(_("rehusado"), "danger"),
    "not_delivered": Label(_("no entregado"), "warning"),
    "unknown": Label(_("sin respuesta"), "warning"),
}

ENVIRONMENTS = {
    "simulator": Label(_("simulador"), "warning"),
    "test": Label(_("pruebas"), "warning"),
    "production": Label(_("producción"), "success"),
}

ALERTS.update(
    {
        alarms.CERTIFICATE: Label(_("certificado que caduca"), "warning"),
        alarms.CLOCK: Label(_("reloj desviado del de la AEAT"), "danger"),
        alarms.CHAIN: Label(_("cadena de registros rota"), "danger"),
    }
)


class Notice(NamedTuple):
    """A notice in words: its colour, what is amiss, and what to do."""

    colour: str
    what: Any
    then: Any


NOTICES = {
    "unconfirmed": Notice(
        "danger", _("%(who)s: falta confirmar el paso a producción"),
        _("Hasta entonces no se expide ninguna factura: los pedidos esperan y siguen solos cuando se confirme, en la "
          "página de la instalación."),
    ),
    "broken": Notice(
        "danger", _("%(who)s: cadena de registros rota, hallada el %(at)s"),
        _("Se sigue facturando. Ejecute manage.py verify_ledger y averigüe qué cambió los registros."),
    ),
    "quarantined": Notice(
        "danger", _("%(who)s: registros apartados, que no se pueden enviar tal como están: %(n)s"),
        _("Los demás se envían. Mire el motivo de cada uno en Registros."),
    ),
    "expired": Notice(
        "danger", _("%(who)s: el certificado caducó el %(at)s"),
        _("Los registros se guardan y esperan. Suba el renovado: se usa al momento."),
    ),
    "certificate": Notice(
        "warning", _("%(who)s: el certificado caduca el %(at)s"),
        _("Renuévelo y suba el nuevo antes de ese día: se usa al momento."),
    ),
    "no_certificate": Notice(
        "warning", _("%(who)s: no hay certificado que se pueda usar"),
        _("Los registros se guardan y esperan. Súbalo en la página del obligado tributario."),
    ),
    "clock": Notice(
        "danger", _("El reloj de esta máquina se desvía %(n)s s del de la AEAT, que admite 240 s"),
        _("Ponga en hora la máquina: timedatectl set-ntp true."),
    ),
}  # fmt: skip
"""What is told of each kind of `verifactu.notices.Amiss`."""
