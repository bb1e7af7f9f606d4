"""What a person is told of sending: the kinds of alert, and each trouble once, not on every try.

A trouble that goes on is written on its installation (`told`) and told again only after it has ended.
"""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from verifactu.models import Installation
from workflows import alerts

STOPPED = "sending_stopped"
REFUSED = "submission_refused"
DELAYED = "sending_delayed"
RESUMED = "sending_again"
QUARANTINED = "record_quarantined"
TAKEN = "number_taken"
STRANGE_LINE = "strange_line"
HEAD = "chain_head"

alerts.kinds(
    **{
        STOPPED: _("envío detenido por la AEAT"),
        REFUSED: _("envío rehusado"),
        DELAYED: _("envío con retraso"),
        RESUMED: _("se envía de nuevo"),
        QUARANTINED: _("registro apartado"),
        TAKEN: _("número ocupado en la AEAT"),
        STRANGE_LINE: _("respuesta sobre algo no enviado"),
        HEAD: _("cabeza de la cadena que no cuadra"),
    }
)


def tell(kind: str, installation: Installation, text: str, *, now: datetime) -> None:
    """Write an alert about a chain, in the caller's transaction."""
    alerts.alert(kind, str(installation), text, installation.taxpayer.tenant, now)


def trouble(kind: str, installation: Installation, key: str, text: str, *, now: datetime) -> None:
    """Tell of a trouble that goes on, unless the same (`key`) has been told and has not ended."""
    if Installation.objects.filter(pk=installation.pk).exclude(told=key).update(told=key):
        tell(kind, installation, text, now=now)


def over(installation: Installation, *, now: datetime) -> None:
    """Tell that the trouble is over, if there was one."""
    if Installation.objects.filter(pk=installation.pk).exclude(told="").update(told=""):
        tell(RESUMED, installation, "La AEAT responde de nuevo: lo que espera se envía a su ritmo.", now=now)
