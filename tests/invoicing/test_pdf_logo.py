"""The company's logo: what is kept of an upload, what is printed of it, and what is refused with its remedy."""

import re
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.core.exceptions import ValidationError
from lxml import etree
from PIL import Image, ImageFile

from invoicing.pdf import logo
from invoicing.pdf.compose import compose
from invoicing.pdf.sheet import sheet
from invoicing.values import Letterhead
from tests.invoicing import gallery
from tests.invoicing.gallery import changed


class TestLogo:
    """What is kept of an upload, and what is refused with its remedy."""

    def colours(self, kept: bytes) -> set[tuple[int, int, int]]:
        """Return the strong colours of page one, as printed."""
        printed = changed(letterhead=Letterhead(logo=kept))
        with pypdfium2.PdfDocument(compose(sheet(printed), printed)) as document:
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
