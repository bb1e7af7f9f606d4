"""I4 of the chains: each is 1..n, each link and huella recomputes, the head is the last record."""

from collections.abc import Callable, Iterator
from typing import Any

from common.findings import Finding
from common.verification import in_pages
from verifactu.errors import UnreadableXML
from verifactu.huella import huella
from verifactu.models import Installation, Record
from verifactu.records import ChainedAlta, PrimerRegistro, RegistroAnterior
from verifactu.xml import read_chained
from workflows.rows import sql

_READ = (
    "seq", "id_emisor", "num_serie", "fecha_expedicion", "importe_total", "huella", "previous_seal", "seal",
    "generated_at", "xml",
)  # fmt: skip
"""The columns that a link is verified by: whole rows would cost as much again."""


def broken_links(
    installation: Installation, tell: Callable[[int], object] = lambda read: None, *, first: int = 1, last: int = 0
) -> Iterator[Finding]:
    """Yield what is wrong with one chain, read in order, a page of records at a time.

    Of a part of it (`first` to `last`) the record before is read too, for the link to it; the head is compared where
    the part reaches it.
    """
    part = Record.objects.filter(installation=installation, seq__gte=first - 1)
    records: Any = (part.filter(seq__lte=last) if last else part).values_list(*_READ, named=True)
    previous: Any = None
    expected_seq = max(first - 1, 1)
    for record in in_pages(records, key="seq", tell=tell):
        subject = f"{installation} nº {record.seq} ({record.num_serie})"
        if record.seq != expected_seq:
            yield Finding("I4", subject, f"nº {expected_seq} is missing before it")
        if record.seq >= first:
            yield from _broken_record(record, previous, subject)
        expected_seq, previous = record.seq + 1, record
    if not last or last >= installation.head_seq:
        yield from _broken_head(installation)


def _broken_record(record: Any, previous: Any, subject: str) -> Iterator[Finding]:
    try:
        registro = read_chained(record.xml)
    except UnreadableXML as error:
        yield Finding("I4", subject, f"its text cannot be read: {error}")
        return
    if huella(registro) != record.huella or registro.Huella != record.huella:
        yield Finding("I4", subject, "the huella does not recompute from the stored text")
    link = registro.Encadenamiento
    match link, previous:
        case PrimerRegistro(), None:
            pass
        case RegistroAnterior(), _ if previous:
            stored = (previous.id_emisor, previous.num_serie, previous.fecha_expedicion, previous.huella)
            told = (link.IDEmisorFactura, link.NumSerieFactura, link.FechaExpedicionFactura, link.Huella)
            if stored != told:
                yield Finding("I4", subject, "it is not linked to the record before it")
        case _:
            yield Finding("I4", subject, "PrimerRegistro stands elsewhere than at the beginning")
    if isinstance(registro, ChainedAlta):
        invoice = registro.IDFactura
        stated = (invoice.NumSerieFactura, invoice.FechaExpedicionFactura, registro.ImporteTotal)
        if stated != (record.num_serie, record.fecha_expedicion, record.importe_total):
            yield Finding("I4", subject, "number, date or total of the row differ from its text")
    if record.previous_seal != (previous.seal if previous else ""):
        yield Finding("I8", subject, "the chain of seals is broken before it")
    if previous and record.generated_at < previous.generated_at:
        yield Finding("I4", subject, "its stamp is earlier than that of the record before")


def _broken_head(installation: Installation) -> Iterator[Finding]:
    # Both by one statement: the chain goes on while it is read, and head and record move in one commit.
    [[differs]] = sql(
        """
        SELECT (c.head_seq, c.head_huella, c.head_seal)
               IS DISTINCT FROM (coalesce(r.seq, 0), coalesce(r.huella, ''), coalesce(r.seal, ''))
        FROM verifactu_installation c LEFT JOIN LATERAL (
            SELECT seq, huella, seal FROM verifactu_record WHERE installation_id = c.id ORDER BY seq DESC LIMIT 1
        ) r ON true
        WHERE c.id = %s
        """,
        [installation.pk],
    )
    if differs:
        yield Finding("I4", str(installation), "the head is not the last record")
