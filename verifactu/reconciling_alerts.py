"""The kinds of alert that comparing and restoring add to the engine's own."""

from django.utils.translation import gettext_lazy as _

from workflows import alerts

DIFFERENCES = "aeat_differs"
LOCKED = "chain_locked"

alerts.kinds(**{DIFFERENCES: _("diferencias con la AEAT"), LOCKED: _("instalación cerrada")})
