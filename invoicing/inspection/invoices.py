"""`facturas.csv`: the invoices, which rectifies which, and where record and PDF lie; `libro_registro.csv`; `pdf/`."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from common.findings import Finding
from common.progress import Told
from invoicing.books import register
from invoicing.books.listing import STATES
from invoicing.books.reading import as_held
from invoicing.causes import CAUSES
from invoicing.documents import Documents
from invoicing.inspection import records
from invoicing.inspection.archive import Archive, Table
from invoicing.inspection.checks import Checks
from invoicing.inspection.names import file_name
from invoicing.inspection.picture import HeldInvoice, Picture
from invoicing.models import Invoice
from invoicing.verification import pdf_of, unrecorded_invoices
from verifactu.errors import UnreadableXML
from verifactu.models import Record

HEADER = (
    "Número", "Serie", "Tipo", "Fecha de expedición", "Fecha de operación", "En el libro del periodo", "Destinatario",
    "NIF", "Base imponible", "Cuota", "Total", "Estado", "Rectifica a", "Sustituye a", "Causa", "Rectificada por",
    "Sustituida por", "Pedido", "Registro", "Huella", "QR", "PDF", "SHA-256 del PDF", "Comprobación del PDF",
)  # fmt: skip
RELATIONS = ("rectifies", "substitutes")
BETWEEN = " · "
"""What stands between two numbers: no character that a number may have."""
UNREADABLE = (UnreadableXML, TypeError, ValueError, ArithmeticError, msgspec.MsgspecError)
"""What reading a record raises that says no such thing as an invoice."""


def path_of(invoice: Invoice) -> str:
    """Return where an invoice's PDF lies."""
    return f"pdf/{file_name(invoice.num_serie)}.pdf"


def write(archive: Archive, taken: Picture, checks: Checks, told: Told, documents: Documents | None) -> int:
    """Write both lists and, from `documents` where they are wanted, the PDFs; return how many PDFs there are."""
    folder = records.folders(taken.chains.values())
    done = written = 0
    with archive.table("facturas.csv", HEADER) as index, archive.table(
        "libro_registro.csv", *register.headers()
    ) as book:  # fmt: skip
        for page in taken.invoices.pages():
            ids = [held.id for held in page]
            invoices = Invoice.to_be_verified().select_related("series", "order", "document").in_bulk(ids)
            firsts = Record.objects.defer("xml").in_bulk([held.record_id for held in page])
            checks.look("declared", unrecorded_invoices(taken.scope.company, of=ids), at=len(ids))
            _into_the_book(book, taken, checks, [held for held in page if held.in_book])
            for held in page:
                invoice = invoices[held.id]
                checks.seal(invoice, *invoice.sealed_lines, *invoice.sealed_references)
                path, sha256, verdict = _pdf(archive, held, invoice, checks, documents)
                written += bool(path)
                index.row(
                    invoice.num_serie, str(invoice.series), invoice.tipo, invoice.issue_date, invoice.operation_date,
                    held.in_book, invoice.recipient_name, invoice.recipient_nif, invoice.base_total, invoice.tax_total,
                    invoice.total, STATES[held.state][0], *_names(invoice),
                    CAUSES[invoice.cause]["es"] if invoice.cause in CAUSES else invoice.cause, *_named(held),
                    str(invoice.order or ""), *_record(firsts.get(held.record_id), folder), invoice.qr_url, path,
                    sha256, verdict,
                )  # fmt: skip
            done += len(page)
            told.at(done)
    return written


def _record(first: Record | None, folder: Mapping[UUID, str]) -> tuple[str, str]:
    """Return where an invoice's first record lies, and its huella; nothing where it is gone."""
    if first is None or first.installation_id not in folder:
        return "", ""
    return records.path_of(folder[first.installation_id], first.seq), first.huella


def _names(invoice: Invoice) -> list[str]:
    """Return the invoices that it names: those it rectifies, those it stands for."""
    named = invoice.sealed_references
    return [BETWEEN.join(each.num_serie for each in named if each.relation == relation) for relation in RELATIONS]


def _named(held: HeldInvoice) -> list[str]:
    """Return the invoices that name it."""
    told = [each.partition(" ") for each in held.named_by]
    return [BETWEEN.join(number for said, _, number in told if said == relation) for relation in RELATIONS]


def _into_the_book(book: Table, taken: Picture, checks: Checks, page: Sequence[HeldInvoice]) -> None:
    """Write the lines of invoices; where one cannot be read, the others."""
    try:
        found = as_held([(held.id, held.state, held.counts) for held in page]) if page else []
        book.lines(register.lines_of(taken.scope.company.pk, taken.scope.environment, found))
    except UNREADABLE as error:
        if len(page) > 1:
            for held in page:
                _into_the_book(book, taken, checks, [held])
            return
        number = Invoice.objects.values_list("num_serie", flat=True).get(pk=page[0].id)
        wrong = Finding("I4", f"invoice {number}", f"it is not in the book, its record cannot be read: {error}")
        checks.look("book", [wrong])
        return
    checks.look("book", at=len(page))


def _pdf(
    archive: Archive, held: HeldInvoice, invoice: Invoice, checks: Checks, documents: Documents | None
) -> tuple[str, str, str]:
    """Add an invoice's PDF; return where it lies, its SHA-256, and what is to be said of it."""
    if held.document_id is None:
        return "", "", "todavía no creado"
    document = invoice.document
    checks.seal(document)
    if documents is None:
        return "", document.sha256, "no incluido"
    pdf = pdf_of(document, documents)
    if isinstance(pdf, Finding):
        checks.look("pdfs", [pdf])
        return "", document.sha256, "NO INCLUIDO: falta, o no es el que se guardó (integridad.json)"
    checks.look("pdfs")
    archive.add(path_of(invoice), pdf, pressed=True)
    return path_of(invoice), document.sha256, "correcto"
