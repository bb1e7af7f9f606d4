"""What was forgotten, and who asked for it or for what is held on them (decisions/0021-what-is-forgotten.md)."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Func, Q
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from common.ledger import LedgerModel
from common.secrets import EncryptedField
from invoicing.models.asking import CustomerAnswer, CustomerRequest
from invoicing.models.company import Company, Connection
from invoicing.models.order import Delivery, Order, Snapshot
from invoicing.states import REQUEST_MOVES, REQUEST_STATES


class PrivacyRequest(LedgerModel):
    """Somebody's wish to be forgotten, or to know what is held on them; and what was done about it.

    `subject` says whom and which orders it names, encrypted, and is gone once they are found.
    """

    mutable = ("state", "subject", "figures", "finished_at", "finished_by")
    ANSWERED_WITHIN: ClassVar = timedelta(days=30)
    """Of Shopify's requirements for its compliance topics; the RGPD says a month (art. 12.3)."""

    class Kind(models.TextChoices):
        REDACT = "redact", _("olvidar a un cliente")
        SHOP = "shop", _("olvidar una tienda")
        EXPORT = "export", _("entregar lo que se guarda")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", verbose_name=_("empresa"))
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("conexión"),
        help_text=_("Vacía: en todas las de la empresa."),
    )  # fmt: skip
    delivery = models.OneToOneField(
        Delivery, null=True, blank=True, on_delete=models.PROTECT, related_name="privacy_request",
        verbose_name=_("entrega"),
    )  # fmt: skip
    kind = models.CharField(_("qué se pide"), max_length=10, choices=Kind.choices)
    reference = models.CharField(_("referencia"), max_length=60, blank=True)
    """The shop's own number of the request, where it has one."""
    asked_by = models.CharField(_("quién lo pide"), max_length=150)
    reason = models.CharField(_("motivo"), max_length=300)
    received_at = models.DateTimeField(_("recibida"))
    due_at = models.DateTimeField(_("hasta"))
    state = models.CharField(_("estado"), max_length=10, default="open", choices=[(s, s) for s in REQUEST_STATES])
    subject = EncryptedField(blank=True, default="")
    figures = models.JSONField(default=dict)
    """Orders by what became of them: redacted, kept, waits, altered; `kept_until` (ISO) where something is kept."""
    finished_at = models.DateTimeField(_("terminada"), null=True, blank=True)
    finished_by = models.CharField(_("quién la terminó"), max_length=150, blank=True, default="")

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("petición de privacidad")
        verbose_name_plural = _("peticiones de privacidad")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=REQUEST_STATES), name="privacy_state_known"),
            models.CheckConstraint(
                condition=Q(state="done", finished_at__isnull=False) | ~Q(state="done"), name="privacy_done_has_time"
            ),
        ]
        triggers: ClassVar = [*LedgerModel.Meta.triggers, REQUEST_MOVES.trigger()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.received_at:%d/%m/%Y}"


class PrivacyItem(LedgerModel):
    """An order that a request found, or a delivery that led to none, and what was done with it and why."""

    mutable = ("outcome", "kept_until", "at")

    class Outcome(models.TextChoices):
        FOUND = "found", _("hallado")
        REDACTED = "redacted", _("retirado")
        KEPT = "kept", _("se conserva: hay factura")
        WAITS = "waits", _("espera: su factura está por decidir")
        ALTERED = "altered", _("no se toca: no es lo que se recibió")

    request = models.ForeignKey(PrivacyRequest, on_delete=models.PROTECT, related_name="items")
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="privacy_items")
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.FOUND)
    kept_until = models.DateField(null=True, blank=True)
    """The last day until which its invoices are kept by law, at least."""
    at = models.DateTimeField(null=True, blank=True)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["request", "id"]
        verbose_name = _("pedido de una petición")
        verbose_name_plural = _("pedidos de una petición")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "order"], name="one_item_per_order"),
            models.UniqueConstraint(fields=["request", "delivery"], name="one_item_per_delivery"),
            models.CheckConstraint(
                condition=Q(order__isnull=False, delivery__isnull=True) | Q(order__isnull=True, delivery__isnull=False),
                name="item_is_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request} {self.order or self.delivery}"


class Redaction(LedgerModel):
    """The personal data of one row went: when, by whom, why. The row, its identity and its content hash stay.

    `seal_before` is the seal of the row as it had come, where the hash of a whole order is in it; of a lone NIF or
    address a hash could be guessed, so none is kept. `seal_after` is the one that the emptied row bears now.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", verbose_name=_("empresa"))
    delivery = models.OneToOneField(
        Delivery, null=True, blank=True, on_delete=models.PROTECT, related_name="redaction", verbose_name=_("entrega")
    )
    snapshot = models.OneToOneField(
        Snapshot, null=True, blank=True, on_delete=models.PROTECT, related_name="redaction", verbose_name=_("versión")
    )
    customer_request = models.OneToOneField(
        CustomerRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="redaction"
    )
    customer_answer = models.OneToOneField(
        CustomerAnswer, null=True, blank=True, on_delete=models.PROTECT, related_name="redaction"
    )
    request = models.ForeignKey(
        PrivacyRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="redactions",
        verbose_name=_("petición"),
    )  # fmt: skip
    content_hash = models.CharField("SHA-256", max_length=64, blank=True)
    seal_before = models.CharField(max_length=64, blank=True)
    seal_after = models.CharField(max_length=64)
    at = models.DateTimeField(_("cuándo"))
    by = models.CharField(_("quién"), max_length=150)
    reason = models.CharField(_("motivo"), max_length=300)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("dato retirado")
        verbose_name_plural = _("datos retirados")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Exact(
                    Func(
                        "delivery",
                        "snapshot",
                        "customer_request",
                        "customer_answer",
                        function="num_nonnulls",
                        output_field=models.IntegerField(),
                    ),
                    1,
                ),
                name="redaction_is_of_one_row",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y} {self.by}"
