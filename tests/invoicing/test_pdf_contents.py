"""What an invoice says (RD 1619/2012, arts. 6 and 7), by either way to paper."""

import msgspec
import pypdfium2
import pytest

from invoicing.pdf import Renderer
from invoicing.pdf.page import page
from invoicing.pdf.renderer import composable
from invoicing.pdf.sheet import sheet
from tests.invoicing.paper import CHINESE, COMPLETE, EXPORTED, SIMPLIFIED, line, text_of, with_lines

pytestmark = pytest.mark.usefixtures("foreign_letters")


class TestContents:
    """RD 1619/2012, arts. 6 and 7 (verifactu.md 10)."""

    def test_a_complete_invoice_says_everything_that_art_6_asks_for(self, renderer: Renderer) -> None:
        text = text_of(renderer.render(COMPLETE, timeout=60))
        for content in (
            "Factura F2026-000124",
            "Serie F2026",
            "Fecha de expedición 14/10/2026",
            "Fecha de operación 12/10/2026",
            "Pedido #1501",
            "Papelería La Encina SL NIF B12345674 Calle Mayor 3 37001 Salamanca",
            "Ferretería Soler SL NIF B87654321 Rambla Nova 7 43004 Tarragona",
            "Archivador «Ñandú» de cartón 4 12,50 € \N{MINUS SIGN}1,00 € 21 % 49,00 €",
            "Miel de encina 500 g 2 7,2727 € 10 % 14,55 €",
            "Cuaderno de caligrafía 5 2,2981 € 4 % 11,49 €",
            "IVA 21 % 49,00 € 21 % 10,29 €",
            "IVA 10 % 14,55 € 10 % 1,45 €",
            "IVA 4 % 11,49 € 4 % 0,46 €",
            "Total factura 87,24 €",
            "Total a pagar 87,24 €",
            "QR tributario:",
            "VERI*FACTU",
            "Página 1 de 1",
        ):
            assert content in text
        assert "PRUEBAS" not in text

    def test_a_simplified_one_has_no_recipient(self, renderer: Renderer) -> None:
        text = text_of(renderer.render(SIMPLIFIED, timeout=60))
        assert "Factura simplificada S2026-000009" in text
        assert "Papelería La Encina SL NIF B12345674" in text
        assert "Cliente" not in text
        assert "21 %" in text
        assert "Total factura 87,24 €" in text

    def test_an_exempt_one_gives_the_reason(self, renderer: Renderer) -> None:
        text = text_of(renderer.render(EXPORTED, timeout=60))
        assert "Operación exenta: exportación, artículo 21 de la Ley 37/1992." in text
        assert "Exenta por el art. 21 LIVA (exportaciones) 49,00 € \N{EN DASH} \N{EN DASH}" in text
        assert "Archivador 1 49,00 € Exenta 49,00 €" in text

    def test_an_operation_on_the_day_of_issue_needs_no_second_date(self, renderer: Renderer) -> None:
        same_day = msgspec.structs.replace(COMPLETE, operation_date=COMPLETE.issue_date)
        assert "Fecha de operación" not in text_of(renderer.render(same_day, timeout=60))

    def test_many_lines_repeat_the_header_and_count_the_pages(self, renderer: Renderer) -> None:
        pdf = renderer.render(with_lines(60), timeout=60)
        with pypdfium2.PdfDocument(pdf) as document:
            texts = [" ".join(one.get_textpage().get_text_range().split()) for one in document]
        assert len(texts) > 1
        for position, text in enumerate(texts, start=1):
            assert f"Página {position} de {len(texts)}" in text
            assert "Descripción" in text
            assert "Factura F2026-000124" in text
        assert [n for n in range(1, 61) if f"Artículo {n} " not in " ".join(texts)] == []
        assert sum("QR tributario:" in text for text in texts) == 1

    @pytest.mark.parametrize("environment", ["simulator", "test"])
    def test_anything_but_production_is_marked_on_every_page(self, renderer: Renderer, environment: str) -> None:
        pdf = renderer.render(msgspec.structs.replace(with_lines(60), environment=environment), timeout=60)
        with pypdfium2.PdfDocument(pdf) as document:
            for one in document:
                text = one.get_textpage().get_text_range()
                assert "ENTORNO DE PRUEBAS" in text
                assert "SIN VALIDEZ FISCAL" in text

    def test_an_unknown_environment_is_not_printed_without_mark(self) -> None:
        with pytest.raises(KeyError):
            page(msgspec.structs.replace(COMPLETE, environment="Production"))

    def test_a_name_in_letters_that_our_fonts_lack_has_the_same_contents(self, renderer: Renderer) -> None:
        text = text_of(renderer.render(CHINESE, timeout=60))
        for content in (
            "Factura F2026-000124",
            "Fecha de operación 12/10/2026",
            "Papelería La Encina SL NIF B12345674 Calle Mayor 3 37001 Salamanca",
            "NIF B87654321",
            "Archivador «Ñandú» de cartón 4 12,50 € \N{MINUS SIGN}1,00 € 21 % 49,00 €",
            "IVA 4 % 11,49 € 4 % 0,46 €",
            "Total factura 87,24 €",
            "QR tributario:",
            "Página 1 de 1",
        ):
            assert content in text

    def test_an_emoji_in_a_title_is_left_out_and_the_rest_is_there(self, renderer: Renderer) -> None:
        printed = msgspec.structs.replace(
            COMPLETE, lines=(line("Taza \N{HOT BEVERAGE}\ufe0f grande \U0001f98a", "1", "1", "21", "1.00", "1.21"),)
        )
        assert "Taza grande 1 1,00 €" in text_of(renderer.render(printed, timeout=60))
        assert composable(sheet(printed))

    def test_only_our_fonts_are_used(self, renderer: Renderer) -> None:
        with pypdfium2.PdfDocument(renderer.render(COMPLETE, timeout=60)) as document:
            names = {thing.get_font().get_base_name() for thing in document[0].get_objects(filter=[1])}
        assert {name.rpartition("+")[2] for name in names} == {"Encadena-Sans", "Encadena-Sans-Bold"}
