"""The file as an archive wants it (ISO 19005-3, level B), as far as it can be judged without veraPDF; and the logo."""

import hashlib
import re
import zlib
from io import BytesIO
from typing import Any

import msgspec
import pypdfium2
import pytest
import zxingcpp
from django.core.exceptions import ValidationError
from fontTools.ttLib import TTFont
from lxml import etree
from PIL import Image, ImageFile

from invoicing.evidence import whose
from invoicing.pdf import Renderer, logo
from invoicing.pdf.compose import compose
from invoicing.pdf.sheet import sheet
from invoicing.pdf.typeface import faces
from invoicing.values import Letterhead, PrintedInvoice
from tests.invoicing import gallery
from tests.invoicing.gallery import changed

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


class TestLogo:
    """What is kept of an upload, and what is refused with its remedy."""

    def colours(self, kept: bytes) -> set[tuple[int, int, int]]:
        """Return the strong colours of page one, as printed."""
        printed = changed(letterhead=Letterhead(logo=kept))
        with pypdfium2.PdfDocument(file(printed)) as document:
            image = document[0].render(scale=2).to_pil().convert("RGB")
        assert [code.text for code in zxingcpp.read_barcodes(image)] == [printed.qr_url]
        top = image.crop((90, 60, 480, 200))
        return {colour for count, colour in top.getcolors(1 << 20) if count > 40}

    def test_a_drawing_becomes_plain_paths_and_is_printed_in_its_colours(self) -> None:
        kept = logo.judge(gallery.SVG_LOGO)
        assert {element.tag.rpartition("}")[2] for element in etree.fromstring(kept).iter()} == {"svg", "path"}
        # 7a3b10 by a class, teal at half strength by a style, 16202a by rgb().
        assert {(0x7A, 0x3B, 0x10), (0x16, 0x20, 0x2A), (128, 192, 192)} <= self.colours(kept)

    def test_a_picture_is_written_anew_on_white(self) -> None:
        uploaded = Image.open(BytesIO(gallery.png_logo()))
        uploaded.info["secret"] = "x"
        data = BytesIO()
        uploaded.save(data, "PNG", exif=b"Exif\0\0secret")
        kept = logo.judge(data.getvalue())
        assert b"secret" not in kept
        assert Image.open(BytesIO(kept)).mode == "RGB"
        assert Image.open(BytesIO(kept)).getpixel((0, 0)) == (255, 255, 255)
        assert {(11, 60, 140), (255, 200, 0)} <= self.colours(kept)

    def test_a_photograph_is_made_as_small_as_paper_needs(self) -> None:
        data = BytesIO()
        Image.effect_noise((3000, 1000), 40).convert("RGB").save(data, "JPEG", quality=30)
        assert logo.size(logo.judge(data.getvalue())) == (1000, 333)

    @pytest.mark.parametrize(
        ("inside", "why"),
        [
            ("<script>alert(1)</script>", "script"),
            ("<image href='file:///etc/passwd'/>", "image"),
            ("<use href='http://evil.example/x.svg#a'/>", "use"),
            ("<foreignObject><body/></foreignObject>", "foreignObject"),
            ("<text>Encina</text>", "trazados"),
            ("<rect width='9' height='9' fill='url(#a)'/>", "colores lisos"),
            ("<g clip-path='url(#a)'><rect width='9' height='9'/></g>", "recortes"),
            ("<rect width='9' height='9' style='filter:url(http://evil.example/#f)'/>", "filtros"),
            ("<rect width='9' height='9' fill='javascript:1'/>", "no se entienden"),
            ("<path d='M0 0 L 1e400 5'/>", "no se entienden"),
            ("<a href='javascript:1'><rect width='9' height='9'/></a>", "«a»"),
            ("", "no dibuja nada"),
            ("<path d='M0 0" + " L1 1" * 30_000 + "'/>", "complejo"),
        ],
    )  # fmt: skip
    def test_more_than_shapes_is_refused(self, inside: str, why: str) -> None:
        with pytest.raises(ValidationError, match=re.escape(why)):
            logo.judge(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">{inside}</svg>'.encode())

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (b"GIF89a" + b"0" * 40, "no es un PNG"),
            (b"<html><body>", "no es un PNG"),
            (gallery.png_logo()[:400], "dañado"),
            (b"\x89PNG\r\n\x1a\nnonsense", "dañado"),
            (b"\xff\xd8\xff" + b"x" * 99, "dañado"),
            (b"<svg" + b" " * 2**20, "1 MB"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='1' height='1'/></svg>", "tamaño"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><rect", "bien formado"),
            (b"<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg>&a;</svg>", "entidades"),
        ],
    )
    def test_what_is_no_logo_is_refused(self, data: bytes, why: str) -> None:
        with pytest.raises(ValidationError, match=re.escape(why)):
            logo.judge(data)

    def test_half_a_picture_is_refused_also_where_weasyprint_is_loaded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as its module does when it is imported
        with pytest.raises(ValidationError, match="dañado"):
            logo.judge(gallery.png_logo()[:400])

    def test_a_small_file_that_unfolds_into_gigabytes_is_refused(self) -> None:
        data = BytesIO()
        Image.new("1", (30_000, 30_000)).save(data, "PNG")
        assert len(data.getvalue()) < logo.LARGEST_FILE
        with pytest.raises(ValidationError):
            logo.judge(data.getvalue())

    @pytest.mark.parametrize(
        "shapes",
        [
            # The same square: path, rectangle moved and doubled, quadratic curves, polygon, turned about.
            "<path d='M10 10h40v40h-40z'/>",
            "<g transform='translate(10,10)'><rect transform='scale(2)' width='20' height='20'/></g>",
            "<path d='M10 10Q30 10 50 10Q50 30 50 50L10 50Z'/>",
            "<polygon points='10,10 50,10 50,50 10,50'/>",
            "<rect x='-50' y='-50' width='40' height='40' transform='rotate(180)'/>",
        ],
    )
    def test_every_way_to_say_a_square_gives_the_same_square(self, shapes: str) -> None:
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 60">{shapes}</svg>'
        kept: Any = etree.fromstring(logo.judge(svg.encode()))
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", kept[0].get("d"))]
        assert (min(numbers), max(numbers)) == (10, 50)
