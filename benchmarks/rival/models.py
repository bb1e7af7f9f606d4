"""What such a shop keeps of an invoice: a row and its lines, of the size of ours."""

from typing import ClassVar

from django.db import models
from django_verifactu.models import VerifactuRecords


class Sale(models.Model):
    """An issued invoice."""

    number = models.CharField(max_length=60, unique=True)
    taxpayer = models.CharField(max_length=9)
    issue_date = models.DateField()
    recipient_name = models.CharField(max_length=120)
    recipient_nif = models.CharField(max_length=20)
    recipient_address = models.JSONField()
    total = models.DecimalField(max_digits=14, decimal_places=2)
    tax_total = models.DecimalField(max_digits=14, decimal_places=2)
    verifactu_records = VerifactuRecords()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.number


class SaleLine(models.Model):
    """A line of it."""

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="lines")
    description = models.CharField(max_length=500)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    rate = models.DecimalField(max_digits=5, decimal_places=2)
    base = models.DecimalField(max_digits=14, decimal_places=2)

    def __str__(self) -> str:
        return self.description
