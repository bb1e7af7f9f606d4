"""What an operator is told."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from common.ledger import LedgerModel


class Alert(LedgerModel):
    """Something happened that a person may have to see to. Append-only; receivers pass it on (workflows/alerts.py)."""

    class Kind(models.TextChoices):
        BREAKER_OPENED = "breaker_opened", _("cortacircuitos abierto")
        BREAKER_CLOSED = "breaker_closed", _("cortacircuitos cerrado")
        PROCESS_HELD = "process_held", _("proceso retenido")
        PROCESS_FAILED = "process_failed", _("proceso fallido")
        SCHEDULE_MISSED = "schedule_missed", _("horario con retraso")
        SCHEDULE_PAUSED = "schedule_paused", _("horario en pausa")
        LANE_PAUSED = "lane_paused", _("carril en pausa")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.CharField(max_length=200)
    """Of what: a breaker's key, a workflow, a schedule, a lane. What repeats, repeats kind and subject."""
    text = models.TextField()
    tenant = models.CharField(max_length=64, blank=True)
    process = models.UUIDField(null=True, blank=True)
    """The process that it speaks of. No foreign key: an alert outlives what it told of."""

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("aviso")
        verbose_name_plural = _("avisos")
        indexes: ClassVar = [
            # admin: the alerts of a tenant, newest first
            models.Index(fields=["tenant", "-id"], name="alert_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
