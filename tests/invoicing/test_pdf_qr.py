"""The QR of the page, measured as a reader would: its picture, a QR reader, a ruler."""

import msgspec
import pypdfium2
import pytest
import zxingcpp

from invoicing.pdf import Renderer
from invoicing.values import PrintedInvoice
from tests.invoicing.paper import COMPLETE, QR_URL, SIMPLIFIED, font_size, symbol_box, text_box


class TestQR:
    """AEAT, "Características del QR" (verifactu.md 6): read from the page as a picture."""

    @pytest.mark.parametrize(
        "printed",
        [COMPLETE, SIMPLIFIED, msgspec.structs.replace(COMPLETE, environment="test", qr_url=QR_URL + "0" * 60)],
        ids=["complete", "simplified", "watermark and longest address"],
    )
    def test_it_reads_as_the_address_of_the_invoice_and_has_the_legal_size(
        self, renderer: Renderer, printed: PrintedInvoice
    ) -> None:
        pdf = renderer.render(printed, timeout=60)
        with pypdfium2.PdfDocument(pdf) as document:
            image = document[0].render(scale=150 / 72).to_pil()
        assert [code.text for code in zxingcpp.read_barcodes(image)] == [printed.qr_url]

        left, top, right, bottom = symbol_box(pdf)
        assert 30 <= right - left <= 40
        assert 30 <= bottom - top <= 40
        assert bottom < 297 / 3

    def test_its_texts_stand_above_and_below_it_centred(self, renderer: Renderer) -> None:
        pdf = renderer.render(COMPLETE, timeout=60)
        left, top, right, bottom = symbol_box(pdf)
        above, below = text_box(pdf, "QR tributario:"), text_box(pdf, "VERI*FACTU")
        assert 297 - above[1] < top
        assert top - (297 - above[1]) < 10
        assert 297 - below[3] > bottom
        assert 297 - below[3] - bottom < 10
        for box in (above, below):
            assert (box[0] + box[2]) / 2 == pytest.approx((left + right) / 2, abs=1)

    def test_its_texts_are_as_large_as_the_largest_of_the_data(self, renderer: Renderer) -> None:
        pdf = renderer.render(COMPLETE, timeout=60)
        data = ("Papelería", "B12345674", "F2026-000124", "14/10/2026", "Ferretería", "Archivador", "Total factura")
        assert min(font_size(pdf, "QR tributario:"), font_size(pdf, "VERI*FACTU")) >= max(
            font_size(pdf, text) for text in data
        )
