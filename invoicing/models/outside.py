"""What others said and a decision rests on: published exchange rates, numbers and names that were asked about."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from common.ledger import LedgerModel
from invoicing.models.company import Company


class ExchangeRate(LedgerModel):
    """The reference rate of a currency on a day: how many units of it are one euro. The same for every company."""

    currency = models.CharField(_("moneda"), max_length=3)
    day = models.DateField(_("día"))
    rate = models.DecimalField(_("unidades por euro"), max_digits=18, decimal_places=8)
    source = models.CharField(_("fuente"), max_length=40)
    loaded_at = models.DateTimeField(_("cargado"))

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-day", "currency"]
        verbose_name = _("tipo de cambio")
        verbose_name_plural = _("tipos de cambio")
        constraints: ClassVar = [
            # exchange.quote: the last one of a currency on or before a day
            models.UniqueConstraint(fields=["currency", "day"], name="one_rate_a_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.day:%d/%m/%Y}"


class VatCheck(LedgerModel):
    """One question to VIES in a company's name, and its answer as it came: the evidence of an exempt supply."""

    class Outcome(models.TextChoices):
        VALID = "valid", _("válido")
        INVALID = "invalid", _("no válido")
        UNAVAILABLE = "unavailable", _("sin respuesta")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="vat_checks", verbose_name=_("empresa"))
    number = models.CharField(_("NIF-IVA"), max_length=20)
    requester = models.CharField(_("en nombre de"), max_length=20)
    outcome = models.CharField(_("respuesta"), max_length=12, choices=Outcome.choices)
    at = models.DateTimeField(_("comprobado"))
    request_identifier = models.CharField(_("número de consulta"), max_length=40, blank=True)
    detail = models.CharField(_("detalle"), max_length=200, blank=True)
    raw = models.TextField(_("respuesta literal"), blank=True)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("comprobación en VIES")
        verbose_name_plural = _("comprobaciones en VIES")
        indexes: ClassVar = [
            # knowing.answers: the newest answer about a number
            models.Index(fields=["company", "number", "-at"], name="vat_newest_answer"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.get_outcome_display()}"


class CensusCheck(LedgerModel):
    """One question to the AEAT's census in a company's name, and its answer as it came."""

    class Outcome(models.TextChoices):
        IDENTIFIED = "identified", _("identificado")
        SIMILAR = "similar", _("no identificado, parecido")
        NOT_IDENTIFIED = "not_identified", _("no identificado")
        DEREGISTERED = "deregistered", _("identificado, de baja")
        REVOKED = "revoked", _("identificado, NIF revocado")
        UNAVAILABLE = "unavailable", _("sin respuesta")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="census_checks", verbose_name=_("empresa")
    )
    nif = models.CharField("NIF", max_length=20)
    name = models.CharField(_("nombre"), max_length=120)
    requester = models.CharField(_("en nombre de"), max_length=20)
    outcome = models.CharField(_("respuesta"), max_length=14, choices=Outcome.choices)
    census_name = models.CharField(_("nombre en la respuesta"), max_length=200, blank=True)
    at = models.DateTimeField(_("comprobado"))
    detail = models.CharField(_("detalle"), max_length=200, blank=True)
    raw = models.TextField(_("respuesta literal"), blank=True)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("comprobación en el censo")
        verbose_name_plural = _("comprobaciones en el censo")
        indexes: ClassVar = [
            # knowing.in_census: the newest answer about a NIF and its name
            models.Index(fields=["company", "nif", "-at"], name="census_newest_answer"),
            # census_checks.check_census, doctor: whether the service answered last
            models.Index(fields=["company", "-at"], name="census_last_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.nif} {self.get_outcome_display()}"
