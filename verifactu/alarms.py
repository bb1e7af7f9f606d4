"""The kinds of alert that the protocol adds to the engine's own; told as `workflows.alerts` tells."""

from django.utils.translation import gettext_lazy as _

from workflows import alerts

CERTIFICATE = "certificate"
CLOCK = "clock"
CHAIN = "chain"

alerts.kinds(
    **{
        CERTIFICATE: _("certificado que caduca"),
        CLOCK: _("reloj desviado del de la AEAT"),
        CHAIN: _("cadena de registros rota"),
    }
)
