"""What left the house: who took a company's invoices with them, when, and which bytes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from common.ledger import LedgerModel
from invoicing.models.company import Company


class Export(LedgerModel):
    """The two files of one finished export. Its id is that of the process that made it: a retry finds it there."""

    id = models.UUIDField(primary_key=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="exports", verbose_name="empresa")
    requested_by = models.CharField("pedida por", max_length=200)
    first_date = models.DateField("desde")
    last_date = models.DateField("hasta")
    environment = models.CharField("entorno", max_length=10)
    language = models.CharField("idioma", max_length=2)
    email = models.CharField("aviso a", max_length=254, blank=True)
    rows = models.PositiveIntegerField("facturas")
    csv_sha256 = models.CharField("SHA-256 del CSV", max_length=64)
    csv_size = models.PositiveBigIntegerField("bytes del CSV")
    xlsx_sha256 = models.CharField("SHA-256 del XLSX", max_length=64)
    xlsx_size = models.PositiveBigIntegerField("bytes del XLSX")
    created_at = models.DateTimeField("creada")

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = "exportación"
        verbose_name_plural = "exportaciones"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(first_date__lte=models.F("last_date")), name="export_period_in_order"),
            models.CheckConstraint(condition=Q(rows__gt=0), name="export_holds_something"),
        ]

    def __str__(self) -> str:
        return f"{self.first_date:%d/%m/%Y} - {self.last_date:%d/%m/%Y}"

    @property
    def file_stem(self) -> str:
        """The name under which its files are saved, without the ending."""
        trial = "" if self.environment == "production" else f"-{self.environment}"
        return f"facturas-{self.first_date.isoformat()}-{self.last_date.isoformat()}{trial}"
