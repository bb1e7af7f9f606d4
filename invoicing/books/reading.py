"""Invoices as they were declared: what their records say, the last correction of the coding included.

The record (RegistroAlta) is what the AEAT holds of an invoice, complete after each subsanación (verifactu.md 8.1), so
the books read it and not the row beside it: whatever was corrected is corrected in them too. A correction that the
AEAT rejected, or that was set aside, changed nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import astuple

from invoicing.books.pages import Page
from verifactu.records import DetalleDesglose, ImporteRectificacion, RegistroAlta
from verifactu.xml import read_registro
from workflows.rows import sql

NEWEST = """
    LEFT JOIN LATERAL (
        SELECT later.id, later.xml FROM verifactu_record later
        JOIN verifactu_installation chain ON chain.id = later.installation_id
        WHERE later.num_serie = r.num_serie AND later.id_emisor = r.id_emisor
          AND later.fecha_expedicion = r.fecha_expedicion AND later.operation = 'Alta'
          AND later.state NOT IN ('rejected', 'quarantined')
          AND chain.taxpayer_id = own.taxpayer_id AND chain.environment = own.environment
        ORDER BY later.generated_at DESC, chain.created_at DESC, later.seq DESC LIMIT 1
    ) newest ON true
"""
"""The record that counts, beside `r`, the invoice's first one, and `own`, its installation."""

TAX_DAY = """
    (i.issue_date BETWEEN %s AND %s AND (left(i.tipo, 1) = 'R' OR i.operation_date IS NULL
                                         OR i.operation_date BETWEEN %s AND %s)
     OR i.operation_date BETWEEN %s AND %s AND left(i.tipo, 1) <> 'R')
"""
"""The invoices of a period: by the day of the operation, by that of issue where it is the same; corrective ones by the
day of their issue (LIVA 75 and 89.Cinco; the AEAT's books, validation 11). Takes the period three times."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a declared breakdown (DetalleDesglose)."""

    impuesto: str = "01"
    regimen: str = "01"
    calificacion: str = ""
    exencion: str = ""
    rate: Decimal | None = None
    base: Decimal
    tax: Decimal = Decimal(0)
    surcharge_rate: Decimal | None = None
    surcharge: Decimal = Decimal(0)

    def taken_back(self) -> "Share":
        """Return it with the opposite sign."""
        return msgspec.structs.replace(self, base=-self.base, tax=-self.tax, surcharge=-self.surcharge)


class ForeignShare(msgspec.Struct, frozen=True, kw_only=True):
    """Tax of another member state (OSS), which no record bears."""

    country: str
    rate: Decimal
    base: Decimal
    tax: Decimal


class _Figures(msgspec.Struct, frozen=True):
    foreign: tuple[ForeignShare, ...] = ()


class Replaced(msgspec.Struct, frozen=True):
    """What a corrective invoice by substitution says that it replaces (ImporteRectificacion)."""

    base: Decimal
    tax: Decimal
    surcharge: Decimal


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice as it was declared."""

    num_serie: str
    tipo: str
    issued: date
    operation: date | None
    annulled: bool
    name: str
    identity: str
    id_type: str
    """IDType (02 a VAT number…), empty for a NIF and for nobody."""
    country: str
    agreement: str
    shares: tuple[Share, ...]
    rectifies: tuple[tuple[str, date], ...] = ()
    """Numbers and days of issue of the invoices that it corrects."""
    replaced: Replaced | None = None
    foreign: tuple[ForeignShare, ...] = ()

    @property
    def corrective(self) -> bool:
        """Whether it is one of R1 to R5."""
        return self.tipo.startswith("R")

    @property
    def tax_day(self) -> date:
        """The day whose period it belongs to."""
        return self.issued if self.corrective else self.operation or self.issued

    @property
    def counts(self) -> bool:
        """Whether its amounts are declared: an exchange's are those of simplified ones, declared already (FAQ 17)."""
        return not self.annulled and self.tipo != "F3"


class Effect(NamedTuple):
    """A row that is declared, and whose: that of the invoice itself, or of one that it takes back."""

    of: Declared
    share: Share


def of_page(page: Page) -> list[Declared]:
    """Return the invoices of a page, in its order (one query)."""
    return _read(
        f"{TAX_DAY} AND (i.issue_date, i.series_id, i.number) > (%s, %s, %s) "
        "AND (i.issue_date, i.series_id, i.number) <= (%s, %s, %s)",
        [page.company_id, page.environment, *(page.first, page.last) * 3, *astuple(page.after), *astuple(page.upto)],
    )


def of_numbers(company_id: UUID, environment: str, numbers: Iterable[str]) -> dict[str, Declared]:
    """Return the company's invoices of those numbers; others it never issued (one query)."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    found = _read("i.num_serie = ANY(%s)", [company_id, environment, wanted])
    return {invoice.num_serie: invoice for invoice in found}


def as_held(held: Iterable[tuple[UUID, str, UUID]]) -> list[Declared]:
    """Return invoices as (id, state, the record that counts) were read at an earlier moment, in that order (one query).

    :raises UnreadableXML, TypeError, ValueError: for a record that says no such thing as an invoice.
    """
    rows = sql(
        """
        SELECT h.state, i.recipient_name, i.figures, r.xml
        FROM unnest(%s::uuid[], %s::text[], %s::uuid[]) WITH ORDINALITY AS h(invoice, state, record, place)
        JOIN invoicing_invoice i ON i.id = h.invoice JOIN verifactu_record r ON r.id = h.record ORDER BY h.place
        """,
        [list(column) for column in zip(*held, strict=True)],
    )
    return [_declared(*row) for row in rows]


def of_recipient(company_id: UUID, environment: str, identity: str, since: date, before: date) -> list[Declared]:
    """Return what was issued to somebody from one day up to another, which is not included (one query)."""
    return _read(
        "i.recipient_nif = %s AND i.issue_date >= %s AND i.issue_date < %s",
        [company_id, environment, identity, since, before],
    )


def effects(company_id: UUID, environment: str, invoices: Sequence[Declared]) -> Iterator[tuple[Declared, Effect]]:
    """Yield what each invoice adds to the figures, row by row (one query at most).

    One by substitution adds its own rows and takes back what it replaces: row by row the invoices that it names, where
    they add up to what it says that it replaces (ImporteRectificacion); else that in one row, declared as the largest
    of its own. Who corrects an invoice of another system, or one corrected before, says no more than the sums.
    """
    by_substitution = [invoice for invoice in invoices if invoice.replaced]
    known = of_numbers(
        company_id, environment, (number for invoice in by_substitution for number, _ in invoice.rectifies)
    )
    for invoice in invoices:
        for share in invoice.shares:
            yield invoice, Effect(invoice, share)
        if invoice.replaced:
            for effect in replaced(invoice, invoice.replaced, known):
                yield invoice, effect


def taken_back_on(company_id: UUID, environment: str, day: date) -> list[Share]:
    """Return the rows that corrective invoices by substitution issued on a day take back (two queries at most)."""
    found = _read("i.issue_date = %s AND i.method = 'S' AND i.state <> 'annulled'", [company_id, environment, day])
    known = of_numbers(company_id, environment, (number for invoice in found for number, _ in invoice.rectifies))
    return [
        effect.share for invoice in found if invoice.replaced for effect in replaced(invoice, invoice.replaced, known)
    ]


def replaced(invoice: Declared, said: Replaced, known: Mapping[str, Declared]) -> list[Effect]:
    """Return the rows that an invoice by substitution takes back."""
    before = [known[number] for number, _ in invoice.rectifies if number in known]
    effects = [Effect(each, share.taken_back()) for each in before for share in each.shares]
    sums = Replaced(
        -sum((effect.share.base for effect in effects), Decimal(0)),
        -sum((effect.share.tax for effect in effects), Decimal(0)),
        -sum((effect.share.surcharge for effect in effects), Decimal(0)),
    )
    if sums == said:
        return effects
    like = max(invoice.shares, key=lambda share: abs(share.base))
    row = msgspec.structs.replace(like, base=-said.base, tax=-said.tax, surcharge=-said.surcharge)
    return [Effect(invoice, row)]


def _read(condition: str, parameters: list[Any]) -> list[Declared]:
    rows = sql(
        f"""
        SELECT i.state, i.recipient_name, i.figures, coalesce(newest.xml, r.xml)
        FROM invoicing_invoice i
        JOIN verifactu_record r ON r.id = i.record_id
        JOIN verifactu_installation own ON own.id = r.installation_id
        {NEWEST}
        WHERE i.company_id = %s AND i.environment = %s AND {condition}
        ORDER BY i.issue_date, i.series_id, i.number
        """,  # noqa: S608 (conditions of this module)
        parameters,
    )
    return [_declared(state, name, figures, xml) for state, name, figures, xml in rows]


def _declared(state: str, name: str, figures: str, xml: str) -> Declared:
    registro = read_registro(xml)
    if not isinstance(registro, RegistroAlta):
        raise TypeError(f"{registro.IDFactura} is declared by no alta")
    who = registro.Destinatarios[0] if registro.Destinatarios else None
    other = who.IDOtro if who else None
    return Declared(
        num_serie=registro.IDFactura.NumSerieFactura,
        tipo=registro.TipoFactura,
        issued=_day(registro.IDFactura.FechaExpedicionFactura),
        operation=_day(registro.FechaOperacion) if registro.FechaOperacion else None,
        annulled=state == "annulled",
        name=who.NombreRazon if who else name,
        identity=other.ID if other else who.NIF if who else "",
        id_type=other.IDType if other else "",
        country=other.CodigoPais if other else "",
        agreement=registro.NumRegistroAcuerdoFacturacion,
        shares=tuple(_share(line) for line in registro.Desglose),
        rectifies=tuple(
            (each.NumSerieFactura, _day(each.FechaExpedicionFactura)) for each in registro.FacturasRectificadas
        ),
        replaced=_replaced(registro.ImporteRectificacion),
        foreign=msgspec.json.decode(figures, type=_Figures).foreign if figures else (),
    )


def _replaced(said: ImporteRectificacion | None) -> Replaced | None:
    if said is None:
        return None
    return Replaced(
        Decimal(said.BaseRectificada), Decimal(said.CuotaRectificada), Decimal(said.CuotaRecargoRectificado or 0)
    )


def _share(line: DetalleDesglose) -> Share:
    return Share(
        impuesto=line.Impuesto or "01",
        regimen=line.ClaveRegimen,
        calificacion=line.CalificacionOperacion,
        exencion=line.OperacionExenta,
        rate=Decimal(line.TipoImpositivo) if line.TipoImpositivo else None,
        base=Decimal(line.BaseImponibleOimporteNoSujeto),
        tax=Decimal(line.CuotaRepercutida or 0),
        surcharge_rate=Decimal(line.TipoRecargoEquivalencia) if line.TipoRecargoEquivalencia else None,
        surcharge=Decimal(line.CuotaRecargoEquivalencia or 0),
    )


def _day(text: str) -> date:
    return datetime.strptime(text, "%d-%m-%Y").date()  # noqa: DTZ007 (a day, of no zone)
