"""How a company's documents and letters look, and what became of letters that did not arrive."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from common.ids import uuid7
from common.ledger import LedgerModel
from invoicing.languages import LANGUAGES
from invoicing.models.company import Company
from invoicing.models.invoice import Invoice

ACCENT = "#0b6b5d"


class Letterhead(models.Model):
    """The look of a company's paper. Invoices that are rendered already keep the one they were rendered with."""

    company = models.OneToOneField(
        Company, primary_key=True, on_delete=models.CASCADE, related_name="letterhead", verbose_name="empresa"
    )
    accent = models.CharField(
        "color", max_length=7, default=ACCENT, validators=[RegexValidator(r"^#[0-9a-f]{6}$", "Un color como #0b6b5d.")]
    )
    logo = models.BinaryField("logotipo", default=bytes, blank=True, editable=False)
    """As `pdf/logo.py` keeps it: a PNG or an SVG of plain paths."""
    footer = models.TextField(
        "pie legal",
        blank=True,
        max_length=600,
        help_text="P. ej. los datos del Registro Mercantil; una línea cada uno.",
    )
    iban = models.CharField("IBAN", max_length=34, blank=True, help_text="Para quien paga por transferencia.")
    bank = models.CharField("banco o titular", max_length=80, blank=True)

    class Meta:
        verbose_name = "aspecto de las facturas"
        verbose_name_plural = "aspecto de las facturas"

    def __str__(self) -> str:
        return str(self.company)


class MailTemplate(models.Model):
    """A company's own words for the letter that carries a document, in one language."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", "factura"
        CORRECTIVE = "corrective", "rectificativa"
        EXCHANGE = "exchange", "canje"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="mail_templates", verbose_name="empresa"
    )
    kind = models.CharField("documento", max_length=10, choices=Kind.choices, default=Kind.INVOICE)
    language = models.CharField("idioma", max_length=2, choices=list(LANGUAGES.items()))
    subject = models.CharField("asunto", max_length=150)
    body = models.TextField("texto", max_length=5000)

    class Meta:
        ordering: ClassVar = ["company", "kind", "language"]
        verbose_name = "texto de correo"
        verbose_name_plural = "textos de correo"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "kind", "language"], name="one_letter_per_kind_and_language"),
            models.CheckConstraint(condition=~Q(subject="") & ~Q(body=""), name="letter_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_language_display()}"


class Bounce(LedgerModel):
    """What a mail server reported of an invoice's letter (RFC 3464): it failed, or it is late."""

    class Action(models.TextChoices):
        FAILED = "failed", "no entregado"
        DELAYED = "delayed", "retrasado"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="bounces", verbose_name="factura")
    recipient = models.CharField("destinatario", max_length=254)
    action = models.CharField("qué pasó", max_length=10, choices=Action.choices)
    status = models.CharField("código", max_length=12)
    """RFC 3463: 5.1.1 is an address that does not exist."""
    diagnostic = models.CharField("el servidor dice", max_length=500, blank=True)
    received_at = models.DateTimeField("recibido")
    report_sha256 = models.CharField("SHA-256 del aviso", max_length=64)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = "devolución de correo"
        verbose_name_plural = "devoluciones de correo"
        constraints: ClassVar = [
            # the same report read twice is one bounce
            models.UniqueConstraint(fields=["report_sha256", "invoice", "recipient"], name="one_bounce_per_report"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.status}"
