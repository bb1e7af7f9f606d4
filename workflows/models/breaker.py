"""Whether something outside may be called: one row for all workers."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from common.states import Moves

MOVES = Moves(
    open=(("closed",), "open"),
    probe=(("open",), "half_open"),
    close=(("half_open",), "closed"),
    reopen=(("half_open",), "open"),
)


class Breaker(models.Model):
    """A resource that failed lately. One that never failed has no row.

    closed      everybody calls; `failures` in a row are counted
    open        nobody calls until `opened_until`
    half_open   one process calls, the probe; if nothing is heard of it by `opened_until`, another may be the probe
    """

    key = models.CharField(primary_key=True, max_length=200)
    state = FSMField(
        default="closed", protected=True, choices=[(state, state) for state in ("closed", "open", "half_open")]
    )
    failures = models.PositiveIntegerField(default=0)
    opened_until = models.DateTimeField(null=True, blank=True)
    probe = models.CharField(max_length=60, blank=True)
    """`process/fence` of the one that may call while it is half open."""
    changed_at = models.DateTimeField()
    """When the state last changed."""
    last_error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["key"]
        verbose_name = _("cortacircuitos")
        verbose_name_plural = _("cortacircuitos")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=["closed", "open", "half_open"]), name="breaker_state_known"),
            models.CheckConstraint(
                condition=Q(state="closed") | Q(opened_until__isnull=False), name="open_breaker_has_a_time"
            ),
        ]
        triggers: ClassVar = [MOVES.trigger()]

    def __str__(self) -> str:
        return self.key

    @MOVES.via("open", state)
    def open(self) -> None:
        """It has failed too often in a row."""

    @MOVES.via("close", state)
    def close(self) -> None:
        """The probe was answered."""

    @MOVES.via("reopen", state)
    def reopen(self) -> None:
        """The probe failed, or told nothing of the resource."""
