"""What starts processes by the clock."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Schedule(models.Model):
    """A workflow that is triggered at the moments (slots) of a cron expression, in the hours of a zone.

    The row decides: what code declares is written here when a worker starts, and a person's edit stays until the code
    declares something new. Times that are missed while nobody ticks are made good as `catch_up` says; those of a pause
    are not missed, they are not wanted.
    """

    class CatchUp(models.TextChoices):
        ALL = "all"
        LAST = "last"
        NONE = "none"

    name = models.CharField(primary_key=True, max_length=100)
    workflow = models.CharField(max_length=80)
    payload = models.TextField()
    """JSON of the workflow's payload, less the field `slot` where it has one."""
    cron = models.CharField(max_length=120)
    zone = models.CharField(max_length=60)
    catch_up = models.CharField(max_length=4, choices=CatchUp.choices, default=CatchUp.LAST)
    tenant = models.CharField(max_length=64, blank=True)
    """Opaque to the engine, as a process's: who may see it."""
    paused = models.BooleanField(default=False)
    told = models.TextField(blank=True, db_default="")
    """Why the engine paused it; empty when nobody or a person did."""
    next_at = models.DateTimeField()
    last_slot = models.DateTimeField(null=True, blank=True)
    """The newest slot that it was triggered for."""
    declared = models.BooleanField(default=False)
    declaration = models.CharField(max_length=64, blank=True, db_default="")
    """SHA-256 of what the code last declared: only something new overrides a person's edit."""

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("horario")
        verbose_name_plural = _("horarios")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(catch_up__in=["all", "last", "none"]), name="schedule_catch_up_known"),
        ]
        indexes: ClassVar = [
            # schedules.fire_due, at every tick: whose time has come
            models.Index(fields=["next_at"], name="schedule_due", condition=Q(paused=False)),
        ]

    def __str__(self) -> str:
        return self.name
