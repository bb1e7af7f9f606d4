"""What left the house: who took a company's invoices with them, when, and which bytes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ledger import LedgerModel
from invoicing.models.company import Company

STEMS = {
    "facturas": "facturas", "libro": "libro-expedidas", "303": "modelo-303", "349": "modelo-349", "369": "modelo-369",
    "390": "modelo-390",
}  # fmt: skip
"""How the files of each kind are called."""


class Export(LedgerModel):
    """The two files of one finished export. Its id is that of the process that made it: a retry finds it there."""

    added = ("kind", "invoices")

    class Kind(models.TextChoices):
        INVOICES = "facturas", _("facturas")
        REGISTER = "libro", _("libro registro de facturas expedidas")
        M303 = "303", _("modelo 303")
        M349 = "349", _("modelo 349")
        M369 = "369", _("modelo 369")
        M390 = "390", _("modelo 390")

    id = models.UUIDField(primary_key=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="exports", verbose_name=_("empresa"))
    kind = models.CharField(_("clase"), max_length=10, choices=Kind.choices, default=Kind.INVOICES)
    requested_by = models.CharField(_("pedida por"), max_length=200)
    first_date = models.DateField(_("desde"))
    last_date = models.DateField(_("hasta"))
    environment = models.CharField(_("entorno"), max_length=10)
    language = models.CharField(_("idioma"), max_length=2)
    email = models.CharField(_("aviso a"), max_length=254, blank=True)
    rows = models.PositiveIntegerField(_("líneas"))
    invoices = models.PositiveIntegerField(_("facturas"), null=True)
    """Those that were read; empty where a line is an invoice."""
    csv_sha256 = models.CharField(_("SHA-256 del CSV"), max_length=64)
    csv_size = models.PositiveBigIntegerField(_("bytes del CSV"))
    xlsx_sha256 = models.CharField(_("SHA-256 del XLSX"), max_length=64)
    xlsx_size = models.PositiveBigIntegerField(_("bytes del XLSX"))
    created_at = models.DateTimeField(_("creada"))

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("exportación")
        verbose_name_plural = _("exportaciones")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(first_date__lte=models.F("last_date")), name="export_period_in_order"),
            models.CheckConstraint(condition=Q(rows__gt=0), name="export_holds_something"),
            models.CheckConstraint(
                condition=Q(kind__in=("facturas", "libro", "303", "349", "369", "390")), name="export_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_date:%d/%m/%Y} - {self.last_date:%d/%m/%Y}"

    @property
    def count(self) -> int:
        """How many invoices were read."""
        return self.rows if self.invoices is None else self.invoices

    @property
    def file_stem(self) -> str:
        """The name under which its files are saved, without the ending."""
        trial = "" if self.environment == "production" else f"-{self.environment}"
        return f"{STEMS[self.kind]}-{self.first_date.isoformat()}-{self.last_date.isoformat()}{trial}"
