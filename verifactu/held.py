"""What the AEAT showed of one month, in a temporary table of this session, and the questions asked of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from verifactu.models import Installation
from verifactu.xml import RegistroConsultado
from workflows.rows import sql

_AT_ONCE = 1000
_COLUMNS = (
    "emisor", "numero", "fecha", "huella", "estado", "code", "description", "presented", "peticion", "generated",
    "importe",
)  # fmt: skip


class Missing(NamedTuple):
    """Our last accepted record of an invoice that the AEAT does not show."""

    id: UUID
    seq: int
    emisor: str
    num_serie: str
    fecha: str
    operation: str
    state: str
    huella: str
    may_begin: bool
    """Whether the first accepted record of the invoice may be sent to an AEAT that has nothing (verifactu.md 8.1)."""


class Row(NamedTuple):
    """An invoice that the AEAT shows otherwise than we do, our record of that huella, and our last accepted one."""

    emisor: str
    num_serie: str
    fecha: str
    their_huella: str
    estado: str
    code: str
    description: str
    presented: str
    peticion: str
    generated: str
    importe: str
    id: UUID | None
    seq: int | None
    operation: str | None
    state: str | None
    huella: str | None
    our_code: str | None
    last_id: UUID | None
    last_seq: int | None
    last_huella: str | None
    known: bool


def clear() -> None:
    """Begin with an empty table."""
    columns = ", ".join(f"{name} text NOT NULL" for name in _COLUMNS)
    sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS aeat_held ({columns}, place bigint GENERATED ALWAYS AS IDENTITY,"
        " PRIMARY KEY (numero, fecha, emisor))"
    )
    sql("TRUNCATE aeat_held")


def add(page: Sequence[RegistroConsultado]) -> None:
    """Put a page into it; an invoice that is shown twice counts as it was shown last."""
    names = ", ".join(_COLUMNS)
    arrays = ", ".join(["%s::text[]"] * len(_COLUMNS))
    for begin in range(0, len(page), _AT_ONCE):
        # Twice in one statement would be refused; and the last one is the one that counts.
        rows = {row[:3]: row for row in map(_row, page[begin : begin + _AT_ONCE])}
        sql(
            f"INSERT INTO aeat_held ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 (our own names)
            " ON CONFLICT (numero, fecha, emisor) DO UPDATE SET huella = EXCLUDED.huella, estado = EXCLUDED.estado,"
            " code = EXCLUDED.code, description = EXCLUDED.description, presented = EXCLUDED.presented,"
            " peticion = EXCLUDED.peticion, generated = EXCLUDED.generated, importe = EXCLUDED.importe",
            [list(column) for column in zip(*rows.values(), strict=True)],
        )


def ready() -> None:
    """Have PostgreSQL count what is there, so that it plans well."""
    sql("ANALYZE aeat_held")


def count() -> int:
    """Return how many invoices the AEAT showed."""
    return int(sql("SELECT count(*) FROM aeat_held")[0][0])


def last() -> tuple[str, str, str] | None:
    """Return number, huella and stamp of the record with the latest stamp; None when nothing was shown.

    Of one second, the one that was presented last: the AEAT shows them in that order.
    """
    rows = sql(
        r"""
        SELECT numero, huella, generated FROM aeat_held
        WHERE generated ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$'
        ORDER BY generated::timestamptz DESC, place DESC LIMIT 1
        """
    )
    return (rows[0][0], rows[0][1], rows[0][2]) if rows else None


def months_of_operation(installation: Installation, month: str) -> list[str]:
    """Return the months (yyyy-mm) in which the operations of the invoices issued in `month` took place."""
    rows = sql(
        r"""
        SELECT DISTINCT right(op, 4) || '-' || substr(op, 4, 2) FROM (
            SELECT substring(xml FROM '<sum1:FechaOperacion>(\d\d-\d\d-\d{4})</sum1:FechaOperacion>') AS op
            FROM verifactu_record WHERE installation_id = %s AND right(fecha_expedicion, 7) = %s
        ) operations WHERE op IS NOT NULL ORDER BY 1
        """,
        [installation.pk, _as_written(month)],
    )
    return [name for (name,) in rows]


def count_ours(installation: Installation, month: str) -> tuple[int, int]:
    """Return how many invoices of the month have an accepted record, and how many records of it have no verdict yet."""
    rows = sql(
        """
        SELECT count(DISTINCT (num_serie, fecha_expedicion))
                   FILTER (WHERE state IN ('accepted', 'accepted_with_errors')),
               count(*) FILTER (WHERE state IN ('pending', 'in_flight', 'unknown'))
        FROM verifactu_record WHERE installation_id = %s AND right(fecha_expedicion, 7) = %s
        """,
        [installation.pk, _as_written(month)],
    )
    return int(rows[0][0]), int(rows[0][1])


_LAST = """
    SELECT DISTINCT ON (r.num_serie, r.fecha_expedicion) r.id, r.installation_id, r.seq, r.id_emisor, r.num_serie,
           r.fecha_expedicion, r.operation, r.state, r.huella, r.verdict_at, r.generated_at
    FROM verifactu_record r
    WHERE r.installation_id = ANY(%s) AND r.state IN ('accepted', 'accepted_with_errors') AND {which}
    ORDER BY r.num_serie, r.fecha_expedicion, r.generated_at DESC, r.seq DESC
"""


def missing(installation: Installation, month: str, began: datetime) -> Iterator[Missing]:
    """Yield the invoices of the month whose last accepted record is of this chain and which the AEAT does not show."""
    statement = f"""
        WITH last AS ({_LAST.format(which="right(r.fecha_expedicion, 7) = %s")})
        SELECT l.id, l.seq, l.id_emisor, l.num_serie, l.fecha_expedicion, l.operation, l.state, l.huella,
               (SELECT f.operation = 'Alta' AND (f.xml NOT LIKE '%%<sum1:Subsanacion>S<%%'
                       OR f.xml LIKE '%%<sum1:RechazoPrevio>X<%%')
                       OR f.operation = 'Anulacion' AND f.xml LIKE '%%<sum1:SinRegistroPrevio>S<%%'
                FROM verifactu_record f
                WHERE f.installation_id = ANY(%s) AND f.num_serie = l.num_serie
                      AND f.fecha_expedicion = l.fecha_expedicion AND f.state IN ('accepted', 'accepted_with_errors')
                ORDER BY f.generated_at, f.seq LIMIT 1)
        FROM last l
        LEFT JOIN aeat_held h ON h.numero = l.num_serie AND h.fecha = l.fecha_expedicion AND h.emisor = l.id_emisor
        WHERE h.numero IS NULL AND l.installation_id = %s AND l.verdict_at < %s
        ORDER BY l.seq
    """  # noqa: S608 (our own words)
    ids = _siblings(installation)
    for row in _streamed(statement, [ids, _as_written(month), ids, installation.pk, began]):
        yield Missing(*row)


def different(installation: Installation, began: datetime) -> Iterator[Row]:
    """Yield what the AEAT shows otherwise than we do, or we do not have at all."""
    statement = f"""
        WITH last AS ({_LAST.format(which="r.num_serie IN (SELECT numero FROM aeat_held)")})
        SELECT {", ".join(f"h.{name}" for name in _COLUMNS)},
               m.id, m.seq, m.operation, m.state, m.huella, m.codigo_error, l.id, l.seq, l.huella,
               EXISTS (SELECT 1 FROM verifactu_record k WHERE k.installation_id = ANY(%s) AND k.num_serie = h.numero
                       AND k.fecha_expedicion = h.fecha AND k.id_emisor = h.emisor)
        FROM aeat_held h
        LEFT JOIN verifactu_record m ON m.installation_id = ANY(%s) AND m.num_serie = h.numero
             AND m.fecha_expedicion = h.fecha AND m.id_emisor = h.emisor AND m.huella = h.huella
        LEFT JOIN last l ON l.num_serie = h.numero AND l.fecha_expedicion = h.fecha AND l.id_emisor = h.emisor
        WHERE coalesce(m.state, '') NOT IN ('pending', 'in_flight', 'unknown')
          AND coalesce(l.verdict_at < %s, true) AND coalesce(m.verdict_at < %s, true)
          AND (m.id = l.id AND CASE
                WHEN m.operation = 'Anulacion' THEN h.estado = 'Anulado'
                WHEN m.state = 'accepted_with_errors' THEN h.estado = 'AceptadoConErrores' AND h.code = m.codigo_error
                ELSE h.estado = 'Correcto' END) IS NOT TRUE
        ORDER BY h.numero, h.fecha
    """  # noqa: S608 (our own words)
    ids = _siblings(installation)
    for row in _streamed(statement, [ids, ids, ids, began, began]):
        yield Row(*row)


def _siblings(installation: Installation) -> list[UUID]:
    """Return the chains of the taxpayer in the environment: a later record of an invoice may stand in another."""
    found = Installation.objects.filter(taxpayer=installation.taxpayer_id, environment=installation.environment)
    return list(found.values_list("pk", flat=True))


def _streamed(statement: str, parameters: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a SELECT through a cursor of the server, inside the caller's transaction."""
    connection.ensure_connection()
    with connection.connection.cursor(name=f"held_{uuid4().hex}") as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(statement, parameters)
        yield from cursor


def _row(held: RegistroConsultado) -> tuple[str, ...]:
    data = held.DatosRegistroFacturacion
    return (
        held.IDFactura.IDEmisorFactura, held.IDFactura.NumSerieFactura, held.IDFactura.FechaExpedicionFactura,
        data.Huella, str(held.EstadoRegistro), held.CodigoErrorRegistro, held.DescripcionErrorRegistro,
        held.TimestampPresentacion, held.IdPeticion, data.FechaHoraHusoGenRegistro, data.ImporteTotal,
    )  # fmt: skip


def _as_written(month: str) -> str:
    """Return yyyy-mm as a date of the contract ends: mm-yyyy."""
    return f"{month[5:]}-{month[:4]}"
