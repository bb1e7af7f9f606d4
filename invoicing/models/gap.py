"""Numbers of a series that were spent and are not here: what a restore from a backup lost."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from common.ledger import LedgerModel
from invoicing.models.invoice import Series


class Gap(LedgerModel):
    """A run of numbers that this ledger leaves out for ever, with the reason and with what still knows of them.

    Invoices that a restore lost used them: the AEAT, the PDF store or a mail has them (fiscal-policy.md, Restore).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="gaps", verbose_name=_("serie"))
    first_number = models.PositiveIntegerField(_("primer número"))
    last_number = models.PositiveIntegerField(_("último número"))
    known_from = models.JSONField(_("dónde constan"), default=dict)
    """Number as printed -> aeat, pdf, mail or person, comma separated."""
    reason = models.TextField(_("motivo"))
    actor = models.CharField(_("quién"), max_length=200)
    at = models.DateTimeField(_("cuándo"))

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["series", "first_number"]
        verbose_name = _("hueco de una serie")
        verbose_name_plural = _("huecos de series")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(first_number__lte=F("last_number")), name="gap_in_order"),
            models.UniqueConstraint(fields=["series", "first_number"], name="one_gap_per_place"),
        ]

    def __str__(self) -> str:
        return f"{self.series}: {self.first_number}-{self.last_number}"
