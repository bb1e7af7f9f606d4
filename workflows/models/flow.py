"""What processes wait for: a place in a lane, a token; and the workers that run them."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.models.process import Process


class Lane(models.Model):
    """A named admission limit. `active` counts the processes that are admitted or running in it.

    With a rate, no more than `rate` are admitted in `rate_seconds`: a bucket that holds `rate` tokens and fills evenly.
    """

    key = models.CharField(primary_key=True, max_length=200)
    limit = models.PositiveIntegerField()
    active = models.PositiveIntegerField(default=0)
    paused = models.BooleanField(default=False)
    rate = models.PositiveIntegerField(null=True, blank=True)
    rate_seconds = models.PositiveIntegerField(db_default=60)
    tokens = models.FloatField(db_default=0)
    tokens_at = models.DateTimeField(null=True, blank=True)
    """When `tokens` was counted; never yet, the bucket is full."""

    class Meta:
        ordering: ClassVar = ["key"]
        verbose_name = _("carril")
        verbose_name_plural = _("carriles")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(rate_seconds__gt=0), name="rate_has_a_period"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.active}/{self.limit}"


class Token(models.Model):
    """Something a process waits for. Whoever comes first, waiter or completer, writes the row."""

    key = models.CharField(primary_key=True, max_length=200)
    tenant = models.CharField(max_length=64, blank=True)
    process = models.ForeignKey(Process, null=True, blank=True, on_delete=models.CASCADE, related_name="tokens")
    answer = models.TextField(null=True, blank=True)  # noqa: DJ001 (none until completed)
    answer_type = models.CharField(max_length=200, blank=True, db_default="")
    """`module:name` of the type that an answer must have; empty until somebody waits."""
    closed = models.BooleanField(default=False)
    """True when an answer can no longer come: the process was cancelled or superseded, or the time ran out."""
    expires_at = models.DateTimeField(null=True, blank=True)
    actor = models.CharField(max_length=120, blank=True)
    reason = models.TextField(blank=True, db_default="")
    """Why whoever answered decided so, in their words."""
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["key"]
        verbose_name = _("espera")
        verbose_name_plural = _("esperas")
        indexes: ClassVar = [
            # engine.cancel: the open tokens of a process
            models.Index(fields=["process"], name="token_open", condition=Q(completed_at__isnull=True, closed=False)),
            # tick: whose time to be answered is over
            models.Index(
                fields=["expires_at"],
                name="token_expiring",
                condition=Q(completed_at__isnull=True, closed=False, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Worker(models.Model):
    """A worker process that beats: how many processes it can run at a time, and of which queues."""

    name = models.CharField(primary_key=True, max_length=120)
    queues = ArrayField(models.CharField(max_length=60))
    slots = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    """Real time, as leases are."""

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("trabajador")
        verbose_name_plural = _("trabajadores")

    def __str__(self) -> str:
        return self.name
