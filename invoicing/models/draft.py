"""Invoices made by hand: written and changed as a draft, then issued like any order."""

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from invoicing.models.company import LANGUAGES, Company
from invoicing.models.order import Delivery


class Draft(models.Model):
    """An invoice in the making. It may change and go until it is issued: then its delivery says what was issued."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="drafts", verbose_name=_("empresa"))
    reference = models.CharField(
        _("referencia"), max_length=40, blank=True,
        help_text=_("La que conocen usted y el cliente: pedido, presupuesto… Vacía: se le da una."),
    )  # fmt: skip
    buyer_name = models.CharField(_("nombre o razón social"), max_length=120, blank=True)
    buyer_nif = models.CharField(
        "NIF", max_length=20, blank=True, help_text=_("Con NIF y nombre, factura completa; sin NIF, simplificada.")
    )
    buyer_email = models.EmailField(_("correo"), blank=True, help_text=_("Adonde se envía el PDF."))
    street = models.CharField(_("dirección"), max_length=120, blank=True)
    postal_code = models.CharField(_("código postal"), max_length=10, blank=True)
    city = models.CharField(_("población"), max_length=80, blank=True)
    province = models.CharField(_("provincia"), max_length=60, blank=True)
    country = models.CharField(
        _("país"), max_length=2, default="ES", blank=True, help_text=_("Dos letras: ES, PT, FR…")
    )
    prices_include_tax = models.BooleanField(_("los precios llevan el impuesto dentro"), default=False)
    operation_date = models.DateField(
        _("fecha de la operación o del pago"), null=True, blank=True, help_text=_("Vacía: el día en que se expida.")
    )
    language = models.CharField(_("idioma de la factura"), max_length=2, choices=LANGUAGES, default="es")
    notes = models.TextField(_("notas"), blank=True, max_length=2000, help_text=_("Para la casa: no se imprimen."))
    created_by = models.CharField(_("creado por"), max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(_("creado"), editable=False)
    updated_at = models.DateTimeField(_("cambiado"), editable=False)
    issued_by = models.CharField(_("expedido por"), max_length=150, blank=True, editable=False)
    issued_at = models.DateTimeField(_("expedido"), null=True, blank=True, editable=False)
    delivery = models.OneToOneField(
        Delivery, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="draft",
        verbose_name=_("entrega"),
    )  # fmt: skip

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("borrador")
        verbose_name_plural = _("borradores")
        permissions: ClassVar = [("issue_draft", "Can issue drafts")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(delivery__isnull=True, issued_at__isnull=True)
                | Q(delivery__isnull=False, issued_at__isnull=False),
                name="draft_is_issued_or_not",
            ),
        ]

    def __str__(self) -> str:
        return self.reference or f"M-{str(self.pk)[-6:].upper()}"


class DraftLine(models.Model):
    """One line of a draft; its amount is quantity x unit price - discount, to the cent."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="lines", verbose_name=_("borrador"))
    description = models.CharField(_("descripción"), max_length=500)
    kind = models.CharField(
        _("clase"), max_length=8, choices=[("goods", _("bien")), ("service", _("servicio"))], default="goods"
    )
    quantity = models.DecimalField(_("cantidad"), max_digits=12, decimal_places=4, default=Decimal(1))
    unit_price = models.DecimalField(_("precio unitario"), max_digits=14, decimal_places=6)
    discount = models.DecimalField(
        _("descuento (€)"), max_digits=14, decimal_places=2, default=Decimal(0), validators=[MinValueValidator(0)]
    )
    tax = models.CharField(_("impuesto"), max_length=10, default="21")
    """A rate in percent, with the equivalence surcharge two (`21+5.2`), or why there is none (`E1`, `S2`…, `rule`)."""

    class Meta:
        ordering: ClassVar = ["draft", "id"]
        verbose_name = _("línea")
        verbose_name_plural = _("líneas")

    def __str__(self) -> str:
        return self.description
