"""What is known about the chains and kept beside them: interventions, clocks, broken links, declarations."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from common.ledger import LedgerModel
from verifactu.models.ledger import Installation, Record


class ChainEvent(LedgerModel):
    """Who stopped a chain or sent it on, set a record aside or released it; when and why. Append-only."""

    class Move(models.TextChoices):
        STOP = "stop", _("envío detenido")
        RESUME = "resume", _("envío reanudado")
        QUARANTINE = "quarantine", _("registro apartado")
        RELEASE = "release", _("registro liberado")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    installation = models.ForeignKey(Installation, on_delete=models.PROTECT, related_name="events")
    record = models.ForeignKey(Record, null=True, blank=True, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(_("cuándo"))
    actor = models.CharField(_("quién"), max_length=150)
    move = models.CharField(_("qué"), max_length=10, choices=Move.choices)
    reason = models.TextField(_("motivo"), blank=True)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("intervención")
        verbose_name_plural = _("intervenciones")

    def __str__(self) -> str:
        return f"{self.installation_id} {self.move}"


class ProductionConfirmation(LedgerModel):
    """Who confirmed what an installation binds to in production, in which words, and when. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    installation = models.OneToOneField(Installation, on_delete=models.PROTECT, related_name="confirmation")
    at = models.DateTimeField(_("cuándo"))
    actor = models.CharField(_("quién"), max_length=150)
    says = models.TextField(_("texto que se le mostró"))
    typed = models.TextField(_("lo que escribió"))

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("confirmación del paso a producción")
        verbose_name_plural = _("confirmaciones del paso a producción")

    def __str__(self) -> str:
        return f"{self.installation_id} {self.actor}"


class ServiceClock(models.Model):
    """How far our clock is from that of one AEAT address, as its last answer showed (verifactu.md 5.4).

    Mutable and small: a figure of now. The records carry the stamps that count.
    """

    endpoint = models.CharField(primary_key=True, max_length=300)
    drift = models.FloatField(_("desfase (s)"))
    """Seconds by which ours is ahead; negative when it is behind."""
    read_at = models.DateTimeField(_("leído"))
    told = models.CharField(max_length=8, blank=True, default="")
    """What was told of it and holds still: nothing, `warn` or `alarm`."""

    class Meta:
        verbose_name = _("reloj de la AEAT")
        verbose_name_plural = _("relojes de la AEAT")

    def __str__(self) -> str:
        return f"{self.endpoint} {self.drift:+.0f} s"


class ChainProblem(models.Model):
    """A chain whose links were found broken, until a look finds them whole. Invoicing goes on (verifactu.md 1.3)."""

    installation = models.OneToOneField(
        Installation, primary_key=True, on_delete=models.PROTECT, related_name="problem"
    )
    found_at = models.DateTimeField(_("hallado"))
    subject = models.CharField(max_length=200)
    text = models.TextField(_("qué está mal"))

    class Meta:
        verbose_name = _("cadena rota")
        verbose_name_plural = _("cadenas rotas")

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


class Declaration(LedgerModel):
    """A declaración responsable as this installation showed it: one row per text, kept for ever (verifactu.md 1.7)."""

    version = models.CharField(_("versión"), max_length=50)
    sha256 = models.CharField(max_length=64, unique=True)
    text = models.TextField(_("texto"))
    kept_at = models.DateTimeField(_("guardada"))

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-kept_at"]
        verbose_name = _("declaración responsable")
        verbose_name_plural = _("declaraciones responsables")

    def __str__(self) -> str:
        return f"{self.version} {self.sha256[:12]}"
