"""Append a record to its chain, under the chain's lock.

The lock is the Installation's row. Whoever issues takes it before reading the clock, so that stamps never go back
inside a chain, and holds it until the invoice, its record and the new head are committed together.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from verifactu import sending_alerts
from verifactu.batches import MAX_RECORDS
from verifactu.huella import sealed
from verifactu.models import Installation, Record
from verifactu.records import PrimerRegistro, RegistroAlta, RegistroAnterior, RegistroAnulacion, SistemaInformatico
from verifactu.rules import check
from verifactu.submission import end_wait, wake
from verifactu.xml import fragment, schema_errors
from workflows.rows import sql

AEAT_ZONE = ZoneInfo("Europe/Madrid")
"""Whose date the AEAT judges by: after midnight there it is still yesterday in UTC."""
CLOCK_TOLERANCE = timedelta(seconds=60)
"""How far our clock may stand behind the head's stamp before issuing stops (fiscal-policy.md, Series)."""


class ClockBehind(Exception):
    """The clock stands behind the last record of the chain by more than a minute; set it right, then resume."""


class WrongEnvironment(Exception):
    """This installation belongs to another environment than AEAT_ENVIRONMENT names; it is bound to its own for ever."""


class InvalidRecord(Exception):
    """The record breaks the schema or a rule of the AEAT, and was not written.

    `faults` holds (code of the AEAT, field, Spanish text), one each.
    """

    def __init__(self, faults: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(f"{code} {field}: {text}" for code, field, text in faults))
        self.faults = faults


@dataclass(frozen=True)
class Head:
    """A chain under our lock, and what the next link needs of it."""

    installation: Installation

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
        several = Installation.objects.filter(environment=head.environment)[:2].count() > 1
        return SistemaInformatico(
            NombreRazon=head.producer_name,
            NIF=head.producer_nif,
            NombreSistemaInformatico=head.system_name,
            IdSistemaInformatico=head.system_id,
            Version=settings.SYSTEM_VERSION,
            NumeroInstalacion=head.numero,
            TipoUsoPosibleSoloVerifactu="S",
            TipoUsoPosibleMultiOT="S",
            IndicadorMultiplesOT="S" if several else "N",
        )


def lock(*, tenant: str) -> Head:
    """Lock the head of the tenant's active chain in the present environment until the transaction ends.

    :raises WrongEnvironment: when the tenant has no active installation in this environment.
    """
    installation = (
        Installation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("taxpayer")
        .filter(taxpayer__tenant=tenant, environment=settings.AEAT_ENVIRONMENT, active=True)
        .first()
    )
    if installation is None:
        raise WrongEnvironment(f"no active installation for AEAT_ENVIRONMENT={settings.AEAT_ENVIRONMENT}")
    return Head(installation)


def append(
    head: Head,
    registro: RegistroAlta | RegistroAnulacion,
    *,
    id: UUID,
    stamp: datetime,
    covers: str,
    answer_token: str,
    now: datetime,
) -> Record:
    """Append `registro` to the locked chain, advance the head, and wake the chain's submission.

    `registro` carries the link and the stamp that `head` gave; its huella is computed here. `covers` is the seal
    (hex) of what the record stands for.

    :raises InvalidRecord: when the record breaks the schema or a rule of the AEAT; nothing is written then.
    """
    full = _look_back(head.installation, now=now)
    registro = sealed(registro)
    xml = fragment(registro)
    if errors := schema_errors(xml):
        raise InvalidRecord([("4102", "", error) for error in errors])
    if violations := check(registro, today=stamp.astimezone(AEAT_ZONE).date()):
        raise InvalidRecord([(v.code, v.field, v.es) for v in violations])
    chain = head.installation
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
    record.save()
    chain.head_seq = record.seq
    chain.head_num_serie = record.num_serie
    chain.head_fecha = record.fecha_expedicion
    chain.head_huella = record.huella
    chain.head_stamp = stamp
    chain.head_seal = record.seal
    chain.save(update_fields=["head_seq", "head_num_serie", "head_fecha", "head_huella", "head_stamp", "head_seal"])
    if chain.stopped_at is None:
        wake(chain.pk, now=now)
        if full:
            end_wait(chain.pk, now=now)
    return record


def _look_back(chain: Installation, *, now: datetime) -> bool:
    """Hold the head against the last stored record, and tell whether a thousand records may be waiting (one query).

    A head that differs is told and stops nobody: invoicing goes on (verifactu.md 1.4). The next record makes it right.
    """
    last, first, before = chain.head_seq, chain.head_seq + 2 - MAX_RECORDS, chain.head_seq + 1 - MAX_RECORDS
    near = {
        seq: (huella, seal, state)
        for seq, huella, seal, state in sql(
            "SELECT seq, huella, seal, state FROM verifactu_record WHERE installation_id = %s AND seq = ANY(%s)",
            [chain.pk, [last, first, before]],
        )
    }
    stored = near[last][:2] if last in near else ("", "")
    if stored != (chain.head_huella, chain.head_seal):
        sending_alerts.tell(
            sending_alerts.HEAD,
            chain,
            f"La cabeza de la cadena (nº {last}, {chain.head_num_serie}) no es el último registro guardado. Se sigue "
            "facturando. Ejecute «manage.py verify_ledger» y guarde lo que diga.",
            now=now,
        )
    waits = {seq for seq, (_, _, state) in near.items() if state == "pending"}
    # When the thousandth comes; and now and then after that, for those that stand aside in between.
    return first in waits and (before not in waits or chain.head_seq % 100 == 0)


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
