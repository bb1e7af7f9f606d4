"""How a company's documents and letters look, and what became of letters that did not arrive."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from common.ledger import LedgerModel
from invoicing.languages import LANGUAGES
from invoicing.models.company import Company
from invoicing.models.invoice import Invoice

ACCENT = "#0b6b5d"


class Letterhead(models.Model):
    """The look of a company's paper. Invoices that are rendered already keep the one they were rendered with."""

    company = models.OneToOneField(
        Company, primary_key=True, on_delete=models.CASCADE, related_name="letterhead", verbose_name=_("empresa")
    )
    accent = models.CharField(
        _("color"),
        max_length=7,
        default=ACCENT,
        validators=[RegexValidator(r"^#[0-9a-f]{6}$", "Un color como #0b6b5d.")],
    )
    logo = models.BinaryField(_("logotipo"), default=bytes, blank=True, editable=False)
    """As `pdf/logo.py` keeps it: a PNG or an SVG of plain paths."""
    footer = models.TextField(
        _("pie legal"),
        blank=True,
        max_length=600,
        help_text=_("P. ej. los datos del Registro Mercantil; una línea cada uno."),
    )
    iban = models.CharField("IBAN", max_length=34, blank=True, help_text=_("Para quien paga por transferencia."))
    bank = models.CharField(_("banco o titular"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("aspecto de las facturas")
        verbose_name_plural = _("aspecto de las facturas")

    def __str__(self) -> str:
        return str(self.company)


class MailTemplate(models.Model):
    """A company's own words for the letter that carries a document, in one language."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("factura")
        CORRECTIVE = "corrective", _("rectificativa")
        EXCHANGE = "exchange", _("canje")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="mail_templates", verbose_name=_("empresa")
    )
    kind = models.CharField(_("documento"), max_length=10, choices=Kind.choices, default=Kind.INVOICE)
    language = models.CharField(_("idioma"), max_length=2, choices=list(LANGUAGES.items()))
    subject = models.CharField(_("asunto"), max_length=150)
    body = models.TextField(_("texto"), max_length=5000)

    class Meta:
        ordering: ClassVar = ["company", "kind", "language"]
        verbose_name = _("texto de correo")
        verbose_name_plural = _("textos de correo")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "kind", "language"], name="one_letter_per_kind_and_language"),
            models.CheckConstraint(condition=~Q(subject="") & ~Q(body=""), name="letter_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_language_display()}"


class Bounce(LedgerModel):
    """What a mail server reported of an invoice's letter (RFC 3464): it failed, or it is late."""

    class Action(models.TextChoices):
        FAILED = "failed", _("no entregado")
        DELAYED = "delayed", _("retrasado")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="bounces", verbose_name=_("factura"))
    recipient = models.CharField(_("destinatario"), max_length=254)
    action = models.CharField(_("qué pasó"), max_length=10, choices=Action.choices)
    status = models.CharField(_("código"), max_length=12)
    """RFC 3463: 5.1.1 is an address that does not exist."""
    diagnostic = models.CharField(_("el servidor dice"), max_length=500, blank=True)
    received_at = models.DateTimeField(_("recibido"))
    report_sha256 = models.CharField(_("SHA-256 del aviso"), max_length=64)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("devolución de correo")
        verbose_name_plural = _("devoluciones de correo")
        constraints: ClassVar = [
            # the same report read twice is one bounce
            models.UniqueConstraint(fields=["report_sha256", "invoice", "recipient"], name="one_bounce_per_report"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.status}"
