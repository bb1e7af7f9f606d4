"""The file as an archive wants it (ISO 19005-3, level B), as far as it can be judged without veraPDF."""

import hashlib
import re
import zlib
from io import BytesIO
from typing import Any

import msgspec
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from lxml import etree

from invoicing.evidence import whose
from invoicing.pdf import Renderer
from invoicing.pdf.compose import compose
from invoicing.pdf.sheet import sheet
from invoicing.pdf.typeface import faces
from invoicing.values import PrintedInvoice
from tests.invoicing import gallery
from tests.invoicing.gallery import changed

pytestmark = pytest.mark.usefixtures("foreign_letters")

DRESSED = changed(letterhead=gallery.dressed(gallery.png_logo(), "#0b3c8c"))
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}


def file(printed: PrintedInvoice = DRESSED) -> bytes:
    return compose(sheet(printed), printed)


class Parsed:
    """A file read by its own table of objects, so that the table is tried too."""

    def __init__(self, data: bytes) -> None:
        at = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", data)[1])
        head = re.match(rb"xref\n0 (\d+)\n", data[at:])
        self.objects: dict[int, bytes] = {}
        for number in range(1, int(head[1])):
            entry = data[at + head.end() + 20 * number :][:20]
            assert re.fullmatch(rb"\d{10} 00000 n \n", entry)
            body = data[int(entry[:10]) :]
            assert body.startswith(b"%d 0 obj\n" % number)
            self.objects[number] = body[: self._end(body)].split(b"obj\n", 1)[1].removesuffix(b"\nendobj\n")
        self.trailer = data[data.index(b"trailer", at) :]

    @staticmethod
    def _end(body: bytes) -> int:
        stream = re.match(
            rb"\d+ 0 obj\n<< (?:(?!endobj).)*?/Length (\d+)(?:(?!endobj).)*?>>\nstream\n", body, re.DOTALL
        )
        start = stream.end() + int(stream[1]) if stream else 0
        return body.index(b"\nendobj\n", start) + 8

    def one(self, pattern: bytes) -> bytes:
        (found,) = [body for body in self.objects.values() if re.search(pattern, body)]
        return found

    def follow(self, body: bytes, key: bytes) -> bytes:
        return self.objects[int(re.search(key + rb" \[?(\d+) 0 R", body)[1])]

    @staticmethod
    def content(body: bytes) -> bytes:
        data = body.split(b"\nstream\n", 1)[1].removesuffix(b"\nendstream")
        return zlib.decompress(data) if b"/FlateDecode" in body.split(b"\nstream\n")[0] else data

    @property
    def catalog(self) -> bytes:
        return self.follow(self.trailer, rb"/Root")


class TestArchive:
    def test_the_file_is_whole_and_says_what_it_is(self) -> None:
        data = file()
        assert data.startswith(b"%PDF-1.7\n%")
        assert all(byte > 127 for byte in data[10:14])
        parsed = Parsed(data)
        assert b"/Encrypt" not in parsed.trailer
        assert re.search(rb"/ID \[<([0-9a-f]{32})> <\1>\]", parsed.trailer)
        assert b"/Lang (es)" in parsed.catalog
        # What an archive may not hold (6.1.7, 6.2.10, 6.6.1).
        everything = b" ".join(parsed.objects.values())
        for forbidden in (
            b"/LZWDecode",
            b"/JavaScript",
            b"/JS",
            b"/Launch",
            b"/SMask",
            b"/AA",
            b"/URI",
            b"/Interpolate true",
        ):
            assert forbidden not in everything

    def test_its_metadata_say_part_and_level_and_agree_with_the_properties(self) -> None:
        parsed = Parsed(file())
        raw = parsed.follow(parsed.catalog, rb"/Metadata")
        assert b"/Type /Metadata /Subtype /XML" in raw
        assert b"/Filter" not in raw.split(b"stream")[0]
        packet = Parsed.content(raw)
        assert packet.startswith(b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>')
        assert packet.endswith(b'<?xpacket end="w"?>')
        root = etree.fromstring(packet)

        def said(path: str) -> list[str]:
            return [str(text) for text in root.xpath(path, namespaces=NAMESPACES)]

        assert said("//pdfaid:part/text()") == ["3"]
        assert said("//pdfaid:conformance/text()") == ["B"]
        info = parsed.follow(parsed.trailer, rb"/Info")
        assert said("//dc:title/rdf:Alt/rdf:li/text()") == ["Factura F2026-000124"]
        assert b"/Title (Factura F2026-000124)" in info
        assert said("//dc:creator/rdf:Seq/rdf:li/text()") == ["Papelería La Encina SL"]
        assert b"/Author <FEFF" + "Papelería La Encina SL".encode("utf-16-be").hex().upper().encode() in info
        assert said("//pdf:Keywords/text()") == [gallery.COMPLETE.qr_url]
        assert said("//xmp:CreateDate/text()") == ["2026-10-14T09:30:00Z"]
        assert b"/CreationDate (D:20261014093000Z)" in info

    def test_a_name_with_markup_in_it_is_the_same_in_both(self) -> None:
        name = "Hijos de \\ Pérez & Cía. (Toro) <S.L.>\ufffe"
        parsed = Parsed(file(changed(issuer=msgspec.structs.replace(gallery.ISSUER, name=name))))
        root = etree.fromstring(Parsed.content(parsed.follow(parsed.catalog, rb"/Metadata")))
        found: Any = root.xpath("//dc:creator/rdf:Seq/rdf:li/text()", namespaces=NAMESPACES)
        (said,) = found
        assert said == "Hijos de \\ Pérez & Cía. (Toro) <S.L.>"
        info = parsed.follow(parsed.trailer, rb"/Info")
        assert b"/Author <FEFF" + said.encode("utf-16-be").hex().upper().encode() in info

    def test_colours_mean_what_the_profile_says(self) -> None:
        parsed = Parsed(file())
        intent = re.search(rb"/OutputIntents \[(<< .*? >>)\]", parsed.catalog)[1]
        assert b"/S /GTS_PDFA1" in intent
        profile = Parsed.content(parsed.follow(intent, rb"/DestOutputProfile"))
        assert profile[36:40] == b"acsp"
        assert profile[16:20] == b"RGB "
        assert int.from_bytes(profile[:4], "big") == len(profile)

    @pytest.mark.parametrize("kind", ["complete", "withheld"])
    def test_fonts_are_embedded_with_the_widths_that_the_file_tells(self, kind: str) -> None:
        parsed = Parsed(file(gallery.KINDS[kind]))
        fonts = [body for body in parsed.objects.values() if b"/CIDFontType2" in body]
        assert len(fonts) == 2
        for body in fonts:
            descriptor = parsed.follow(body, rb"/FontDescriptor")
            embedded = Parsed.content(parsed.follow(descriptor, rb"/FontFile2"))
            font = TTFont(BytesIO(embedded), checkChecksums=2)
            unit = font["head"].unitsPerEm
            widths = re.findall(rb"(\d+) \[(\d+)\]", body.split(b"/W [", 1)[1])
            assert len(widths) > 5
            for glyph, width in widths:
                name = font.getGlyphName(int(glyph))
                assert abs(font["hmtx"][name][0] * 1000 / unit - int(width)) <= 1
            outlines = [name for name in font.getGlyphOrder() if font["glyf"][name].numberOfContours]
            assert len(outlines) < 200

    def test_a_composed_letter_keeps_its_parts(self) -> None:
        face = faces()[0]
        (glyph,) = face.glyphs("ǻ")
        font = TTFont(BytesIO(face.subset([glyph])))
        shape = font["glyf"][font.getGlyphName(glyph)]
        assert shape.numberOfContours
        whole = TTFont("templates/invoice/fonts/encadena-sans-400.ttf")
        same = whole["glyf"][whole.getBestCmap()[ord("ǻ")]]
        assert shape.getCoordinates(font["glyf"])[0] == same.getCoordinates(whole["glyf"])[0]

    @pytest.mark.parametrize("name", ["北京文具有限公司", "Ferretería Soler SL"])
    def test_the_record_is_attached_byte_for_byte(self, name: str) -> None:
        """By either way to paper."""
        party = msgspec.structs.replace(gallery.BUSINESS, name=name)
        renderer = Renderer()
        data = renderer.render(changed(recipient=party), timeout=60)
        renderer.close()
        with pypdfium2.PdfDocument(data) as document:
            (attached,) = [document.get_attachment(index) for index in range(document.count_attachments())]
            assert attached.get_name() == "registro-verifactu.xml"
            assert bytes(attached.get_data()) == gallery.COMPLETE.record_xml.encode()
        assert re.search(rb"/AFRelationship\s*/Source", _unpacked(data))
        assert b"/text#2fxml" in _unpacked(data).lower()
        assert b"pdfaid:conformance" in _unpacked(data)
        assert whose(data) == ("B12345674", "F2026-000124")

    def test_its_file_says_how_large_it_is_and_when_it_was_made(self) -> None:
        parsed = Parsed(file())
        embedded = parsed.one(rb"/Type /EmbeddedFile")
        record = gallery.COMPLETE.record_xml.encode()
        assert b"/Size %d" % len(record) in embedded
        assert hashlib.md5(record, usedforsecurity=False).hexdigest().encode() in embedded
        assert b"/ModDate (D:20261014093000Z)" in embedded
        assert b"/AF [" in parsed.catalog

    def test_without_a_record_nothing_is_attached(self) -> None:
        with pypdfium2.PdfDocument(file(changed(record_xml=""))) as document:
            assert document.count_attachments() == 0


def _unpacked(data: bytes) -> bytes:
    """Return the file with its compressed parts beside it, for WeasyPrint packs its objects."""
    parts = []
    for stream in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            parts.append(zlib.decompressobj().decompress(stream[1]))
        except zlib.error:
            parts.append(stream[1])
    return b"\n".join([data, *parts])
