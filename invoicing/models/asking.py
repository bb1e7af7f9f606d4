"""What customers are asked by a link, and what they answered: kept, because invoices rest on it."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from common.ledger import LedgerModel
from invoicing.models.company import Company
from invoicing.models.guards import only_redacted
from invoicing.models.order import Order


class CustomerRequest(LedgerModel):
    """A letter that asks a buyer for what a hold lacks. Its link answers this one question (`token`) and no other."""

    redactable = ("email", "seal")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", verbose_name=_("empresa"))
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="customer_requests", verbose_name=_("pedido")
    )  # fmt: skip
    process = models.UUIDField(_("proceso"), db_index=False)
    token = models.CharField(_("pregunta"), max_length=200)
    code = models.CharField(_("código de la retención"), max_length=40)
    email = models.CharField(_("correo"), max_length=254)
    language = models.CharField(_("idioma"), max_length=2)
    asked_by = models.CharField(_("quién preguntó"), max_length=120)
    asked_at = models.DateTimeField(_("preguntado"))
    expires_at = models.DateTimeField(_("caduca"))

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("pregunta a un cliente")
        verbose_name_plural = _("preguntas a clientes")
        indexes: ClassVar = [
            # holds: was this question put to the customer
            models.Index(fields=["token"], name="customer_request_token"),
        ]
        triggers: ClassVar = [
            *LedgerModel.Meta.triggers,
            only_redacted(
                "customer_request", "email", empty="{row}.email = ''",
                rests="SELECT FROM invoicing_invoice i WHERE i.order_id = NEW.order_id",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.order} {self.email}"


class CustomerAnswer(LedgerModel):
    """What a buyer answered, as typed, with when and from where: the evidence behind the invoice's recipient.

    `from_hash` is a keyed hash of the address that it came from: it tells one sender from another and nothing else.
    """

    redactable = ("nif", "name", "address", "seal")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.OneToOneField(
        CustomerRequest, on_delete=models.PROTECT, related_name="answer", verbose_name=_("pregunta")
    )
    nif = models.CharField("NIF", max_length=20)
    name = models.CharField(_("nombre"), max_length=120)
    address = models.JSONField(_("dirección"), default=list)
    language = models.CharField(_("idioma"), max_length=2)
    answered_at = models.DateTimeField(_("respondida"))
    from_hash = models.CharField(_("huella de la dirección IP"), max_length=64)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("respuesta de un cliente")
        verbose_name_plural = _("respuestas de clientes")
        triggers: ClassVar = [
            *LedgerModel.Meta.triggers,
            only_redacted(
                "customer_answer", "nif", "name", "address",
                empty="{row}.nif = '' AND {row}.name = '' AND {row}.address = '[]'::jsonb",
                rests="SELECT FROM invoicing_invoice i JOIN invoicing_customerrequest q ON q.order_id = i.order_id"
                      " WHERE q.id = NEW.request_id",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.nif} {self.name}"


class Visits(models.Model):
    """How often somebody came to a public page in the window that began at `since`: a counter, soon forgotten."""

    KEPT: ClassVar = timedelta(days=1)

    key = models.CharField(primary_key=True, max_length=100)
    since = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("visitas")
        verbose_name_plural = _("visitas")
        indexes: ClassVar = [
            # visits.allowed: the counters that nobody needs any more
            models.Index(fields=["since"], name="visits_old"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.count}"
