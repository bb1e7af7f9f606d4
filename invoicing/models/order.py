"""What the shops sent: the bytes, the order that they speak of, and its versions."""

import hashlib
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from common.ids import uuid7
from common.ledger import LedgerModel
from invoicing.models.company import Company, Connection
from invoicing.models.guards import only_redacted
from invoicing.states import NOT_INVOICED, ORDER_MOVES, ORDER_STATES, SNAPSHOT_MOVES, SNAPSHOT_STATES

NOTHING_SHA256 = hashlib.sha256(b"").hexdigest()


class Delivery(LedgerModel):
    """One received request, as it came: the evidence from which everything else can be read again."""

    redactable = ("body", "seal")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", verbose_name=_("empresa"))
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="deliveries", verbose_name=_("conexión")
    )
    delivery_key = models.CharField(_("identidad de la entrega"), max_length=200)
    event_key = models.CharField(_("identidad del suceso"), max_length=200, blank=True)
    topic = models.CharField(_("asunto"), max_length=60)
    triggered_at = models.DateTimeField(_("disparada"), null=True, blank=True)
    received_at = models.DateTimeField(_("recibida"))
    headers = models.JSONField(_("cabeceras"), default=dict)
    body = models.BinaryField(_("cuerpo"))
    body_sha256 = models.CharField("SHA-256", max_length=64)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("entrega")
        verbose_name_plural = _("entregas")
        constraints: ClassVar = [
            # intake: the platform's delivery identity is the deduplication
            models.UniqueConstraint(fields=["connection", "delivery_key"], name="one_delivery_per_key"),
        ]
        triggers: ClassVar = [
            *LedgerModel.Meta.triggers,
            only_redacted(
                "delivery", "body", empty="length({row}.body) = 0",
                rests="SELECT FROM invoicing_snapshot s JOIN invoicing_invoice i ON i.snapshot_id = s.id"
                      " WHERE s.delivery_id = NEW.id",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.topic} {self.delivery_key}"

    @property
    def redacted(self) -> bool:
        """Whether its bytes are gone; then `redaction` says when and why."""
        return not self.body and self.body_sha256 != NOTHING_SHA256


class Order(models.Model):
    """The shop's order. Its row is the lock under which versions are captured and invoices issued."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="orders", verbose_name=_("empresa"))
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="orders", verbose_name=_("conexión")
    )
    external_id = models.CharField(_("identidad en la tienda"), max_length=120)
    number = models.CharField(_("número"), max_length=120, blank=True)
    state = FSMField(_("estado"), default="open", protected=True, choices=[(s, s) for s in ORDER_STATES])
    buyer = models.CharField(_("comprador"), max_length=160, blank=True)
    total = models.DecimalField(_("total"), max_digits=14, decimal_places=2, null=True, blank=True)
    platform_version = models.DateTimeField(_("versión de la tienda"), null=True, blank=True)
    """The newest version seen, also in a delivery that changed nothing: what is older than this is stale."""
    triggered_at = models.DateTimeField(null=True, blank=True)
    last_version = models.PositiveIntegerField(default=0)
    current = models.ForeignKey(
        "Snapshot", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("versión actual")
    )
    created_at = models.DateTimeField(_("recibido"))
    redacted_at = models.DateTimeField(_("datos retirados"), null=True, blank=True)
    """When what was known of it then was redacted; empty again once the shop tells more of it."""

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("pedido")
        verbose_name_plural = _("pedidos")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="one_order_per_shop_id"),
            models.CheckConstraint(condition=Q(state__in=ORDER_STATES), name="order_state_known"),
        ]
        indexes: ClassVar = [
            # admin and API: find by the number that staff and customer know
            models.Index(fields=["company", "number"], name="order_number"),
            # admin: what needs attention
            models.Index(fields=["company", "state"], name="order_state"),
            # API: a company's orders, newest first, page by page
            models.Index(fields=["company", "-id"], name="order_page"),
            # forgetting: what led to no invoice so far and still holds personal data
            models.Index(fields=["id"], name="order_to_forget", condition=Q(redacted_at=None, state__in=NOT_INVOICED)),
        ]
        triggers: ClassVar = [ORDER_MOVES.trigger()]

    def __str__(self) -> str:
        return self.number or self.external_id


class Snapshot(LedgerModel):
    """One immutable version of an order (or a refund that came on its own), with its content hash."""

    mutable = ("state",)
    redactable = ("content", "seal")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="snapshots", verbose_name=_("pedido"))
    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="snapshots", verbose_name=_("entrega")
    )
    version = models.PositiveIntegerField(_("versión"))
    kind = models.CharField(_("tipo"), max_length=6, choices=[("order", _("pedido")), ("refund", _("devolución"))])
    platform_version = models.DateTimeField(_("versión de la tienda"))
    content = models.TextField(_("contenido"))
    content_hash = models.CharField(_("SHA-256 del contenido"), max_length=64)
    captured_at = models.DateTimeField(_("capturada"))
    state = FSMField(_("estado"), default="captured", protected=True, choices=[(s, s) for s in SNAPSHOT_STATES])

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["order", "-version"]
        verbose_name = _("versión de pedido")
        verbose_name_plural = _("versiones de pedido")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "version"], name="one_snapshot_per_version"),
            models.UniqueConstraint(fields=["delivery"], name="one_snapshot_per_delivery"),
            models.CheckConstraint(condition=Q(state__in=SNAPSHOT_STATES), name="snapshot_state_known"),
        ]
        triggers: ClassVar = [
            *LedgerModel.Meta.triggers,
            SNAPSHOT_MOVES.trigger(),
            only_redacted(
                "snapshot", "content", empty="{row}.content = ''",
                rests="SELECT FROM invoicing_invoice i WHERE i.snapshot_id = NEW.id",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.order} v{self.version}"

    @property
    def redacted(self) -> bool:
        """Whether its content is gone; then `redaction` says when and why."""
        return not self.content


class Settlement(LedgerModel):
    """A version of an invoiced order whose changes a person dealt with outside, or decided to leave."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="settlements", verbose_name=_("pedido"))
    version = models.PositiveIntegerField(_("versión"))
    refunds = models.JSONField(_("devoluciones"), default=list)
    reason = models.TextField(_("motivo"))
    at = models.DateTimeField(_("cuándo"))

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["order", "id"]
        verbose_name = _("cambio resuelto a mano")
        verbose_name_plural = _("cambios resueltos a mano")

    def __str__(self) -> str:
        return f"{self.order} v{self.version}"
