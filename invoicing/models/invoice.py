"""The legal documents and what numbers them."""

from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from common.ids import uuid7
from common.ledger import LedgerModel
from invoicing.models.company import Company
from invoicing.models.order import Order, Snapshot
from invoicing.states import INVOICE_MOVES, INVOICE_STATES
from verifactu.models import Record

MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}


class Series(models.Model):
    """A series of one year: the row is the lock under which its next number is taken.

    Series belong to an environment, so that what was numbered against the simulator can never be mistaken for an
    invoice (fiscal-policy.md, Environment).
    """

    class Kind(models.TextChoices):
        COMPLETE = "complete", _("completas")
        SIMPLIFIED = "simplified", _("simplificadas")
        CORRECTIVE = "corrective", _("rectificativas")
        EXCHANGE = "exchange", _("canje")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="series", verbose_name=_("empresa"))
    environment = models.CharField(_("entorno"), max_length=10)
    kind = models.CharField(_("clase"), max_length=10, choices=Kind.choices)
    code = models.CharField(_("código"), max_length=20)
    year = models.PositiveSmallIntegerField(_("año"))
    first_number = models.PositiveIntegerField(_("primer número"), default=1)
    next_number = models.PositiveIntegerField(_("siguiente número"), default=1)
    last_date = models.DateField(_("última fecha"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["company", "-year", "code"]
        verbose_name = _("serie")
        verbose_name_plural = _("series")
        constraints: ClassVar = [
            # numbering.take: the series of a kind and year
            models.UniqueConstraint(fields=["company", "environment", "kind", "year"], name="one_series_per_year"),
            models.UniqueConstraint(fields=["company", "code", "year"], name="series_code_once"),
            models.CheckConstraint(condition=Q(next_number__gte=models.F("first_number")), name="series_goes_up"),
        ]

    def __str__(self) -> str:
        return f"{self.code}{self.year}"


class Invoice(LedgerModel):
    """An issued invoice. It may not change, hence the copied names and addresses; what is wrong is corrected by
    another document.
    """

    mutable = ("state",)
    added = (
        "method", "cause", "note_for_buyer", "replaced_base", "replaced_tax", "replaced_surcharge", "qualified",
        "figures", "withholding", "outlays", "recipient_id_type", "recipient_country",
    )  # fmt: skip

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("empresa"))
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("pedido")
    )
    snapshot = models.ForeignKey(
        Snapshot, null=True, blank=True, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("versión")
    )
    purpose = models.CharField(_("motivo"), max_length=20, default="sale")
    refund = models.CharField(_("devolución"), max_length=120, blank=True)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("serie"))
    number = models.PositiveIntegerField(_("nº"))
    num_serie = models.CharField(_("número"), max_length=60)
    tipo = models.CharField(_("tipo"), max_length=2)
    method = models.CharField(_("método"), max_length=1, blank=True, default="")
    """I by differences, S by substitution; empty for what corrects nothing."""
    cause = models.CharField(_("causa"), max_length=20, blank=True, default="")
    """Why it corrects: a key of `causes.CAUSES`."""
    note_for_buyer = models.CharField(_("explicación de la causa"), max_length=500, blank=True, default="")
    replaced_base = models.DecimalField(_("base sustituida"), null=True, blank=True, **MONEY)
    replaced_tax = models.DecimalField(_("cuota sustituida"), null=True, blank=True, **MONEY)
    replaced_surcharge = models.DecimalField(_("recargo sustituido"), null=True, blank=True, **MONEY)
    qualified = models.BooleanField(_("simplificada cualificada"), default=False)
    issue_date = models.DateField(_("fecha de expedición"))
    operation_date = models.DateField(_("fecha de operación"), null=True, blank=True)
    issued_at = models.DateTimeField(_("emitida"))
    environment = models.CharField(_("entorno"), max_length=10)
    issuer_name = models.CharField(_("emisor"), max_length=120)
    issuer_nif = models.CharField(_("NIF del emisor"), max_length=9)
    issuer_address = models.JSONField(_("dirección del emisor"), default=list)
    recipient_name = models.CharField(_("destinatario"), max_length=120, blank=True)
    recipient_nif = models.CharField(_("NIF del destinatario"), max_length=20, blank=True)
    recipient_id_type = models.CharField(_("clase de número"), max_length=2, blank=True, default="")
    """IDType of the recipient's number (02, 04…); empty: a NIF."""
    recipient_country = models.CharField(_("país del número"), max_length=2, blank=True, default="")
    """CodigoPais that goes with it; empty with 02."""
    recipient_address = models.JSONField(_("dirección del destinatario"), default=list)
    recipient_email = models.CharField(_("correo"), max_length=254, blank=True)
    language = models.CharField(_("idioma"), max_length=2, default="es")
    shares = models.TextField(_("desglose"))
    figures = models.TextField(_("otras cifras"), blank=True, default="")
    """What else was found when it was priced (`values.Priced`, without lines and shares), encoded."""
    withholding = models.DecimalField(_("retención"), default=Decimal(0), **MONEY)
    outlays = models.DecimalField(_("suplidos"), default=Decimal(0), **MONEY)
    mentions = models.JSONField(_("menciones"), default=list)
    base_total = models.DecimalField(_("base"), **MONEY)
    tax_total = models.DecimalField(_("cuota"), **MONEY)
    total = models.DecimalField(_("total"), **MONEY)
    platform_tax = models.DecimalField(_("impuesto según la tienda"), **MONEY)
    rounding = models.DecimalField(_("redondeo"), **MONEY)
    qr_url = models.TextField("QR")
    explanation = models.TextField(_("por qué así"), blank=True)
    record = models.OneToOneField(
        Record, on_delete=models.PROTECT, related_name="+", verbose_name=_("registro de facturación")
    )
    state = FSMField(_("estado"), default="issued", protected=True, choices=[(s, s) for s in INVOICE_STATES])

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("factura")
        verbose_name_plural = _("facturas")
        permissions: ClassVar = [
            ("amend_invoice", "subsanar"),
            ("annul_invoice", "anular"),
            ("rectify_invoice", "rectificar"),
            ("mail_invoice", "enviar por correo"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "num_serie"], name="one_invoice_per_number"),
            models.UniqueConstraint(fields=["series", "number"], name="one_invoice_per_series_number"),
            # not even a replay issues twice (design.md 2.4)
            models.UniqueConstraint(
                fields=["order", "purpose", "refund"],
                condition=~Q(state="annulled"),
                name="one_invoice_per_purpose",
            ),
            models.CheckConstraint(condition=Q(state__in=INVOICE_STATES), name="invoice_state_known"),
            models.CheckConstraint(
                condition=Q(total=models.F("base_total") + models.F("tax_total")), name="invoice_adds_up"
            ),
        ]
        indexes: ClassVar = [
            # API: a company's invoices, newest first, page by page
            models.Index(fields=["company", "-id"], name="invoice_page"),
            # exporting: a company's invoices of a period, page by page; reporting: those of a day
            models.Index(fields=["company", "issue_date", "series", "number"], name="invoice_period"),
            # books: those of a period whose operation was on another day than their issue
            models.Index(
                fields=["company", "operation_date"],
                name="invoice_operation",
                condition=Q(operation_date__isnull=False),
            ),
        ]
        triggers: ClassVar = [*LedgerModel.Meta.triggers, INVOICE_MOVES.trigger()]

    def __str__(self) -> str:
        return self.num_serie

    new_lines: "list[InvoiceLine] | None" = None
    """The lines that are being issued with it; None for an invoice that was read."""
    new_references: "list[InvoiceReference] | None" = None
    """The same of the invoices that it names."""

    def sealed_with(self) -> list[str]:
        """Cover the lines, the invoices that it names and the order version by their own seals."""
        lines = [line.seal or line.compute_seal() for line in self.sealed_lines]
        references = [each.seal or each.compute_seal() for each in self.sealed_references]
        return [
            *(f"line={seal}" for seal in lines),
            *(f"reference={seal}" for seal in references),
            f"snapshot={self.snapshot.seal if self.snapshot else ''}",
        ]

    @property
    def sealed_references(self) -> "list[InvoiceReference]":
        """The invoices that it names, in printed order; of one being issued the new ones."""
        if "references" in getattr(self, "_prefetched_objects_cache", {}):
            return list(self.references.all())
        return list(self.references.order_by("position")) if self.new_references is None else self.new_references

    @property
    def sealed_lines(self) -> "list[InvoiceLine]":
        """The lines in printed order: those being issued with it, or the stored ones (one query)."""
        if "lines" in getattr(self, "_prefetched_objects_cache", {}):
            return list(self.lines.all())
        return self.new_lines or list(self.lines.order_by("position"))

    @classmethod
    def to_be_verified(cls) -> Any:
        """Return all invoices with their lines and the seals of their order versions."""
        return cls.objects.prefetch_related(
            models.Prefetch("lines", queryset=InvoiceLine.objects.order_by("invoice_id", "position")),
            models.Prefetch("references", queryset=InvoiceReference.objects.order_by("document_id", "position")),
            models.Prefetch("snapshot", queryset=Snapshot.objects.only("pk", "seal")),
        )


class InvoiceLine(LedgerModel):
    """One printed line; amounts net unless said."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    description = models.CharField(_("concepto"), max_length=500)
    sku = models.CharField(_("referencia"), max_length=120, blank=True)
    quantity = models.DecimalField(_("cantidad"), max_digits=14, decimal_places=4)
    unit_price = models.DecimalField(_("precio sin impuesto"), max_digits=16, decimal_places=6)
    discount = models.DecimalField(_("descuento"), **MONEY)
    rate = models.DecimalField(_("tipo %"), max_digits=5, decimal_places=2, null=True, blank=True)
    base = models.DecimalField(_("base"), **MONEY)
    gross = models.DecimalField(_("total"), **MONEY)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["invoice", "position"]
        verbose_name = _("línea")
        verbose_name_plural = _("líneas")
        constraints: ClassVar = [models.UniqueConstraint(fields=["invoice", "position"], name="one_line_per_place")]

    def __str__(self) -> str:
        return f"{self.position}. {self.description}"


class InvoiceReference(LedgerModel):
    """An invoice that another one rectifies or substitutes, as it is named there; perhaps issued by another system."""

    class Relation(models.TextChoices):
        RECTIFIES = "rectifies", _("rectifica")
        SUBSTITUTES = "substitutes", _("sustituye")

    document = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="references")
    position = models.PositiveSmallIntegerField()
    relation = models.CharField(_("relación"), max_length=11, choices=Relation.choices)
    invoice = models.ForeignKey(
        Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="referred_by", verbose_name=_("factura")
    )
    nif = models.CharField(_("NIF del emisor"), max_length=9)
    num_serie = models.CharField(_("número"), max_length=60)
    issue_date = models.DateField(_("fecha de expedición"))

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["document", "position"]
        verbose_name = _("factura nombrada")
        verbose_name_plural = _("facturas nombradas")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "position"], name="one_reference_per_place"),
        ]

    def __str__(self) -> str:
        return self.num_serie


class Document(LedgerModel):
    """The one rendered PDF of an invoice: its bytes lie under their SHA-256 and are never made again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="document")
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveIntegerField("bytes")
    rendered_at = models.DateTimeField(_("creado"))

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = "PDF"
        verbose_name_plural = "PDF"

    def __str__(self) -> str:
        return self.sha256[:12]
