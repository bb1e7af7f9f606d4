"""The journal: named checkpoints of a process, and every try of them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.models.process import Process


class Step(models.Model):
    """One named checkpoint of a process: what went in (its digest), and what came out."""

    class Kind(models.TextChoices):
        ATOMIC = "atomic"
        EXTERNAL = "external"
        WAIT = "wait"
        SLEEP = "sleep"
        HOLD = "hold"
        VALUE = "value"
        CHILDREN = "children"

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="steps", db_index=False)
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    done = models.BooleanField(default=False)
    input_digest = models.CharField(max_length=64)
    output = models.TextField(null=True, blank=True)  # noqa: DJ001 (none until done)
    failures = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["process", "id"]
        verbose_name = _("paso")
        verbose_name_plural = _("pasos")
        constraints: ClassVar = [
            # the journal: one answer per key
            models.UniqueConstraint(fields=["process", "key"], name="one_step_per_key"),
            models.CheckConstraint(
                condition=Q(done=False) | Q(output__isnull=False, finished_at__isnull=False), name="done_has_output"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.process_id} {self.key}"


class Attempt(models.Model):
    """One try of a step: by which worker, how long, and how it ended."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    step_key = models.CharField(max_length=200)
    fence = models.PositiveIntegerField()
    worker = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    error_class = models.CharField(max_length=200, blank=True)
    message = models.TextField(blank=True)
    traceback = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["process", "id"]
        verbose_name = _("intento")
        verbose_name_plural = _("intentos")
        indexes: ClassVar = [
            # admin: the timeline of one process
            models.Index(fields=["process", "id"], name="attempt_timeline"),
            # health: the failed tries of a window, which are few
            models.Index(fields=["started_at"], name="attempt_failed", condition=~Q(error_class="")),
        ]

    def __str__(self) -> str:
        return f"{self.process_id} {self.step_key} {self.error_class or 'ok'}"
