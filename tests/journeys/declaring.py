"""Records appended to a company's chain without an invoice, to see what the AEAT makes of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from common import clock
from common.ids import uuid7
from tests.journeys.house import Shops
from tests.verifactu.examples import ALTA, ANULACION, SIMPLIFIED
from verifactu import chain
from verifactu.models import Record
from verifactu.records import IDFactura, IDFacturaAnulada, RegistroAlta, RegistroAnulacion, fecha, fecha_hora_huso

MADRID = ZoneInfo("Europe/Madrid")


def identity(shops: Shops, number: str) -> IDFactura:
    """The invoice of that number, issued today."""
    return IDFactura(
        IDEmisorFactura=shops.company.taxpayer.nif,
        NumSerieFactura=number,
        FechaExpedicionFactura=fecha(clock.now().astimezone(MADRID).date()),
    )


def declare(shops: Shops, records: Mapping[str, RegistroAlta | RegistroAnulacion]) -> dict[str, Record]:
    """Append these records, by the number of their invoice, in one transaction: they travel together."""
    made = {}
    with transaction.atomic():
        head = chain.lock(tenant=shops.company.tenant)
        for number, registro in records.items():
            stamp = head.stamp(clock.now())
            linked = replace(
                _about(shops, number, registro),
                Encadenamiento=head.encadenamiento(),
                SistemaInformatico=head.sistema(),
                FechaHoraHusoGenRegistro=fecha_hora_huso(stamp.astimezone(MADRID)),
            )
            made[number] = chain.append(head, linked, id=uuid7(), stamp=stamp, covers="", answer_token="", now=stamp)
    return made


def alta(**changes: Any) -> RegistroAlta:
    """A simplified invoice; a complete one when it has recipients."""
    return replace(ALTA if changes.get("Destinatarios") else SIMPLIFIED, **changes)


def anulacion(**changes: Any) -> RegistroAnulacion:
    """An annulment."""
    return replace(ANULACION, **changes)


def _about(shops: Shops, number: str, registro: RegistroAlta | RegistroAnulacion) -> RegistroAlta | RegistroAnulacion:
    invoice = identity(shops, number)
    if isinstance(registro, RegistroAlta):
        return replace(registro, IDFactura=invoice, NombreRazonEmisor=shops.company.taxpayer.name)
    annulled = IDFacturaAnulada(
        IDEmisorFacturaAnulada=invoice.IDEmisorFactura,
        NumSerieFacturaAnulada=invoice.NumSerieFactura,
        FechaExpedicionFacturaAnulada=invoice.FechaExpedicionFactura,
    )
    return replace(registro, IDFactura=annulled)
