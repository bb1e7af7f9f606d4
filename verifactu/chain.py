"""Append a record to its chain, under the chain's lock.

The lock is the Installation's row. Whoever issues takes it before reading the clock, so that stamps never go back
inside a chain, and holds it until the invoice, its record and the new head are committed together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from common.ledger import ledger_insertion
from common.prepared import Columns
from verifactu import sending_alerts
from verifactu.batches import MAX_RECORDS
from verifactu.catalogue import advice
from verifactu.going_live import refuse_if_unconfirmed
from verifactu.huella import sealed
from verifactu.locks import Where, places, refuse_if_closed
from verifactu.models import Installation, Record, Taxpayer
from verifactu.records import PrimerRegistro, RegistroAlta, RegistroAnterior, RegistroAnulacion, SistemaInformatico
from verifactu.rules import AEAT_ZONE, check
from verifactu.submission import end_wait, queued, wake
from verifactu.system import MULTI_OT, SOLO_VERIFACTU
from verifactu.xml import fragment, schema_errors
from workflows.rows import sql

CLOCK_TOLERANCE = timedelta(seconds=60)
"""How far our clock may stand behind the head's stamp before issuing stops (fiscal-policy.md, Series)."""


class ClockBehind(Exception):
    """The clock stands behind the last record of the chain by more than a minute; set it right, then resume."""


class WrongEnvironment(Exception):
    """This installation belongs to another environment than AEAT_ENVIRONMENT names; it is bound to its own for ever."""


class InvalidRecord(Exception):
    """The record breaks the schema or a rule of the AEAT, and was not written.

    `faults` holds (code of the AEAT, field, Spanish text), one each; the message adds what can be done about it.
    """

    def __init__(self, faults: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(f"{code} {field}: {text} {advice(code)}" for code, field, text in faults))
        self.faults = faults


@dataclass(frozen=True)
class Head:
    """A chain under our lock, and what the next link needs of it."""

    installation: Installation
    several: bool
    """Whether this environment holds or held more than one installation."""

    def stamp(self, now: datetime) -> datetime:
        """Return the instant of the next record: now to the second, but never before the head's.

        :raises ClockBehind: when the clock is more than `CLOCK_TOLERANCE` behind the head.
        """
        now = now.replace(microsecond=0)
        head = self.installation.head_stamp
        if head is None or head <= now:
            return now
        if head - now > CLOCK_TOLERANCE:
            raise ClockBehind(f"{ClockBehind.__doc__} ({(head - now).total_seconds():.0f} s)")
        return head

    def encadenamiento(self) -> PrimerRegistro | RegistroAnterior:
        """Return the link to the record before, or the declaration that there is none."""
        head = self.installation
        if not head.head_seq:
            return PrimerRegistro()
        return RegistroAnterior(
            IDEmisorFactura=head.taxpayer.nif,
            NumSerieFactura=head.head_num_serie,
            FechaExpedicionFactura=head.head_fecha,
            Huella=head.head_huella,
        )

    def sistema(self) -> SistemaInformatico:
        """Return the identity of this system as the record carries it (verifactu.md 1.5, 3.3).

        IndicadorMultiplesOT: S when this deployment holds or held more than one invoicing, which is to say more than
        one installation in this environment, active or closed (FAQ 4; fiscal-policy.md, Producer).
        """
        head = self.installation
        return SistemaInformatico(
            NombreRazon=head.producer_name,
            NIF=head.producer_nif,
            NombreSistemaInformatico=head.system_name,
            IdSistemaInformatico=head.system_id,
            Version=settings.SYSTEM_VERSION,
            NumeroInstalacion=head.numero,
            TipoUsoPosibleSoloVerifactu=SOLO_VERIFACTU,
            TipoUsoPosibleMultiOT=MULTI_OT,
            IndicadorMultiplesOT="S" if self.several else "N",
        )


def lock(*, tenant: str) -> Head:
    """Lock the head of the tenant's active chain in the present environment until the transaction ends.

    :raises WrongEnvironment: when the tenant has no active installation in this environment.
    :raises ChainLocked: when the chain is locked after a restore.
    :raises NotConfirmed: when it is new in production and nobody has confirmed what it binds to.
    """
    return lock_after("SELECT %s::text AS tenant", [tenant])[0]


def lock_after(select: str, values: Sequence[Any]) -> tuple[Head, tuple[Any, ...]]:
    """Lock a head as `lock` does, and before it, by the same statement, what `select` locks; return its row, too.

    :param select: one row, whose column `tenant` says whose chain it is.
    """
    installations, taxpayers, statement = _head(select)
    rows = sql(statement, [*values, settings.AEAT_ENVIRONMENT])
    if not rows:
        raise WrongEnvironment(f"no active installation for AEAT_ENVIRONMENT={settings.AEAT_ENVIRONMENT}")
    several, here, before, *loaded = rows[0]
    own = len(installations.fields) + len(taxpayers.fields)
    installation = installations.load(loaded[: len(installations.fields)])
    installation.taxpayer = taxpayers.load(loaded[len(installations.fields) : own])
    refuse_if_closed(installation, Where(here, before))
    refuse_if_unconfirmed(installation)
    return Head(installation, several), tuple(loaded[own:])


def append(
    head: Head,
    registro: RegistroAlta | RegistroAnulacion,
    *,
    id: UUID,
    stamp: datetime,
    covers: str,
    answer_token: str,
    now: datetime,
    beside: tuple[str, Sequence[Any]] = ("", ()),
) -> Record:
    """Append `registro` to the locked chain, advance the head, and wake the chain's submission.

    `registro` carries the link and the stamp that `head` gave; its huella is computed here. `covers` is the seal
    (hex) of what the record stands for. `beside` are the parts of a WITH, and their values, that write it: one
    statement does all.

    :raises InvalidRecord: when the record breaks the schema or a rule of the AEAT; nothing is written then.
    """
    registro = sealed(registro)
    xml = fragment(registro)
    if errors := schema_errors(xml):
        raise InvalidRecord([("4102", "", error) for error in errors])
    chain = head.installation
    today = stamp.astimezone(AEAT_ZONE).date()
    if violations := check(registro, today=today, obligado=chain.taxpayer.nif):
        raise InvalidRecord([(v.code, v.field, v.es) for v in violations])
    record = Record(
        id=id,
        installation=chain,
        seq=chain.head_seq + 1,
        huella=registro.Huella,
        huella_anterior=chain.head_huella,
        generated_at=stamp,
        xml=xml,
        covers=covers,
        previous_seal=chain.head_seal,
        answer_token=answer_token,
        **_identity(registro),
    )
    insert, values = ledger_insertion([record])
    before = _Head(chain.head_seq, chain.head_num_serie, chain.head_huella, chain.head_seal)
    chain.head_seq = record.seq
    chain.head_num_serie = record.num_serie
    chain.head_fecha = record.fecha_expedicion
    chain.head_huella = record.huella
    chain.head_stamp = stamp
    chain.head_seal = record.seal
    parts, others = beside
    sender, whose = queued(chain.pk)
    rows = sql(
        f"""
        WITH {f"{parts}, " if parts else ""}record AS ({insert})
        UPDATE verifactu_installation SET head_seq = %s, head_num_serie = %s, head_fecha = %s, head_huella = %s,
            head_stamp = %s, head_seal = %s
        WHERE id = %s
        RETURNING (
            SELECT array_agg(concat_ws(' ', r.seq, r.huella, r.seal, r.state)) FROM verifactu_record r
            WHERE r.installation_id = verifactu_installation.id AND r.seq = ANY(%s)
        ), ({sender})
        """,  # noqa: S608 (the model's own columns)
        [
            *others, *values, chain.head_seq, chain.head_num_serie, chain.head_fecha, chain.head_huella,
            chain.head_stamp, chain.head_seal, chain.pk, before.near, *whose,
        ],
    )  # fmt: skip
    near, waiting = rows[0]
    full = _look_back(chain, before, near or [], now=now)
    if chain.stopped_at is None:
        if not waiting:
            wake(chain.pk, now=now)
        if full:
            end_wait(chain.pk, now=now)
    return record


class _Head(NamedTuple):
    """The head as it was before a record was appended to it."""

    seq: int
    num_serie: str
    huella: str
    seal: str

    @property
    def near(self) -> list[int]:
        """The numbers of the last record, of the first of a thousand with the next one, and of the one before that."""
        return [self.seq, self.seq + 2 - MAX_RECORDS, self.seq + 1 - MAX_RECORDS]


def _look_back(chain: Installation, head: _Head, near: list[str], *, now: datetime) -> bool:
    """Hold the head against the last stored record, and tell whether a thousand records may be waiting.

    A head that differs is told and stops nobody: invoicing goes on (verifactu.md 1.4). The next record makes it right.
    """
    stored = {int(seq): told for seq, *told in (line.split(" ") for line in near)}
    last, first, before = head.near
    if stored.get(last, ["", ""])[:2] != [head.huella, head.seal]:
        sending_alerts.tell(
            sending_alerts.HEAD,
            chain,
            f"La cabeza de la cadena (nº {last}, {head.num_serie}) no es el último registro guardado. Se sigue "
            "facturando. Ejecute «manage.py verify_ledger» y guarde lo que diga.",
            now=now,
        )
    waits = {seq for seq, (_, _, state) in stored.items() if state == "pending"}
    # When the thousandth comes; and now and then after that, for those that stand aside in between.
    return first in waits and (before not in waits or last % 100 == 0)


@cache
def _head(first: str) -> tuple[Columns, Columns, str]:
    """Return the columns of a head and its taxpayer (not its certificate), and the statement that locks the head.

    What comes first is locked first: the head's lock is the last thing that the statement does with a row.
    IndicadorMultiplesOT is counted with it: the two oldest installations of the environment are enough to know. So is
    where the database lives, for the chain's lock after a restore.
    """
    installations = Columns.of(Installation, "i", *(field.name for field in Installation._meta.concrete_fields))
    taxpayers = Columns.of(Taxpayer, "t", "id", "tenant", "nif", "name")
    statement = f"""
        WITH first AS MATERIALIZED ({first})
        SELECT (SELECT count(*) > 1 FROM (
            SELECT FROM verifactu_installation o WHERE o.environment = i.environment LIMIT 2
        ) AS two), {places()}, {installations}, {taxpayers}, first.*
        FROM first JOIN verifactu_taxpayer t ON t.tenant = first.tenant
        JOIN verifactu_installation i ON i.taxpayer_id = t.id
        WHERE i.environment = %s AND i.active
        FOR NO KEY UPDATE OF i
    """  # noqa: S608 (the models' own columns)
    return installations, taxpayers, statement


def _identity(registro: RegistroAlta | RegistroAnulacion) -> dict[str, str]:
    if isinstance(registro, RegistroAlta):
        invoice = registro.IDFactura
        return {
            "operation": "Alta",
            "id_emisor": invoice.IDEmisorFactura,
            "num_serie": invoice.NumSerieFactura,
            "fecha_expedicion": invoice.FechaExpedicionFactura,
            "tipo_factura": registro.TipoFactura,
            "importe_total": registro.ImporteTotal,
        }
    annulled = registro.IDFactura
    return {
        "operation": "Anulacion",
        "id_emisor": annulled.IDEmisorFacturaAnulada,
        "num_serie": annulled.NumSerieFacturaAnulada,
        "fecha_expedicion": annulled.FechaExpedicionFacturaAnulada,
    }
