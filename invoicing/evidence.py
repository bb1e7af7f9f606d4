"""What still knows of an invoice number when the database does not: the PDF store, and letters written to files."""

import email
import re
import zlib
from collections.abc import Iterable, Iterator
from email.policy import default
from itertools import islice
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from invoicing.mail import INVOICE_HEADER
from invoicing.models import Company, Document, Invoice

LARGEST_STREAM = 1 << 20
"""Bytes of one inflated part of a PDF that are looked at; the properties of ours take a few hundred."""
_AT_ONCE = 500
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_KEYWORDS = re.compile(rb"/Keywords\s*\(([^)]*)\)")
_SUBJECT = re.compile(r"\b(?:Factura|Factura simplificada|Factura rectificativa) (\S+) de (.+)$")


def numbers_in_pdfs(company: Company) -> Iterator[str]:
    """Yield the numbers of the company's invoices of which there is a PDF and no row."""
    for files in _chunks(sorted(settings.DOCUMENTS_DIR.glob("??/??/*.pdf"))):
        known = set(Document.objects.filter(sha256__in=[file.stem for file in files]).values_list("sha256", flat=True))
        found = (whose(file.read_bytes()) for file in files if file.stem not in known)
        yield from _unknown(company, [number for nif, number in found if nif == company.taxpayer.nif and number])


def numbers_in_mails(company: Company) -> Iterator[str]:
    """Yield the numbers of letters that went to files, of which there is no row.

    Letters that went to a mail server are with the customers, whose numbers a person names (`--known`).
    """
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    for files in _chunks(sorted(Path(folder).glob("*.eml")) if folder else []):
        numbers = []
        for file in files:
            with file.open("rb") as data:
                letter = email.message_from_binary_file(data, policy=default)
            nif, _, number = str(letter[INVOICE_HEADER] or "").partition(" ")
            said = _SUBJECT.search(str(letter["Subject"] or ""))
            if nif == company.taxpayer.nif and number:
                numbers.append(number)
            elif not nif and said and said[2] == company.taxpayer.name:
                numbers.append(said[1])  # a letter from before it had the header
        yield from _unknown(company, numbers)


def whose(pdf: bytes) -> tuple[str, str]:
    """Return (NIF, number) of the invoice that a PDF of ours shows, as its properties say; empty for another file."""
    for part in (pdf, *_inflated(pdf)):
        if said := _KEYWORDS.search(part):
            query = parse_qs(urlsplit(said[1].decode("ascii", "replace")).query)
            return query.get("nif", [""])[0], query.get("numserie", [""])[0]
    return "", ""


def _inflated(pdf: bytes) -> Iterator[bytes]:
    for stream in _STREAM.finditer(pdf):
        try:
            yield zlib.decompressobj().decompress(stream[1], LARGEST_STREAM)
        except zlib.error:
            continue  # a picture, or stored as it is


def _unknown(company: Company, numbers: list[str]) -> list[str]:
    here = set(Invoice.objects.filter(company=company, num_serie__in=numbers).values_list("num_serie", flat=True))
    return [number for number in numbers if number not in here]


def _chunks(files: Iterable[Path]) -> Iterator[list[Path]]:
    rest = iter(files)
    while chunk := list(islice(rest, _AT_ONCE)):
        yield chunk
