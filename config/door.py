"""The door of the admin: who knocks too often finds it closed for a while (django-axes), and an operator is told."""

from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common import clock
from common.address import address_of
from workflows import alerts

LOCKED = "login_locked"

alerts.kinds(**{LOCKED: _("demasiados intentos de entrar")})


@receiver(user_locked_out)
def tell(sender: Any, request: HttpRequest | None, username: str | None, ip_address: str | None, **more: Any) -> None:
    """Write an alert for the house."""
    where = address_of(request) if request else ip_address or "?"
    alerts.alert(
        LOCKED,
        where,
        f"{settings.AXES_FAILURE_LIMIT} wrong passwords for {username!r} from {where}: this name is let in from there "
        "again after fifteen minutes without a try. If it is one of yours: manage.py axes_reset_username NAME.",
        "",
        clock.now(),
    )
