"""The states of the business in plain words; no tax jargon where a shop owner reads."""

from django.utils.translation import gettext_lazy as _

from common.admin import Label

ORDERS = {
    "held": Label(_("retenido"), "warning"),
    "open": Label(_("abierto"), "info"),
    "invoiced": Label(_("facturado"), "success"),
    "corrected": Label(_("rectificado"), "success"),
    "cancelled": Label(_("cancelado")),
    "ignored": Label(_("sin factura")),
}

SNAPSHOTS = {
    "captured": Label(_("recibida"), "info"),
    "processed": Label(_("atendida"), "success"),
    "superseded": Label(_("sustituida")),
    "ignored": Label(_("sin novedad")),
}

INVOICES = {
    "issued": Label(_("pendiente de Hacienda"), "info"),
    "acknowledged": Label(_("registrada en Hacienda"), "success"),
    "acknowledged_with_errors": Label(_("registrada con avisos"), "warning"),
    "rejected": Label(_("rechazada por Hacienda"), "danger"),
    "rectified": Label(_("rectificada")),
    "annulled": Label(_("anulada")),
}

TIPOS = {
    "F1": _("Factura"),
    "F2": _("Factura simplificada"),
    "F3": _("Factura en sustitución de simplificadas"),
    "R1": _("Rectificativa (art. 80.1, 80.2)"),
    "R2": _("Rectificativa (concurso)"),
    "R3": _("Rectificativa (impago)"),
    "R4": _("Rectificativa (otras)"),
    "R5": _("Rectificativa de simplificada"),
}

ENVIRONMENTS = {
    "simulator": Label(_("simulador"), "warning"),
    "test": Label(_("pruebas de la AEAT"), "warning"),
    "production": Label(_("producción"), "success"),
}

BOOKS = {
    "facturas": _("Facturas"),
    "libro": _("Libro registro de facturas expedidas"),
    "303": _("Modelo 303"),
    "349": _("Modelo 349"),
    "369": _("Modelo 369"),
    "390": _("Modelo 390"),
}
