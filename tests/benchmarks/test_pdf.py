"""What the benchmark of printing prints is what the product prints."""

import pypdfium2

from benchmarks.pdf import TEN_LINES
from invoicing.pdf.compose import compose
from invoicing.pdf.sheet import sheet
from verifactu.xml import schema_errors


def test_it_carries_its_record_which_says_the_same() -> None:
    assert schema_errors(TEN_LINES.record_xml) == []
    for said in (TEN_LINES.number, f">{TEN_LINES.total}<", f">{TEN_LINES.tax_total}<", ">14-10-2026<"):
        assert said in TEN_LINES.record_xml
    with pypdfium2.PdfDocument(compose(sheet(TEN_LINES), TEN_LINES)) as document:
        assert bytes(document.get_attachment(0).get_data()).decode() == TEN_LINES.record_xml
        text = " ".join(document[0].get_textpage().get_text_range().split())
    assert "Total factura 831,88 €" in text
