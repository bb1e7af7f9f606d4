"""What a company's own systems are told: where they listen, what happened, and whether they took it."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from common.ids import uuid7
from common.ledger import LedgerModel
from common.secrets import EncryptedField
from invoicing.models.company import Company
from invoicing.states import NOTIFICATION_MOVES, NOTIFICATION_STATES


class Endpoint(models.Model):
    """An address at which a company is told what happens to its invoices.

    Whoever has taken nothing since `failing_since` for too long is switched off, and `off_reason` says so. For a day
    after a change of the secret both sign, so that the other side can change it without losing anything.
    """

    OVERLAP: ClassVar = timedelta(hours=24)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="endpoints", verbose_name=_("empresa"))
    name = models.CharField(_("nombre"), max_length=80)
    url = models.CharField(_("dirección"), max_length=500)
    kinds: Any = ArrayField(models.CharField(max_length=40), verbose_name=_("de qué se avisa"))
    secret = EncryptedField(editable=False)
    previous_secret = EncryptedField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    active = models.BooleanField(_("en uso"), default=True)
    off_reason = models.CharField(_("por qué se apagó"), max_length=200, blank=True, editable=False)
    failing_since = models.DateTimeField(_("no acepta nada desde"), null=True, blank=True, editable=False)
    accepted_at = models.DateTimeField(_("aceptó por última vez"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("creada"), editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("aviso a otro sistema")
        verbose_name_plural = _("avisos a otros sistemas")
        constraints: ClassVar = [
            # and outgoing.emitting.emit: the endpoints of a company
            models.UniqueConstraint(fields=["company", "url"], name="one_endpoint_per_url"),
        ]

    def __str__(self) -> str:
        return self.name


class Event(LedgerModel):
    """Something that happened, as every endpoint is told of it: the body that is sent, without data of any person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", verbose_name=_("empresa"))
    kind = models.CharField(_("clase"), max_length=40)
    key = models.CharField(max_length=200)
    """What makes it the same event when its step is done again."""
    body = models.TextField(_("contenido"))
    at = models.DateTimeField(_("ocurrió"))

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("suceso")
        verbose_name_plural = _("sucesos")
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "key"], name="one_event_per_key")]
        indexes: ClassVar = [
            # api.events: a company's events, newest first
            models.Index(fields=["company", "-id"], name="events_of_company"),
        ]

    def __str__(self) -> str:
        return self.kind


class Notification(models.Model):
    """An event on its way to an endpoint; `turn` counts how often a person had it sent anew."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="notifications", verbose_name=_("suceso"))
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.PROTECT, related_name="notifications", verbose_name=_("destino")
    )
    state = FSMField(_("estado"), default="waiting", protected=True, choices=[(s, s) for s in NOTIFICATION_STATES])
    turn = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(_("intentos"), default=0)
    status = models.PositiveSmallIntegerField("HTTP", null=True, blank=True)
    detail = models.CharField(_("última respuesta"), max_length=200, blank=True)
    tried_at = models.DateTimeField(_("último intento"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("envío de un suceso")
        verbose_name_plural = _("envíos de sucesos")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="one_notification_per_endpoint"),
            models.CheckConstraint(condition=Q(state__in=NOTIFICATION_STATES), name="notification_state_known"),
        ]
        indexes: ClassVar = [
            # endpoints.resend, switch_off; the admin's filter
            models.Index(fields=["endpoint", "state"], name="notifications_by_state"),
        ]
        triggers: ClassVar = [NOTIFICATION_MOVES.trigger()]

    def __str__(self) -> str:
        return f"{self.event} → {self.endpoint}"
