"""The kinds of alert that comparing with the shops adds to the engine's own."""

from django.utils.translation import gettext_lazy as _

from workflows import alerts

REMAINS = "shop_differs"
UNASKABLE = "shop_refuses"

alerts.kinds(**{REMAINS: _("pedidos sin su documento"), UNASKABLE: _("la tienda no deja preguntar")})
