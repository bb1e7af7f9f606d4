"""The process and its history: the rows that say what runs, and every move of it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Func, Q, Value
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from common.ids import uuid7
from common.ledger import LedgerModel
from workflows.states import MOVES, OPEN, STATES, TERMINAL


class Process(models.Model):
    """One durable run of a workflow.

    The row is the truth; the Procrastinate job only wakes a worker for it. `fence` counts who may write: a worker
    holds the number that it was admitted with, and every checkpoint compares it. `lane` and `queue` say where the
    process stands now; a step with a place of its own changes them for as long as it runs.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seq = models.BigIntegerField(
        unique=True, editable=False, db_default=Func(Value("workflows_process_seq"), function="nextval")
    )
    workflow = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    state = FSMField(default="pending", protected=True, choices=[(state, state) for state in STATES])
    tenant = models.CharField(max_length=64, blank=True)
    """Opaque to the engine: the key by which the application scopes its rows."""
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 (unique where given)
    once_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 (unique while queued)
    order_key = models.CharField(max_length=200, blank=True)
    behind = models.BooleanField(default=False)
    """True while an open process of the same order key was triggered earlier."""
    lane = models.CharField(max_length=200)
    lane_limit = models.PositiveIntegerField()
    lane_rate = models.CharField(max_length=20, blank=True, db_default="")
    """`admissions/seconds` that the lane is created with; empty for no rate."""
    resource = models.CharField(max_length=200, blank=True, db_default="")
    """The second lane, of what many tenants share; empty where there is none."""
    resource_limit = models.PositiveIntegerField(db_default=0)
    resource_rate = models.CharField(max_length=20, blank=True, db_default="")
    queue = models.CharField(max_length=60)
    priority_at = models.DateTimeField()
    """Its place in the lane's queue: the moment of triggering less its priority, so that nobody starves."""
    fence = models.PositiveIntegerField(default=0)
    admitted_at = models.DateTimeField(null=True, blank=True)
    job_id = models.BigIntegerField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    """Real time, not the movable clock: a lease measures the life of an operating system process."""
    worker = models.CharField(max_length=120, blank=True)
    wake_at = models.DateTimeField(null=True, blank=True)
    settling_since = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    """Not started by then, it expires."""
    max_seconds = models.PositiveIntegerField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    """`max_seconds` after its start: not ended by then, it fails."""
    key_expires_at = models.DateTimeField(null=True, blank=True)
    """Until when its idempotency key holds; for ever where empty."""
    recoveries = models.PositiveIntegerField(default=0)
    payload = models.TextField()
    result = models.TextField(null=True, blank=True)  # noqa: DJ001 (none until completed)
    error = models.JSONField(null=True, blank=True)
    hold = models.JSONField(null=True, blank=True)
    """Why it is held: {"kind": "question" | "failure" | "poison", "code", "data", "token"}."""
    progress = models.JSONField(null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    actor = models.CharField(max_length=120, blank=True)
    superseded_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children", db_index=False
    )
    parent_key = models.CharField(max_length=200, blank=True, db_default="")
    """The parent's step that started it."""
    child_number = models.PositiveIntegerField(null=True, blank=True)
    awaits_children = models.CharField(max_length=200, blank=True, db_default="")
    """The own step whose children it waits for."""
    forked_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    unwinding = models.BooleanField(db_default=False)
    """It has failed and is undoing its steps, last first."""
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-seq"]
        verbose_name = _("proceso")
        verbose_name_plural = _("procesos")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workflow", "idempotency_key"],
                name="one_process_per_idempotency_key",
                condition=Q(idempotency_key__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["workflow", "once_key"],
                name="one_queued_process_per_once_key",
                condition=Q(once_key__isnull=False),
            ),
            # by which statements and indexes tell the open ones
            models.CheckConstraint(
                condition=Q(state__in=OPEN, finished_at__isnull=True)
                | Q(state__in=TERMINAL, finished_at__isnull=False),
                name="process_has_ended_or_not",
            ),
            models.CheckConstraint(condition=Q(state__in=STATES), name="process_state_known"),
            models.CheckConstraint(
                condition=~Q(state="processing") | Q(lease_until__isnull=False), name="processing_has_a_lease"
            ),
            models.CheckConstraint(
                condition=~Q(state="retrying") | Q(wake_at__isnull=False), name="retrying_has_a_time"
            ),
            models.CheckConstraint(condition=~Q(state="held") | Q(hold__isnull=False), name="held_has_a_reason"),
            models.UniqueConstraint(
                fields=["parent", "parent_key", "child_number"],
                name="one_child_per_number",
                condition=Q(parent__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            # pump: the next of a lane
            models.Index(
                fields=["lane", "priority_at", "seq"],
                name="process_queue",
                condition=Q(state="pending", behind=False, admitted_at__isnull=True),
            ),
            # pump: which resources a lane's queue asks for; the lanes that wait for a resource
            models.Index(
                fields=["lane", "resource"],
                name="process_resource",
                condition=Q(state="pending", behind=False, admitted_at__isnull=True) & ~Q(resource=""),
            ),
            # wake_parents, cancel: the children that are still open
            models.Index(
                fields=["parent", "parent_key"],
                name="process_open_children",
                condition=Q(parent__isnull=False, finished_at=None),
            ),
            # tick: parents whose children may all have ended
            models.Index(fields=["id"], name="process_awaiting", condition=Q(state="waiting") & ~Q(awaits_children="")),
            # tick: what is not started in time, and what is not ended in time
            models.Index(
                fields=["expires_at"], name="process_expiring", condition=Q(state="pending", expires_at__isnull=False)
            ),
            models.Index(
                fields=["deadline_at"],
                name="process_deadline",
                condition=Q(finished_at=None, deadline_at__isnull=False),
            ),
            # engine.promote, trigger: the open processes of an order key
            models.Index(
                fields=["order_key", "seq"], name="process_order", condition=Q(finished_at=None) & ~Q(order_key="")
            ),
            # tick: leases that ran out
            models.Index(fields=["lease_until"], name="process_lease", condition=Q(state="processing")),
            # tick: whose time has come
            models.Index(fields=["wake_at"], name="process_wake", condition=Q(wake_at__isnull=False)),
            # tick: admitted, not yet claimed (is its job still there?)
            models.Index(
                fields=["admitted_at"],
                name="process_admitted",
                condition=Q(state="pending", admitted_at__isnull=False),
            ),
            # admin and commands: what a person must look at
            models.Index(fields=["state", "seq"], name="process_open", condition=Q(state__in=OPEN)),
            # health: what ended in a window; purge: what of a workflow ended long ago
            models.Index(
                fields=["workflow", "finished_at"], name="process_ended", condition=Q(finished_at__isnull=False)
            ),
            # purge, and PostgreSQL's own check of these references: who points to an ended process
            models.Index(fields=["superseded_by"], name="process_superseded", condition=Q(superseded_by__isnull=False)),
            models.Index(fields=["forked_from"], name="process_forked", condition=Q(forked_from__isnull=False)),
            # application: the processes of an order or an invoice
            GinIndex(fields=["tags"], name="process_tags", condition=~Q(tags=[])),
        ]
        triggers: ClassVar = [MOVES.trigger()]

    def __str__(self) -> str:
        return f"{self.workflow} {self.id}"

    @MOVES.via("unwind", state)
    def unwind(self) -> None:
        """It has failed and takes its steps back."""

    @MOVES.via("resolve", state)
    def resolve(self) -> None:
        """A person answered the hold."""

    @MOVES.via("resume", state)
    def resume(self) -> None:
        """A person sends it on after its last failure."""

    @MOVES.via("cancel", state)
    def cancel(self) -> None:
        """A person stops it."""


class ProcessEvent(LedgerModel):
    """One move of a process: from, to, by whom, why. Append-only."""

    process = models.ForeignKey(Process, on_delete=models.PROTECT, related_name="events", db_index=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    move = models.CharField(max_length=20)
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    reason = models.TextField(blank=True)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["process", "id"]
        verbose_name = _("suceso")
        verbose_name_plural = _("sucesos")
        indexes: ClassVar = [
            # admin: the history of one process, in order
            models.Index(fields=["process", "id"], name="event_history"),
        ]

    def __str__(self) -> str:
        return f"{self.process_id} {self.from_state}>{self.to_state}"
