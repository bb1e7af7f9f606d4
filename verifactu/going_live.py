"""The typed confirmation that production asks for before the first record of an installation.

Whoever begins to send to the AEAT has chosen VERI*FACTU, by that alone, at least until 31 December of the year (RRSIF,
RD 1007/2023, art. 16; verifactu.md 1.3). So nothing is issued on a new installation in production before a person has
typed a sentence that names the taxpayer, the installation and that day. Until then what would be issued waits, and it
goes on by itself afterwards. Simulator and tests bind to nothing and ask for nothing.

`Installation.confirmed_at` is read with the head, under its lock (verifactu/chain.py): issuing pays no query for it.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from common import clock
from verifactu.models import Installation, ProductionConfirmation
from verifactu.rules import AEAT_ZONE
from workflows import control
from workflows.api import step, workflow
from workflows.engine import trigger
from workflows.errors import Abort, WrongState
from workflows.journal import Run
from workflows.models import Process

REMEDY = "manage.py confirm_production --company {nif}"
PAUSES = (timedelta(), timedelta(seconds=15), timedelta(minutes=2))
"""Who read the head just before it was confirmed may come to be held only afterwards, and is looked for again."""

SAYS = _(
    "Con el primer registro que se envíe a la AEAT desde la instalación %(numero)s, %(name)s (NIF %(nif)s) queda en "
    "VERI*FACTU: todas sus facturas de esta facturación se declaran, sin excepción, al menos hasta el 31 de diciembre "
    "de %(year)s (art. 16 del reglamento aprobado por el RD 1007/2023). Los registros no se borran ni se cambian, y la "
    "instalación queda unida a producción para siempre."
)


class NotConfirmed(Abort):
    """Nothing is issued on this installation in production until a person has confirmed what it binds to."""


class WrongText(ValueError):
    """What was typed is not the sentence that confirms. `expected` is that sentence."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"No se ha confirmado nada. Hay que escribir: {expected}")
        self.expected = expected


class NothingToConfirm(Exception):
    """This installation asks for no confirmation: it was confirmed, has records, is closed or is not of production."""


class GoOn(msgspec.Struct, frozen=True):
    """An installation that was confirmed, and whose taxpayer's work goes on."""

    tenant: str
    installation_id: UUID
    actor: str


def awaits(installation: Installation) -> bool:
    """Tell whether a confirmation must come before the next record. One with records began before this was asked."""
    return installation.environment == "production" and not installation.head_seq and not installation.confirmed_at


def refuse_if_unconfirmed(installation: Installation) -> None:
    """Pass when records may be made on the installation.

    :raises NotConfirmed: when nobody has confirmed it; the message says why, and the remedy.
    """
    if awaits(installation):
        remedy = REMEDY.format(nif=installation.taxpayer.nif)
        raise NotConfirmed(
            f"{installation}: nadie ha confirmado el paso a producción. Confírmelo en la página de la instalación, o "
            f"con {remedy}; lo que espera sigue entonces solo"
        )


def says(installation: Installation, *, now: datetime) -> str:
    """Return what the first record binds to, in the reader's language."""
    taxpayer = installation.taxpayer
    facts = {"numero": installation.numero, "name": taxpayer.name, "nif": taxpayer.nif, "year": _year(now)}
    return str(SAYS) % facts


def sentence(installation: Installation, *, now: datetime) -> str:
    """Return the sentence that has to be typed; Spanish in every language."""
    return (
        f"Activar VERI*FACTU para {installation.taxpayer.nif} en la instalación {installation.numero} "
        f"hasta el 31/12/{_year(now)}"
    )


def confirm(installation_id: UUID, *, typed: str, actor: str, now: datetime) -> ProductionConfirmation:
    """Keep who confirmed what, and have what waited go on, in one transaction. Case and spaces do not count.

    :raises WrongText: when another text was typed; nothing is confirmed then.
    :raises NothingToConfirm: when this installation asks for none.
    """
    with transaction.atomic():
        chain = Installation.objects.select_for_update(no_key=True, of=("self",)).select_related("taxpayer")
        installation = chain.get(pk=installation_id)
        if not (installation.active and awaits(installation)):
            raise NothingToConfirm(NothingToConfirm.__doc__)
        expected = sentence(installation, now=now)
        if _plain(typed) != _plain(expected):
            raise WrongText(expected)
        Installation.objects.filter(pk=installation.pk).update(confirmed_at=now)
        kept = ProductionConfirmation(
            installation=installation, actor=actor, at=now, says=says(installation, now=now), typed=typed.strip()
        )
        kept.save()
        trigger(go_on, GoOn(installation.taxpayer.tenant, installation.pk, actor), now=now, actor=actor)
    return kept


@step
def resume_held(p: GoOn) -> int:
    """Have go on what was held for want of the confirmation; return how many."""
    resumed, now = 0, clock.now()
    held = Process.objects.filter(
        tenant=p.tenant, state__in=("held", "failed"), error__class=NotConfirmed.__name__
    ).order_by("seq")
    for process in held.values_list("pk", flat=True):
        try:
            control.resume(process, now=now, actor=p.actor, reason="paso a producción confirmado")
            resumed += 1
        except WrongState:
            continue  # somebody was first
    return resumed


@workflow(
    "go-on-in-production",
    version=1,
    tenant=lambda p: p.tenant,
    on_failure="hold",
    idempotency_key=lambda p: f"confirmed:{p.installation_id}",
)
def go_on(run: Run, p: GoOn) -> int:
    """Resume what waited for the confirmation."""
    resumed = 0
    for pause in PAUSES:
        if pause:
            run.sleep(pause)
        resumed += run.step(resume_held, p)
    return resumed


def _year(now: datetime) -> int:
    return now.astimezone(AEAT_ZONE).year


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
