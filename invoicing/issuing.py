"""Issue an invoice: number, document, record and link of the chain in ONE transaction."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from common.ids import uuid7
from common.ledger import ledger_insertion
from common.prepared import Columns
from invoicing import numbering
from invoicing.deciding import Decided
from invoicing.declare import registro_alta
from invoicing.models import Company, Invoice, InvoiceLine, InvoiceReference, Order, Series, Snapshot
from invoicing.printable import postal_lines
from invoicing.remembering import figures_with
from invoicing.states import INVOICE_MOVES, ORDER_MOVES, SNAPSHOT_MOVES
from invoicing.values import Party, Wanted
from verifactu import chain, qr
from verifactu.records import fecha, importe
from workflows.encoding import encode

KINDS = {"F1": Series.Kind.COMPLETE, "F2": Series.Kind.SIMPLIFIED, "F3": Series.Kind.EXCHANGE}
"""Type -> kind of series; corrective invoices, R1 to R5, have one of their own."""


class NotTheNewest(Exception):
    """A newer version of the order came between the decision and the issue; it decides anew."""


def issue_document(order_id: UUID, decided: Decided, *, now: Callable[[], datetime]) -> Invoice:
    """Issue the document that was decided on; `now` is called under the chain's lock, so that stamps never go back.

    Locks the order, then the chain's head, then the series (design.md section 3).

    :raises NotTheNewest: when the order has a newer version than the one decided on.
    :raises InvalidRecord: when the record would break the schema or a rule; nothing is written, no number spent.
    :raises ClockBehind: when the clock stands more than a minute behind the chain.
    :raises WrongEnvironment: when the company has no chain in the present environment.
    """
    wanted = decided.decision.document
    if wanted is None:
        raise ValueError("a decision to issue has its document")
    with transaction.atomic():
        order, head = _locked(order_id)
        if order.current is None or order.current.version != decided.version:
            raise NotTheNewest(NotTheNewest.__doc__)
        company = order.company
        stamp = head.stamp(now())
        invoice = _invoice(order, company, decided, wanted, stamp, head.installation.environment)
        rows = _rows(invoice, order, order.current, last=not decided.decision.more)  # sealed by this
        registro = registro_alta(
            invoice,
            wanted.priced.shares,
            head=head,
            stamp=stamp,
            zone=company.zone,
            description=_description(order, wanted),
        )
        chain.append(
            head,
            registro,
            id=invoice.record_id,
            stamp=stamp,
            covers=invoice.seal,
            answer_token=f"invoice:{invoice.pk}",
            now=stamp,
            beside=rows,
        )
        return invoice


def _invoice(
    order: Order, company: Company, decided: Decided, wanted: Wanted, stamp: datetime, environment: str
) -> Invoice:
    """Return the numbered invoice with its lines and the invoices that it names, not yet written."""
    priced, recipient = wanted.priced, wanted.recipient or Party()
    day = stamp.astimezone(ZoneInfo(company.zone)).date()
    kind = Series.Kind.SIMPLIFIED if wanted.qualified else KINDS.get(wanted.tipo, Series.Kind.CORRECTIVE)
    if wanted.method:
        kind = Series.Kind.CORRECTIVE
    series, number = numbering.take(company=company, environment=environment, kind=kind, day=day)
    num_serie = numbering.text(series, number)
    invoice = Invoice(
        id=uuid7(),
        company=company,
        order=order,
        snapshot=order.current,
        series=series,
        number=number,
        num_serie=num_serie,
        purpose=wanted.purpose,
        refund=wanted.key,
        tipo=wanted.tipo,
        method=wanted.method,
        cause=wanted.cause,
        note_for_buyer=wanted.note_for_buyer[:500],
        qualified=wanted.qualified,
        replaced_base=wanted.replaced.base if wanted.replaced else None,
        replaced_tax=wanted.replaced.tax if wanted.replaced else None,
        replaced_surcharge=wanted.replaced.surcharge if wanted.replaced else None,
        language=wanted.language,
        issue_date=day,
        operation_date=wanted.operation_date if wanted.operation_date != day else None,
        issued_at=stamp,
        environment=environment,
        issuer_name=company.taxpayer.name,
        issuer_nif=company.taxpayer.nif,
        issuer_address=company.postal_lines,
        recipient_name=(recipient.company or recipient.name)[:120] if wanted.recipient else "",
        recipient_nif=recipient.tax_id,
        recipient_id_type=recipient.id_type,
        recipient_country=recipient.id_country,
        recipient_address=postal_lines(recipient) if wanted.recipient else [],
        recipient_email=wanted.email,
        shares=encode(priced.shares),
        figures=encode(figures_with(priced, decided.decision.kept)),
        mentions=list(priced.mentions),
        withholding=priced.withholding,
        outlays=priced.outlays,
        base_total=priced.total - priced.tax_total,
        tax_total=priced.tax_total,
        total=priced.total,
        platform_tax=priced.platform_tax,
        rounding=priced.rounding,
        qr_url=qr.url(
            environment=environment,
            nif=company.taxpayer.nif,
            num_serie=num_serie,
            fecha=fecha(day),
            importe=importe(priced.total),
        ),
        explanation=wanted.note,
        record_id=uuid7(),
    )
    invoice.new_lines = [
        InvoiceLine(
            invoice=invoice,
            position=position,
            description=line.description[:500],
            sku=line.sku[:120],
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount=line.discount,
            rate=line.rate,
            base=line.base,
            gross=line.gross,
        )
        for position, line in enumerate(priced.lines, 1)
    ]
    relations = [("rectifies", each) for each in wanted.rectifies] + [
        ("substitutes", each) for each in wanted.substitutes
    ]
    invoice.new_references = [
        InvoiceReference(
            document=invoice,
            position=position,
            relation=relation,
            invoice_id=named.invoice_id,
            nif=named.nif,
            num_serie=named.num_serie,
            issue_date=named.issue_date,
        )
        for position, (relation, named) in enumerate(relations, 1)
    ]
    for row in (*invoice.new_lines, *invoice.new_references):
        row.seal = row.compute_seal()
    return invoice


def _description(order: Order, wanted: Wanted) -> str:
    about = ", ".join(each.num_serie for each in (*wanted.rectifies, *wanted.substitutes))
    beginning = {"R": f"Rectificación de {about}. ", "F3": f"Canje de {about}. "}
    said = beginning.get(wanted.tipo, beginning["R"] if wanted.method else "")
    return f"{said}Pedido {order}: " + ", ".join(line.description for line in wanted.priced.lines)


def _rows(invoice: Invoice, order: Order, snapshot: Snapshot, *, last: bool) -> tuple[str, list[Any]]:
    """Return what inserts the invoice with its rows, and moves on the order, its versions and what is rectified.

    The version has become what it asks for, those before it are superseded.
    """
    insert, values = ledger_insertion([invoice])
    lines, line_values = ledger_insertion(invoice.new_lines or [], many=True)
    named, named_values = "", []
    if invoice.new_references:
        references, reference_values = ledger_insertion(invoice.new_references, many=True)
        rectified = [
            each.invoice_id for each in invoice.new_references if each.relation == "rectifies" and each.invoice_id
        ]
        named = (
            f", named AS ({references}), rectified AS ("  # noqa: S608 (the models' own columns)
            "UPDATE invoicing_invoice SET state = %s WHERE id = ANY(%s) AND state = ANY(%s))"
        )
        named_values = [
            *reference_values, INVOICE_MOVES.target("rectify"), rectified, list(INVOICE_MOVES.sources("rectify")),
        ]  # fmt: skip
    move = "correct" if invoice.method else "invoice"
    return (
        f"""
        invoice AS ({insert}), lines AS ({lines}){named}, invoiced AS (
            UPDATE invoicing_order SET state = %s WHERE id = %s AND state = ANY(%s)
        ), older AS (
            UPDATE invoicing_snapshot SET state = %s WHERE order_id = %s AND id <> %s AND state = ANY(%s)
              AND kind = 'order'
        ), newest AS (
            UPDATE invoicing_snapshot SET state = %s WHERE id = %s AND state = ANY(%s) AND %s
        )
        """,  # noqa: S608 (the models' own columns)
        [
            *values, *line_values, *named_values,
            ORDER_MOVES.target(move), order.pk, list(ORDER_MOVES.sources(move)),
            SNAPSHOT_MOVES.target("supersede"), order.pk, snapshot.pk, list(SNAPSHOT_MOVES.sources("supersede")),
            SNAPSHOT_MOVES.target("process"), snapshot.pk, list(SNAPSHOT_MOVES.sources("process")), last,
        ],
    )  # fmt: skip


def _locked(order_id: UUID) -> tuple[Order, chain.Head]:
    """Lock the order, then the head of its chain; return both, the order with its newest version and its company."""
    parts, statement = _order()
    head, (_, *values) = chain.lock_after(statement, [order_id])
    loaded: list[Any] = []
    for part in parts:
        loaded.append(part.load(values[: len(part.fields)]))
        del values[: len(part.fields)]
    order, company, snapshot = loaded
    company.taxpayer = head.installation.taxpayer
    order.company = company
    order.current = snapshot if snapshot.pk else None
    return order, head


@cache
def _order() -> tuple[tuple[Columns, ...], str]:
    parts = (
        Columns.of(Order, "o", "id", "company", "external_id", "number", "state", "current"),
        Columns.of(Company, "c", "id", "taxpayer", "address", "postal_code", "city", "province", "email", "territory"),
        Columns.of(Snapshot, "s", "id", "order", "version", "state", "seal"),
    )
    statement = f"""
        SELECT t.tenant, {", ".join(map(str, parts))} FROM invoicing_order o
        JOIN invoicing_company c ON c.id = o.company_id JOIN verifactu_taxpayer t ON t.id = c.taxpayer_id
        LEFT JOIN invoicing_snapshot s ON s.id = o.current_id
        WHERE o.id = %s FOR NO KEY UPDATE OF o
    """  # noqa: S608 (the models' own columns)
    return parts, statement
