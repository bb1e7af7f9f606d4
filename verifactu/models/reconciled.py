"""What a comparison with the AEAT's ledger left behind: differences, and the locks of a chain after a restore."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from common.ids import uuid7
from common.ledger import LedgerModel
from verifactu.states import DISCREPANCY_MOVES, DISCREPANCY_STATES


class Discrepancy(LedgerModel):
    """One invoice about which our ledger and the AEAT's say different things: what, who decided, and what came of it.

    What was found is frozen; state and decision are not. The same difference is one row while it is open.
    """

    class Kind(models.TextChoices):
        MISSING = "missing", _("aquí y no en la AEAT")
        UNKNOWN_HERE = "unknown_here", _("en la AEAT y no aquí")
        VERDICT = "verdict", _("otro resultado")
        HUELLA = "huella", _("otra huella")

    class Proposal(models.TextChoices):
        RESEND = "resend", _("enviar otra vez los registros, tal como están")
        ADOPT = "adopt", _("tomar el resultado que dice la AEAT")
        LOOK = "look", _("que lo mire una persona: no hay reparación automática")

    mutable = ("state", "seen_at", "decided_by", "decided_at", "reason")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    installation = models.ForeignKey(
        "verifactu.Installation", on_delete=models.PROTECT, related_name="discrepancies", verbose_name=_("instalación")
    )
    month = models.CharField(_("mes"), max_length=7)
    """The month (yyyy-mm) in whose comparison it was found."""
    id_emisor = models.CharField("IDEmisorFactura", max_length=20)
    num_serie = models.CharField("NumSerieFactura", max_length=60)
    fecha_expedicion = models.CharField("FechaExpedicionFactura", max_length=10)
    kind = models.CharField(_("diferencia"), max_length=12, choices=Kind.choices)
    record = models.ForeignKey(
        "verifactu.Record",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("registro"),
    )
    ours = models.JSONField(_("lo que hay aquí"), default=dict)
    theirs = models.JSONField(_("lo que tiene la AEAT"), default=dict)
    proposal = models.CharField(_("reparación propuesta"), max_length=8, choices=Proposal.choices)
    found_at = models.DateTimeField(_("hallada"))
    seen_at = models.DateTimeField(_("vista por última vez"))
    state = FSMField(_("estado"), default="open", protected=True, choices=[(s, s) for s in DISCREPANCY_STATES])
    decided_by = models.CharField(_("decidido por"), max_length=200, blank=True, default="")
    decided_at = models.DateTimeField(_("decidido"), null=True, blank=True)
    reason = models.TextField(_("motivo"), blank=True, default="")

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("diferencia con la AEAT")
        verbose_name_plural = _("diferencias con la AEAT")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=DISCREPANCY_STATES), name="discrepancy_state_known"),
            # reconciliation: the same difference is told once
            models.UniqueConstraint(
                fields=["installation", "num_serie", "fecha_expedicion", "kind"],
                condition=Q(state__in=("open", "approved")),
                name="one_open_discrepancy",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "dismissed")) | ~Q(decided_by="") & ~Q(reason=""),
                name="discrepancy_decided_by_somebody",
            ),
        ]
        indexes: ClassVar = [
            # reconciliation: what is known of a month; what a person left as it is
            models.Index(fields=["installation", "month"], name="discrepancy_of_month"),
        ]
        triggers: ClassVar = [*LedgerModel.Meta.triggers, DISCREPANCY_MOVES.trigger()]

    def __str__(self) -> str:
        return f"{self.num_serie}: {self.get_kind_display()}"


class LockEvent(LedgerModel):
    """A chain was locked, unlocked or replaced: when, why, by whom, and what the comparison had shown."""

    class Move(models.TextChoices):
        LOCKED = "locked", _("cerrada")
        UNLOCKED = "unlocked", _("abierta")
        REPLACED = "replaced", _("sustituida")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    installation = models.ForeignKey(
        "verifactu.Installation", on_delete=models.PROTECT, related_name="lock_events", verbose_name=_("instalación")
    )
    move = models.CharField(_("qué pasó"), max_length=8, choices=Move.choices)
    at = models.DateTimeField(_("cuándo"))
    actor = models.CharField(_("quién"), max_length=200)
    reason = models.TextField(_("motivo"))
    facts = models.JSONField(_("lo comparado"), default=dict)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("cierre de una instalación")
        verbose_name_plural = _("cierres de instalaciones")

    def __str__(self) -> str:
        return f"{self.installation} {self.get_move_display()}"


class Whereabouts(models.Model):
    """Where this database lived when it was last known to be whole: one row.

    A restored dump brings the row along to another place, which gives it away (verifactu/locks.py).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    place = models.CharField(max_length=100)
    noted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("lugar de la base de datos")
        verbose_name_plural = _("lugares de la base de datos")
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_place")]

    def __str__(self) -> str:
        return self.place
