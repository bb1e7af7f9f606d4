"""PDF/A-3b: objects, their table, and what the archive standard asks of a file (ISO 19005-3, level B).

The same content gives the same bytes: the file's id comes of its content, and no clock is read.
"""

import hashlib
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import escape

PRODUCER = "Encadena"


class Pdf:
    """A file that grows object by object."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []

    def reserve(self) -> int:
        """Return the number of an object that is written later."""
        self._objects.append(b"")
        return len(self._objects)

    def put(self, number: int, body: bytes) -> int:
        self._objects[number - 1] = body
        return number

    def add(self, body: bytes) -> int:
        return self.put(self.reserve(), body)

    def stream(self, data: bytes, entries: bytes = b"", *, compress: bool = True) -> int:
        if compress:
            data, entries = zlib.compress(data, 6), entries + b" /Filter /FlateDecode"
        return self.add(b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data))

    def finish(self, catalog: int, info: int) -> bytes:
        """Return the whole file."""
        # Four bytes above 127 tell every transport that this is binary (ISO 19005-1, 6.1.2).
        parts = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"]
        places, at = [], len(parts[0])
        for number, body in enumerate(self._objects, 1):
            places.append(at)
            parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
            at += len(parts[-1])
        identity = hashlib.sha256(b"".join(parts)).hexdigest()[:32].encode()
        table = b"".join(b"%010d 00000 n \n" % place for place in places)
        parts.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(places) + 1, table))
        parts.append(
            b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%s> <%s>] >>\nstartxref\n%d\n%%%%EOF\n"
            % (len(places) + 1, catalog, info, identity, identity, at)
        )
        return b"".join(parts)


def finish_archive(
    pdf: Pdf,
    *,
    pages: int,
    language: str,
    properties: Mapping[str, str],
    made_at: datetime | None,
    attachment: tuple[str, bytes, str] | None,
) -> bytes:
    """Add the parts that make a PDF/A-3b of the pages, and return the file.

    `properties` are Title, Author and Keywords; `attachment` is name, bytes and description of the XML whose data the
    page shows.
    """
    info = pdf.add(
        b"<< %s /Producer (%s)%s >>"
        % (
            b" ".join(b"/%s %s" % (name.encode(), text_string(value)) for name, value in properties.items()),
            PRODUCER.encode(),
            b" /CreationDate %s" % _date(made_at) if made_at else b"",
        )
    )
    metadata = pdf.stream(_xmp(properties, made_at).encode(), b"/Type /Metadata /Subtype /XML", compress=False)
    profile = pdf.add(
        b"<< /N 3 /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(_profile()), _profile())
    )
    intent = b"<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB IEC61966-2.1) "
    intent += b"/Info (sRGB IEC61966-2.1) /RegistryName (http://www.color.org) /DestOutputProfile %d 0 R >>" % profile
    embedded = _attach(pdf, *attachment, made_at) if attachment else b""
    catalog = pdf.add(
        b"<< /Type /Catalog /Pages %d 0 R /Metadata %d 0 R /OutputIntents [%s] /Lang (%s) "
        b"/ViewerPreferences << /DisplayDocTitle true >>%s >>" % (pages, metadata, intent, language.encode(), embedded)
    )
    return pdf.finish(catalog, info)


def text_string(text: str) -> bytes:
    """Return a text as a PDF object: readable when it is ASCII, else UTF-16."""
    if text.isascii() and text.isprintable():
        escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        return b"(%s)" % escaped.encode()
    return b"<FEFF%s>" % text.encode("utf-16-be").hex().upper().encode()


def _attach(pdf: Pdf, name: str, data: bytes, description: str, made_at: datetime | None) -> bytes:
    """Embed a file as the document's source and return its entries of the catalog."""
    # MD5 is what the format has there: a checksum, not a seal.
    checksum = hashlib.md5(data, usedforsecurity=False).hexdigest().encode()
    date = b" /ModDate %s" % _date(made_at) if made_at else b""
    file = pdf.stream(
        data,
        b"/Type /EmbeddedFile /Subtype /text#2Fxml /Params << /Size %d /CheckSum <%s>%s >>"
        % (len(data), checksum, date),
    )
    title = text_string(name)
    spec = pdf.add(
        b"<< /Type /Filespec /F %s /UF %s /Desc %s /AFRelationship /Source /EF << /F %d 0 R /UF %d 0 R >> >>"
        % (title, title, text_string(description), file, file)
    )
    return b" /AF [%d 0 R] /Names << /EmbeddedFiles << /Names [%s %d 0 R] >> >>" % (spec, title, spec)


def _date(moment: datetime) -> bytes:
    return f"(D:{moment.astimezone(UTC):%Y%m%d%H%M%S}Z)".encode()


def _xmp(properties: Mapping[str, str], made_at: datetime | None) -> str:
    """Return the metadata packet; each property says what the information dictionary says (ISO 19005-1, 6.7.3)."""
    created = f"<xmp:CreateDate>{made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</xmp:CreateDate>" if made_at else ""
    title, author, keywords = (escape(properties[name]) for name in ("Title", "Author", "Keywords"))
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<pdf:Keywords>{keywords}</pdf:Keywords><pdf:Producer>{PRODUCER}</pdf:Producer>{created}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


@cache
def _profile() -> bytes:
    """Return the compressed colour profile that comes with WeasyPrint, which is not imported for it."""
    spec = find_spec("weasyprint")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package weasyprint is not installed; install the requirements")
    return zlib.compress((Path(spec.origin).parent / "pdf" / "sRGB2014.icc").read_bytes(), 9)
