"""What came of comparing a shop's orders with ours."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from invoicing.models.company import Company, Connection


class Reconciliation(models.Model):
    """One look at a shop: its window, what the shop had in it, what was pulled, and what remained to be explained."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", verbose_name=_("empresa"))
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="reconciliations", verbose_name=_("conexión")
    )
    since = models.DateTimeField(_("desde"))
    until = models.DateTimeField(_("hasta"))
    seen = models.PositiveIntegerField(_("pedidos en la tienda"), default=0)
    pulled = models.PositiveIntegerField(_("traídos"), default=0)
    on_its_way = models.PositiveIntegerField(_("en curso"), default=0)
    held = models.PositiveIntegerField(_("retenidos"), default=0)
    remained = models.PositiveIntegerField(_("sin explicar"), default=0)
    remains = models.JSONField(_("lo que queda"), default=list)
    """`{order, number, state, reason}` of the first of them."""
    trouble = models.TextField(_("no se pudo preguntar"), blank=True)
    """Why the shop could not be asked to the end: what somebody must put right."""
    finished_at = models.DateTimeField(_("terminada"))

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("comprobación con la tienda")
        verbose_name_plural = _("comprobaciones con las tiendas")
        indexes: ClassVar = [
            # admin: the last one of a connection
            models.Index(fields=["connection", "-id"], name="reconciliation_last"),
        ]

    def __str__(self) -> str:
        return f"{self.connection}: {self.since:%Y-%m-%d %H:%M} - {self.until:%Y-%m-%d %H:%M}"
