"""Invoices for the tests of the printed page, and what a reader measures on one: text, boxes, sizes, a ruler."""

from datetime import date
from decimal import Decimal

import msgspec
import pypdfium2
import zxingcpp

from invoicing.values import PricedLine, PrintedInvoice, PrintedParty, TaxShare

QR_URL = (
    "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR"
    "?nif=B12345674&numserie=F2026-000124&fecha=14-10-2026&importe=87.24"
)
DPI = 300


def line(description: str, quantity: str, unit_price: str, rate: str | None, base: str, gross: str) -> PricedLine:
    return PricedLine(
        description=description,
        quantity=Decimal(quantity),
        unit_price=Decimal(unit_price),
        discount=Decimal(0),
        rate=Decimal(rate) if rate else None,
        base=Decimal(base),
        gross=Decimal(gross),
    )


COMPLETE = PrintedInvoice(
    title="Factura",
    number="F2026-000124",
    series="F2026",
    tipo="F1",
    issue_date=date(2026, 10, 14),
    operation_date=date(2026, 10, 12),
    issuer=PrintedParty(
        name="Papelería La Encina SL", tax_id="B12345674", address=("Calle Mayor 3", "37001 Salamanca")
    ),
    recipient=PrintedParty(
        name="Ferretería Soler SL", tax_id="B87654321", address=("Rambla Nova 7", "43004 Tarragona")
    ),
    order_number="#1501",
    lines=(
        msgspec.structs.replace(
            line("Archivador «Ñandú» de cartón", "4", "12.50", "21", "49.00", "59.29"), discount=Decimal("1.00")
        ),
        line("Miel de encina 500 g", "2", "7.272727", "10", "14.55", "16.00"),
        line("Cuaderno de caligrafía", "5", "2.298077", "4", "11.49", "11.95"),
    ),
    shares=(
        TaxShare(calificacion="S1", rate=Decimal(21), base=Decimal("49.00"), tax=Decimal("10.29")),
        TaxShare(calificacion="S1", rate=Decimal(10), base=Decimal("14.55"), tax=Decimal("1.45")),
        TaxShare(calificacion="S1", rate=Decimal(4), base=Decimal("11.49"), tax=Decimal("0.46")),
    ),
    tax_total=Decimal("12.20"),
    total=Decimal("87.24"),
    qr_url=QR_URL,
    environment="production",
)
SIMPLIFIED = msgspec.structs.replace(
    COMPLETE, title="Factura simplificada", tipo="F2", number="S2026-000009", series="S2026", recipient=None
)
EXPORTED = msgspec.structs.replace(
    COMPLETE,
    lines=(line("Archivador", "1", "49", None, "49.00", "49.00"),),
    shares=(TaxShare(clave_regimen="02", exencion="E2", base=Decimal("49.00")),),
    tax_total=Decimal(0),
    total=Decimal("49.00"),
    mentions=("Operación exenta: exportación, artículo 21 de la Ley 37/1992.",),
)


CHINESE = msgspec.structs.replace(COMPLETE, recipient=PrintedParty(name="北京文具有限公司", tax_id="B87654321"))
"""In letters that our fonts lack: it goes to the child."""


def with_lines(count: int, invoice: PrintedInvoice = COMPLETE) -> PrintedInvoice:
    lines = tuple(line(f"Artículo {n}", "1", "1", "21", "1.00", "1.21") for n in range(1, count + 1))
    return msgspec.structs.replace(invoice, lines=lines)


def text_of(pdf: bytes) -> str:
    """Return the text of all pages with every white space as one blank."""
    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join(" ".join(one.get_textpage().get_text_range() for one in document).split())


def text_box(pdf: bytes, text: str) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top of the first occurrence on page one, in mm from the lower left corner."""
    with pypdfium2.PdfDocument(pdf) as document:
        words = document[0].get_textpage()
        found = words.search(text, match_case=True).get_next()
        assert found, f"{text!r} is not on page one"
        boxes = [words.get_charbox(found[0] + n) for n in range(found[1])]
        mm = 25.4 / 72
        return (
            min(box[0] for box in boxes) * mm,
            min(box[1] for box in boxes) * mm,
            max(box[2] for box in boxes) * mm,
            max(box[3] for box in boxes) * mm,
        )


def font_size(pdf: bytes, text: str) -> float:
    """Return the size in which the first occurrence on page one is set; comparable inside one document."""
    with pypdfium2.PdfDocument(pdf) as document:
        words = document[0].get_textpage()
        found = words.search(text, match_case=True).get_next()
        assert found, f"{text!r} is not on page one"
        return float(pypdfium2.raw.FPDFText_GetFontSize(words, found[0]))


def symbol_box(pdf: bytes, clear: float = 2.0) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of the QR's black modules, in mm from the upper left corner of page one.

    Asserts `clear` mm of white all around it.
    """
    with pypdfium2.PdfDocument(pdf) as document:
        image = document[0].render(scale=DPI / 72).to_pil().convert("L")
    (code,) = zxingcpp.read_barcodes(image)
    corners = code.position.top_left, code.position.bottom_right
    margin = round(clear * DPI / 25.4)
    # One millimetre more, for the reader's own corners may lie a module inside.
    reach = margin + round(DPI / 25.4)
    left, top = corners[0].x - reach, corners[0].y - reach
    around = image.crop((left, top, corners[1].x + reach, corners[1].y + reach))
    black = around.point(lambda value: 255 if value < 200 else 0).getbbox()
    assert black
    assert min(black[0], black[1], around.width - black[2], around.height - black[3]) >= margin
    return tuple((at + offset) * 25.4 / DPI for at, offset in zip(black, (left, top, left, top), strict=True))
