"""The kinds of alert that requests of privacy add to the engine's own."""

from django.utils.translation import gettext_lazy as _

from workflows import alerts

ASKED = "privacy_asked"
DUE = "privacy_due"

alerts.kinds(**{ASKED: _("petición de privacidad"), DUE: _("petición de privacidad por vencer")})
