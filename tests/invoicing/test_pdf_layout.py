"""Nothing on a page touches, is cut, lost or too small to read, however long texts and wide figures are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations

import pypdfium2
import pytest

from invoicing.pdf.compose import compose
from invoicing.pdf.setting import wrap
from invoicing.pdf.sheet import sheet
from invoicing.pdf.typeface import faces
from invoicing.values import Deduction, Letterhead, PrintedInvoice, PrintedParty, PrintedReference
from tests.invoicing import gallery
from tests.invoicing.gallery import LANGUAGES, changed, line, one_line, share

MM = 72 / 25.4
LEAST = 5.5
"""Points: what is smaller cannot be read."""
APART = 1.5
"""Points between two texts of one line."""


@dataclass
class Text:
    """One text as it is drawn: its ink, in points from the lower left corner, and its size."""

    said: str
    left: float
    bottom: float
    right: float
    top: float
    size: float

    def touches(self, other: "Text") -> bool:
        beside = self.left < other.right + APART and other.left < self.right + APART
        return beside and self.bottom < other.top and other.bottom < self.top


def texts(printed: PrintedInvoice) -> Iterator[list[Text]]:
    """Yield the texts of each page, of which every one is an object of its own; watermarks lie under them."""
    with pypdfium2.PdfDocument(compose(sheet(printed), printed)) as document:
        for page in document:
            words = page.get_textpage()
            found = []
            for thing in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT], textpage=words):
                if thing.get_matrix().b:
                    continue  # written aslant
                found.append(Text(thing.extract().strip(), *thing.get_bounds(), thing.get_font_size()))
            yield found


HUGE = one_line("Central eléctrica, llave en mano", "826446280991.73", "21", "173553719008.26")
REFERENCES = tuple(PrintedReference(number=f"F2026-{n:06}", issue_date=date(2026, 10, 14)) for n in range(200))
ADDRESS = tuple(f"Línea {n} de una dirección que no se acaba en la primera línea ni en la segunda" for n in range(40))
HARD: dict[str, PrintedInvoice] = {
    "no line": changed(lines=()),
    "twelve figures": changed(
        HUGE,
        deductions=(
            Deduction(kind="withholding", rate=Decimal(15), amount=Decimal("-123966942148.76")),
            Deduction(kind="advance", amount=Decimal("-500000000000.00")),
        ),
    ),
    "twelve figures, negative, surcharged": changed(
        HUGE,
        lines=(line("Devolución", "-826446280991.73", "21", quantity="12345.6789", discount="99999999.99"),),
        shares=(share("-826446280991.73", "21", "-173553719008.26", surcharge_rate=Decimal("5.2"),
                      surcharge=Decimal("-42975206611.57")),),
        tax_total=Decimal("-216528925619.83"),
        total=Decimal("-1042975206611.56"),
    ),
    "twelve rates": changed(shares=tuple(share("100000.00", str(n), "21000.00") for n in range(10, 22))),
    "long description": changed(lines=(line("Palabra " * 62, "1.00", "21"), line("W" * 500, "1.00", "21"))),
    "long reference": changed(lines=(line("W" * 500, "999999999.99", "21", sku="S" * 120, discount="1.00"),)),
    "long address": changed(recipient=PrintedParty(name="N" * 120, tax_id="B87654321", address=ADDRESS)),
    "long issuer": changed(
        issuer=PrintedParty(name="Sociedad " * 13, tax_id="B12345674", address=("Calle " * 33,)),
        number="F" * 60, duplicate=True,
    ),
    "many references": changed(gallery.BY_SUBSTITUTION, references=REFERENCES),
    "long footer": changed(letterhead=Letterhead(footer=tuple(f"Registro n.º {n}." for n in range(35)))),
}  # fmt: skip


def judged(printed: PrintedInvoice) -> list[str]:
    """Return all texts in their order, after a look at each page."""
    said = []
    for page in texts(printed):
        for text in page:
            assert text.size >= LEAST, text
            assert text.left >= 18 * MM - 1, text
            assert text.right <= 192 * MM + 1, text
            assert text.bottom >= 11 * MM, text
        touching = [pair for pair in combinations(page, 2) if pair[0].touches(pair[1])]
        assert not touching, touching
        said += [text.said for text in page]
    return said


@pytest.mark.parametrize(
    "language",
    [
        language if language in ("fr", "de") else pytest.param(language, marks=pytest.mark.faults)
        for language in LANGUAGES
    ],
)
def test_no_kind_in_no_language_has_texts_that_touch(language: str) -> None:
    for printed in gallery.KINDS.values():
        judged(changed(printed, language=language))


@pytest.mark.parametrize("language", ["fr", "de"])
@pytest.mark.parametrize("printed", HARD.values(), ids=HARD)
def test_long_texts_and_wide_figures_keep_apart_and_readable(printed: PrintedInvoice, language: str) -> None:
    judged(changed(printed, language=language))


def test_an_address_of_any_length_is_there_whole() -> None:
    said = " ".join(judged(HARD["long address"]))
    assert [said.count(text) for text in ADDRESS] == [1] * len(ADDRESS)
    assert said.count("N" * 30) >= 1


def test_a_description_of_any_length_is_there_whole() -> None:
    said = judged(HARD["long description"])
    assert sum(text.count("Palabra") for text in said) == 62
    assert sum(len(text) for text in said if set(text) == {"W"}) == 500


def test_a_description_longer_than_its_page_goes_on_under_a_new_heading() -> None:
    printed = changed(HARD["long reference"], recipient=PrintedParty(name="N", address=ADDRESS[:17]))
    pages = [[text.said for text in page] for page in texts(printed)]
    assert len(pages) == 2
    assert all("Descripción" in page for page in pages)
    assert sum(len(text) for page in pages for text in page if set(text) == {"W"}) == 500
    assert "Total factura" in pages[1]


def test_every_line_of_the_footer_is_there() -> None:
    assert sum(text.count("Registro") for text in judged(HARD["long footer"])) == 35


def test_every_reference_has_its_date_beside_it() -> None:
    said = [text.replace("\N{NO-BREAK SPACE}", " ") for text in judged(HARD["many references"])]
    assert all(sum(f"{each.number} de 14/10/2026" in text for text in said) == 1 for each in REFERENCES)


@pytest.mark.parametrize("count", [9, 10, 11, 12, 13, 14, 30, 31, 32, 33, 34])
def test_totals_never_stand_without_a_line_above_them(count: int) -> None:
    *_, last = texts(gallery.long(count))
    said = [text.said for text in last]
    assert "Total factura" in said
    assert f"Artículo {count} del catálogo de otoño" in said


def test_used_goods_do_not_say_that_their_prices_are_without_tax() -> None:
    said = " ".join(judged(gallery.USED))
    assert "Precio unitario" in said
    assert "sin IVA" not in said


@pytest.mark.parametrize("text", ["x" * 5000, "ab " * 400, "ñ" * 40 + " y " + "W" * 300, "  dos  blancos "])
def test_wrapping_loses_nothing(text: str) -> None:
    regular = faces()[0]
    lines = wrap(regular, text, 9, 200)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(regular.width(line, 9) <= 200 for line in lines)
