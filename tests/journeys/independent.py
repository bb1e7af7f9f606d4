"""The ledger as a stranger reads it: hashlib, lxml and a QR reader, not one line of the product."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import zxingcpp
from lxml import etree

FIELDS = (
    ("IDEmisorFactura", "IDFactura/IDEmisorFactura"),
    ("NumSerieFactura", "IDFactura/NumSerieFactura"),
    ("FechaExpedicionFactura", "IDFactura/FechaExpedicionFactura"),
    ("TipoFactura", "TipoFactura"),
    ("CuotaTotal", "CuotaTotal"),
    ("ImporteTotal", "ImporteTotal"),
    ("Huella", "Encadenamiento/RegistroAnterior/Huella"),
    ("FechaHoraHusoGenRegistro", "FechaHoraHusoGenRegistro"),
)
"""What the huella of an alta is made of, in order ("Huella o hash" 0.1.2, section 3.1)."""
ANNULMENT_FIELDS = (
    ("IDEmisorFacturaAnulada", "IDFactura/IDEmisorFacturaAnulada"),
    ("NumSerieFacturaAnulada", "IDFactura/NumSerieFacturaAnulada"),
    ("FechaExpedicionFacturaAnulada", "IDFactura/FechaExpedicionFacturaAnulada"),
    ("Huella", "Encadenamiento/RegistroAnterior/Huella"),
    ("FechaHoraHusoGenRegistro", "FechaHoraHusoGenRegistro"),
)
"""The same of an anulación (section 3.2)."""


def value(record: etree._Element, path: str) -> str:
    """Return the text at a path of element names, whatever their namespace; empty when there is none."""
    steps = "/".join(f"*[local-name()='{name}']" for name in path.split("/"))
    return str(record.xpath(f"string({steps})")).strip()


def assert_chain(texts: Iterable[str | bytes]) -> int:
    """Recompute every huella and link of one chain, given in order; return how many records there are."""
    before: tuple[str, str, str, str] | None = None
    count = 0
    for text in texts:
        record = etree.fromstring(text.encode() if isinstance(text, str) else text)
        annuls = etree.QName(record).localname == "RegistroAnulacion"
        fields, suffix = (ANNULMENT_FIELDS, "Anulada") if annuls else (FIELDS, "")
        made = hashlib.sha256("&".join(f"{name}={value(record, path)}" for name, path in fields).encode())
        assert value(record, "Huella") == made.hexdigest().upper()
        link = "Encadenamiento/RegistroAnterior/"
        names = ("IDEmisorFactura", "NumSerieFactura", "FechaExpedicionFactura", "Huella")
        if before is None:
            assert value(record, "Encadenamiento/PrimerRegistro") == "S"
        else:
            assert tuple(value(record, link + name) for name in names) == before
        before = (*(value(record, f"IDFactura/{name}{suffix}") for name in names[:3]), value(record, "Huella"))  # type: ignore[assignment]
        count += 1
    return count


def qr_of(pdf: bytes) -> str:
    """Return what a QR reader reads on the first page; one for bars sees some now and then in a line of text."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        image = document[0].render(scale=3).to_pil()
    finally:
        document.close()
    [code] = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return str(code.text)


def text_of(pdf: bytes) -> str:
    """Return the text of all pages."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def assert_qr_names(url: str, record: str) -> None:
    """Fail unless the QR's four values are the record's own texts."""
    told = dict(parse_qs(urlsplit(url).query, strict_parsing=True).items())
    alta = etree.fromstring(record.encode())
    assert told == {
        "nif": [value(alta, "IDFactura/IDEmisorFactura")],
        "numserie": [value(alta, "IDFactura/NumSerieFactura")],
        "fecha": [value(alta, "IDFactura/FechaExpedicionFactura")],
        "importe": [value(alta, "ImporteTotal")],
    }


def assert_exported(folder: Path) -> int:
    """Recompute every chain that was exported to `folder`; return how many records there are."""
    chains = [sorted(chain.glob("*.xml")) for chain in sorted(folder.iterdir())]
    for chain in chains:
        assert [file.name for file in chain] == [f"{number:06d}.xml" for number in range(1, len(chain) + 1)]
    return sum(assert_chain(file.read_bytes() for file in chain) for chain in chains)
