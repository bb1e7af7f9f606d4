"""What the admin calls the house's own workflow."""

from django.utils.translation import gettext_lazy as _

from config.alerts import alert_mail
from workflows.admin.desks import DESKS, Desk

DESKS[alert_mail.name] = Desk(title=_("Enviar un aviso"), steps={"send_alert": _("Enviar el correo")})
