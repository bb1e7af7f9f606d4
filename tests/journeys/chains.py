"""Records appended to a company's chain by the real `chain.append`, without orders: what the sender's stories need."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet

from common import clock
from common.ids import uuid7
from tests.journeys.house import House, Shops
from tests.verifactu.examples import SIMPLIFIED
from verifactu import chain
from verifactu.models import Submission
from verifactu.records import IDFactura, fecha, fecha_hora_huso
from workflows.models import Alert, Process

MADRID = ZoneInfo("Europe/Madrid")
SENDING = (
    "sending_stopped", "submission_refused", "sending_delayed", "sending_again", "record_quarantined", "number_taken",
    "strange_line", "chain_head",
)  # fmt: skip
ENDED = {"accepted", "accepted_with_errors", "rejected", "quarantined"}
ROUND = timedelta(seconds=61)
"""A little more than a minute: the pace that the AEAT asks for, and more than the first back-offs."""


def append(shops: Shops, count: int, *, series: str = "B", first: int = 0) -> None:
    """Append so many records to a company's chain, in one transaction."""
    with transaction.atomic():
        head = chain.lock(tenant=shops.company.tenant)
        system = head.sistema()
        for number in range(first, first + count):
            stamp = head.stamp(clock.now())
            local = stamp.astimezone(MADRID)
            registro = replace(
                SIMPLIFIED,
                IDFactura=IDFactura(
                    IDEmisorFactura=shops.company.taxpayer.nif,
                    NumSerieFactura=f"{series}-{number:06d}",
                    FechaExpedicionFactura=fecha(local.date()),
                ),
                NombreRazonEmisor=shops.company.taxpayer.name,
                Encadenamiento=head.encadenamiento(),
                SistemaInformatico=system,
                FechaHoraHusoGenRegistro=fecha_hora_huso(local),
            )
            chain.append(head, registro, id=uuid7(), stamp=stamp, covers="", answer_token="", now=stamp)


def at_rest(shops: Shops) -> bool:
    """Tell whether nothing of a company's chain moves before time passes."""
    return not moving(tags__contains=[f"chain:{shops.installation.pk}"]).exists()


def moving(**which: Any) -> QuerySet[Process]:
    """Return the senders that move now, or will at the next tick because their moment has come."""
    now = clock.now()
    due = Q(wake_at__lte=now) | Q(tokens__expires_at__lte=now, tokens__closed=False, tokens__completed_at=None)
    at_work = Q(state__in=("pending", "processing"), behind=False)
    senders = Process.objects.filter(workflow="submit-chain", **which)
    return senders.filter(at_work | Q(state__in=("waiting", "retrying")) & due)


def heal(house: House, shops: Shops, *, rounds: int = 40, until: Callable[[], object] | None = None) -> None:
    """Let time pass, a minute after another, until every record has ended (or `until` is true)."""
    over = until or (lambda: set(shops.states()) <= ENDED)
    for _ in range(rounds):
        house.until(lambda: over() or at_rest(shops), message="The chain did not come to rest")
        if over():
            return
        house.pass_time(ROUND)
    raise AssertionError(f"not over after {rounds} rounds: {shops.states()} {told(shops)}")


def told(shops: Shops) -> str:
    """Return all that a person can read about the sending of a company: alerts, and reasons of what was sent."""
    alerts = Alert.objects.filter(tenant=shops.company.tenant).order_by("id")
    submissions = Submission.objects.filter(installation__taxpayer=shops.company.taxpayer).order_by("id")
    return "\n".join(
        [
            *(f"{alert.kind} {alert.text}" for alert in alerts),
            *(submission.reason for submission in submissions),
            *(f"{record.codigo_error} {record.descripcion_error} {record.reason}" for record in shops.records),
        ]
    )


def alerts_of(shops: Shops) -> list[str]:
    """Return the kinds of a company's alerts about sending, oldest first."""
    alerts = Alert.objects.filter(tenant=shops.company.tenant, kind__in=SENDING)
    return list(alerts.order_by("id").values_list("kind", flat=True))
