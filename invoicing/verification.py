"""I1 to I3, I7, I11 and the ties between invoices and records: what must be true of the business rows."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

from django.db.models import F

from common.findings import Finding
from invoicing.documents import Documents, Tampered
from invoicing.models import Company, Document, Export, Gap, Invoice, Series
from workflows.rows import sql


def lost_deliveries(company: Company) -> Iterator[Finding]:
    """I1: every delivery is byte-equal to its hash and was read into a snapshot, or into nothing by decision.

    One that was redacted is empty, and its redaction names the hash that it still bears.
    """
    changed_bytes = """(
        encode(sha256(d.body), 'hex') <> d.body_sha256
        AND NOT (length(d.body) = 0 AND r.content_hash IS NOT DISTINCT FROM d.body_sha256)
    )"""
    rows = sql(
        f"""
        SELECT d.id, {changed_bytes}, p.id IS NULL,
               p.state = 'completed' AND p.result <> 'null' AND s.id IS NULL
        FROM invoicing_delivery d
        LEFT JOIN workflows_process p ON p.workflow = 'capture' AND p.idempotency_key = 'delivery:' || d.id
        LEFT JOIN invoicing_snapshot s ON s.delivery_id = d.id
        LEFT JOIN invoicing_redaction r ON r.delivery_id = d.id
        WHERE d.company_id = %s AND (
            {changed_bytes} OR p.id IS NULL
            OR p.state = 'completed' AND p.result <> 'null' AND s.id IS NULL
        )
        """,  # noqa: S608 (a literal of this function)
        [company.pk],
    )
    for delivery, changed, unread, lost in rows:
        if changed:
            yield Finding("I1", f"delivery {delivery}", "its bytes are not those that were received")
        if unread:
            yield Finding("I1", f"delivery {delivery}", "no process was started to read it")
        if lost:
            yield Finding("I1", f"delivery {delivery}", "it was read, and its snapshot is missing")


def wrongly_emptied(company: Company) -> Iterator[Finding]:
    """I1: a version without content was redacted, its hash is the one that was redacted, and no invoice rests on it."""
    rows = sql(
        """
        SELECT s.id, r.content_hash IS DISTINCT FROM s.content_hash, i.num_serie
        FROM invoicing_snapshot s JOIN invoicing_order o ON o.id = s.order_id
        LEFT JOIN invoicing_redaction r ON r.snapshot_id = s.id
        LEFT JOIN invoicing_invoice i ON i.snapshot_id = s.id
        WHERE o.company_id = %s AND s.content = '' AND (
            r.content_hash IS DISTINCT FROM s.content_hash OR i.id IS NOT NULL
        )
        """,
        [company.pk],
    )
    for snapshot, untold, num_serie in rows:
        if untold:
            yield Finding("I1", f"order version {snapshot}", "its content is gone and no redaction says so")
        if num_serie:
            yield Finding("I1", f"order version {snapshot}", f"its content is gone, and {num_serie} rests on it")


def doubled_invoices(company: Company) -> Iterator[Finding]:
    """I2: at most one invoice in force per order and purpose, exactly one if its process completed with one."""
    rows = sql(
        """
        SELECT order_id, purpose, refund, count(*) FROM invoicing_invoice
        WHERE company_id = %s AND order_id IS NOT NULL AND state <> 'annulled'
        GROUP BY order_id, purpose, refund HAVING count(*) > 1
        """,
        [company.pk],
    )
    for order, purpose, refund, count in rows:
        yield Finding("I2", f"order {order}", f"{count} invoices for {purpose} {refund}".rstrip())
    rows = sql(
        """
        SELECT p.id, p.result::jsonb->>'invoice_id' FROM workflows_process p
        LEFT JOIN invoicing_invoice i ON i.id = (p.result::jsonb->>'invoice_id')::uuid
        WHERE p.workflow = 'invoice-order' AND p.tenant = %s AND p.state = 'completed'
          AND p.result <> 'null' AND i.id IS NULL
        """,
        [company.tenant],
    )
    for process, invoice in rows:
        yield Finding("I2", f"process {process}", f"it completed with invoice {invoice}, which does not exist")


def numbering_gaps(company: Company) -> Iterator[Finding]:
    """I3: the numbers of a series run from its first to n without gap, and dates never go back."""
    for series in Series.objects.filter(company=company):
        yield from gaps_in(series)


def gaps_in(series: Series) -> Iterator[Finding]:
    """I3, of one series."""
    expected = series.first_number
    gaps = dict(Gap.objects.filter(series=series).values_list("first_number", "last_number"))
    last_date = None
    # Numbers are taken while this reads: of those before the one that came next at its beginning, none is missing.
    given = series.invoices.filter(number__lt=series.next_number).order_by("number")
    rows = given.values_list("number", "num_serie", "issue_date")
    for number, num_serie, issue_date in rows.iterator(chunk_size=2000):
        expected = _after_gaps(expected, gaps)
        if number != expected:
            yield Finding("I3", f"series {series}", f"nº {expected} is missing before {num_serie}")
        if last_date and issue_date < last_date:
            yield Finding("I3", f"series {series}", f"{num_serie} is dated before the invoice in front of it")
        expected, last_date = number + 1, issue_date
    expected = _after_gaps(expected, gaps)
    if series.next_number != expected:
        yield Finding("I3", f"series {series}", f"the next number is {series.next_number}, not {expected}")
    for num_serie in series.invoices.filter(number__gte=F("series__next_number")).values_list("num_serie", flat=True):
        yield Finding("I3", f"series {series}", f"{num_serie} is there, and its number is still to be given")


def _after_gaps(number: int, gaps: dict[int, int]) -> int:
    """Return the number that follows, past the gaps that a restore left and that are documented."""
    while number in gaps:
        number = gaps[number] + 1
    return number


def unrecorded_invoices(company: Company, *, of: Sequence[UUID] | None = None) -> Iterator[Finding]:
    """I4: every invoice (or each `of` these) has its record, of the same identity and total, sealed over it."""
    these, ids = ("", []) if of is None else ("AND i.id = ANY(%s)", [list(of)])
    rows = sql(
        f"""
        SELECT i.num_serie, r.id IS NULL,
               r.num_serie <> i.num_serie OR r.id_emisor <> i.issuer_nif OR r.tipo_factura <> i.tipo
               OR r.fecha_expedicion <> to_char(i.issue_date, 'DD-MM-YYYY') OR r.importe_total <> i.total::text,
               r.covers <> i.seal
        FROM invoicing_invoice i LEFT JOIN verifactu_record r ON r.id = i.record_id
        WHERE i.company_id = %s {these} AND (
            r.id IS NULL OR r.num_serie <> i.num_serie OR r.id_emisor <> i.issuer_nif OR r.tipo_factura <> i.tipo
            OR r.fecha_expedicion <> to_char(i.issue_date, 'DD-MM-YYYY') OR r.importe_total <> i.total::text
            OR r.covers <> i.seal
        )
        """,  # noqa: S608 (a literal of this function)
        [company.pk, *ids],
    )
    for num_serie, missing, differs, uncovered in rows:
        if missing:
            yield Finding("I4", f"invoice {num_serie}", "it has no record")
        elif differs:
            yield Finding("I4", f"invoice {num_serie}", "its record says something else")
        elif uncovered:
            yield Finding("I8", f"invoice {num_serie}", "its record was sealed over another invoice")


def untold_events(company: Company) -> Iterator[Finding]:
    """I11: every event on its way to an endpoint is being sent; what was given up is listed as failed."""
    rows = sql(
        """
        SELECT n.id, e.kind FROM invoicing_notification n JOIN invoicing_event e ON e.id = n.event_id
        LEFT JOIN workflows_process p ON p.workflow = 'send-event' AND p.finished_at IS NULL
            AND p.idempotency_key = 'notification:' || n.id || ':' || n.turn
        WHERE e.company_id = %s AND n.state = 'waiting' AND p.id IS NULL
        """,
        [company.pk],
    )
    for notification, kind in rows:
        yield Finding("I11", f"notification {notification}", f"{kind} waits, and nothing sends it")


def damaged_documents(
    company: Company, documents: Documents, decode_qr: Callable[[bytes], list[str]] | None = None
) -> Iterator[Finding]:
    """I7: a PDF's bytes match its hash and, with `decode_qr`, its QR decodes to this invoice."""
    rows = Document.objects.filter(invoice__company=company).select_related("invoice").order_by("pk")
    for document in rows.iterator(chunk_size=200):
        pdf = pdf_of(document, documents)
        if isinstance(pdf, Finding):
            yield pdf
        elif decode_qr and document.invoice.qr_url not in decode_qr(pdf):
            yield Finding("I7", _subject(document), "its QR does not lead to this invoice")


def pdf_of(document: Document, documents: Documents) -> bytes | Finding:
    """Return the bytes of an invoice's PDF, or what is wrong with them."""
    try:
        return documents.read(document.sha256)
    except FileNotFoundError:
        return Finding("I7", _subject(document), "the file is missing")
    except OSError as error:
        return Finding("I7", _subject(document), f"the file cannot be read: {error.strerror}")
    except (Tampered, ValueError) as error:
        return Finding("I7", _subject(document), str(error))


def _subject(document: Document) -> str:
    return f"PDF of {document.invoice.num_serie}"


def damaged_exports(company: Company, root: Path) -> Iterator[Finding]:
    """I7: the files of an export are there and hold the bytes that were handed out."""
    for export in Export.objects.filter(company=company).order_by("pk"):
        for kind, sha256 in (("csv", export.csv_sha256), ("xlsx", export.xlsx_sha256)):
            try:
                Documents(root, kind).open(sha256).close()
            except FileNotFoundError:
                yield Finding("I7", f"export {export.pk}", f"its {kind} file is missing")
            except (Tampered, ValueError) as error:
                yield Finding("I7", f"export {export.pk}", str(error))


def company_checks(company: Company) -> list[Callable[[], Iterator[Finding]]]:
    """Return the checks that need nothing but the company's rows."""
    checks = (lost_deliveries, wrongly_emptied, doubled_invoices, numbering_gaps, unrecorded_invoices, untold_events)
    return [partial(check, company) for check in checks]


def invoices_of(company: Company) -> int:
    """Return how many invoices a verification of the company covers."""
    return int(Invoice.objects.filter(company=company).count())
