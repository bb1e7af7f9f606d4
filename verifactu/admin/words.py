"""The states of records and submissions in plain words."""

from django.utils.translation import gettext_lazy as _

from common.admin import Label

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
