"""The records of one invoice, and the two that may follow them: a correction of its coding, and its annulment.

An invoice is, for the AEAT, issuer, number and issue date (verifactu.md 3); its records may stand in several chains of
the taxpayer, because a correction may come from another installation (8.2).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from common.ids import uuid7
from verifactu import chain
from verifactu.amending import TouchesTheInvoice, shown
from verifactu.lifecycle import NeverDeclared, Past, next_alta, next_anulacion
from verifactu.models import Record
from verifactu.records import IDFacturaAnulada, RegistroAlta, RegistroAnulacion, fecha_hora_huso
from verifactu.xml import read_registro

Registro = RegistroAlta | RegistroAnulacion


def records_of(record: Record) -> list[Record]:
    """Return every record of the same invoice in the same environment, oldest first (one query)."""
    found = Record.objects.select_related("installation").filter(
        installation__taxpayer=record.installation.taxpayer_id,
        installation__environment=record.installation.environment,
        id_emisor=record.id_emisor,
        num_serie=record.num_serie,
        fecha_expedicion=record.fecha_expedicion,
    )
    return list(found.order_by("generated_at", "installation__created_at", "seq"))


def history_of(records: Sequence[Record]) -> tuple[Past, ...]:
    """Return what became of those records."""
    return tuple(
        Past(operation=r.operation, state=r.state, code=r.codigo_error, sent=r.submission_id is not None)
        for r in records
    )


def newest_of(firsts: Sequence[Record], *, taxpayer_id: UUID) -> dict[UUID, Record]:
    """Return, for the first record of each of a taxpayer's invoices, the newest one of that invoice (one query)."""
    newest = {
        (record.id_emisor, record.num_serie, record.fecha_expedicion): record
        for record in Record.objects.filter(
            installation__taxpayer=taxpayer_id, num_serie__in=[first.num_serie for first in firsts]
        )
        .defer("xml")
        .order_by("generated_at", "installation__created_at", "seq")
    }
    return {first.pk: newest[first.id_emisor, first.num_serie, first.fecha_expedicion] for first in firsts}


def append_correction(
    of: Record,
    change: Callable[[RegistroAlta], RegistroAlta],
    *,
    tenant: str,
    zone: str,
    now: Callable[[], datetime],
    reactivate: bool = False,
) -> Record:
    """Append a complete new alta of the invoice of `of`: `change` is given the last one and alters its coding.

    Chained, stamped and flagged anew under the chain's lock; its answer_token is that of `of` with its own id after it.

    :raises NothingMayBeSent: when the history does not allow it now.
    :raises TouchesTheInvoice: when `change` alters what the invoice itself shows.
    :raises InvalidRecord, ClockBehind, WrongEnvironment: as `chain.append` and `chain.lock` do.
    """

    def make(records: Sequence[Record], head: chain.Head, stamp: str) -> RegistroAlta:
        altas = [record for record in records if record.operation == "Alta"]
        if not altas:
            raise NeverDeclared(NeverDeclared.__doc__)
        flags = next_alta(history_of(records), reactivate=reactivate)
        before = read_registro(altas[-1].xml)
        if not isinstance(before, RegistroAlta):
            raise TypeError(f"record {altas[-1].pk} is called an alta and is none")
        registro = change(before)
        if shown(registro) != shown(before):
            raise TouchesTheInvoice(TouchesTheInvoice.__doc__)
        return replace(
            registro,
            Subsanacion=flags.Subsanacion,
            RechazoPrevio=flags.RechazoPrevio,
            Encadenamiento=head.encadenamiento(),
            SistemaInformatico=head.sistema(),
            FechaHoraHusoGenRegistro=stamp,
            Huella="",
        )

    return _append(of, make, tenant=tenant, zone=zone, now=now)


def append_annulment(of: Record, *, tenant: str, zone: str, now: Callable[[], datetime]) -> Record:
    """Append the record that annuls the invoice of `of`; chained, stamped, flagged and awaited as a correction is.

    :raises NothingMayBeSent: when the history does not allow it now.
    :raises InvalidRecord, ClockBehind, WrongEnvironment: as `chain.append` and `chain.lock` do.
    """

    def make(records: Sequence[Record], head: chain.Head, stamp: str) -> RegistroAnulacion:
        flags = next_anulacion(history_of(records))
        return RegistroAnulacion(
            IDFactura=IDFacturaAnulada(
                IDEmisorFacturaAnulada=of.id_emisor,
                NumSerieFacturaAnulada=of.num_serie,
                FechaExpedicionFacturaAnulada=of.fecha_expedicion,
            ),
            RefExterna=read_registro(of.xml).RefExterna,
            SinRegistroPrevio=flags.SinRegistroPrevio,
            RechazoPrevio=flags.RechazoPrevio,
            Encadenamiento=head.encadenamiento(),
            SistemaInformatico=head.sistema(),
            FechaHoraHusoGenRegistro=stamp,
        )

    return _append(of, make, tenant=tenant, zone=zone, now=now)


def token_of(first: Record, id: UUID) -> str:
    """Return the token of a later record: that of the invoice's first, and its own id, so that none collide."""
    return f"{first.answer_token}:{id}" if first.answer_token else ""


def _append(
    of: Record,
    make: Callable[[Sequence[Record], chain.Head, str], Any],
    *,
    tenant: str,
    zone: str,
    now: Callable[[], datetime],
) -> Record:
    with transaction.atomic():
        head = chain.lock(tenant=tenant)
        if head.installation.environment != of.installation.environment:
            raise chain.WrongEnvironment(chain.WrongEnvironment.__doc__)
        # Read under the lock: whoever appends to this taxpayer's chain has to wait, so the history stays as it is.
        records = records_of(of)
        stamp = head.stamp(now())
        registro = make(records, head, fecha_hora_huso(stamp.astimezone(ZoneInfo(zone))))
        id = uuid7()
        return chain.append(
            head, registro, id=id, stamp=stamp, covers=of.covers, answer_token=token_of(of, id), now=stamp
        )
