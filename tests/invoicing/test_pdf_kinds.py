"""Every kind of invoice in every language says what RD 1619/2012 asks of it (verifactu.md 6 and 10)."""

# ruff: noqa: E501, RUF001 (texts as their languages write them)

from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import msgspec
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from invoicing.pdf import Renderer
from invoicing.pdf.compose import compose
from invoicing.pdf.formats import day, euros, number, percent, price
from invoicing.pdf.renderer import composable
from invoicing.pdf.sheet import sheet
from invoicing.values import PrintedInvoice
from tests.invoicing import gallery
from tests.invoicing.gallery import LANGUAGES, changed

NNBSP, NBSP, MINUS = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"


def pages(printed: PrintedInvoice) -> list[str]:
    page = sheet(printed)
    assert composable(page)
    with pypdfium2.PdfDocument(compose(page, printed)) as document:
        return [" ".join(one.get_textpage().get_text_range().split()) for one in document]


def text(printed: PrintedInvoice) -> str:
    return " ".join(pages(printed))


def symbols(printed: PrintedInvoice) -> list[str]:
    with pypdfium2.PdfDocument(compose(sheet(printed), printed)) as document:
        return [code.text for one in document for code in zxingcpp.read_barcodes(one.render(scale=2).to_pil())]


class TestFormats:
    """As Unicode's CLDR writes them."""

    @pytest.mark.parametrize(
        ("language", "amount", "rate", "on", "count"),
        [
            ("es", f"{MINUS}1.234,50{NBSP}€", f"5,2{NBSP}%", "03/11/2026", "1.234,5"),
            ("ca", f"{MINUS}1.234,50{NBSP}€", f"5,2{NBSP}%", "03/11/2026", "1.234,5"),
            ("fr", f"{MINUS}1{NNBSP}234,50{NBSP}€", f"5,2{NBSP}%", "03/11/2026", f"1{NNBSP}234,5"),
            ("de", f"{MINUS}1.234,50{NBSP}€", f"5,2{NBSP}%", "03.11.2026", "1.234,5"),
            ("en", f"{MINUS}€1,234.50", "5.2%", "3 Nov 2026", "1,234.5"),
        ],
    )
    def test_each_language_has_its_own(self, language: str, amount: str, rate: str, on: str, count: str) -> None:
        assert euros(Decimal("-1234.495"), language) == amount
        assert percent(Decimal("5.20"), language) == rate
        assert day(date(2026, 11, 3), language) == on
        assert number(Decimal("1234.5"), language=language) == count

    def test_what_rounds_to_nothing_has_no_sign(self) -> None:
        assert price(Decimal("-0.00001"), "en") == "€0.00"


# Label by label, as the languages' own invoices have them (Directive 2006/112/EC, art. 226, in each of them).
LABELS = {
    "es": ("Factura", "Fecha de expedición 14/10/2026", "Fecha de operación 12/10/2026", "Base imponible",
           "Total factura 87,24 €", "Total a pagar 87,24 €", "Página 1 de 1", "10,29 €"),
    "en": ("Invoice", "Date of issue 14 Oct 2026", "Date of supply 12 Oct 2026", "Taxable amount",
           "Invoice total €87.24", "Amount due €87.24", "Page 1 of 1", "€10.29"),
    "ca": ("Factura", "Data d’expedició 14/10/2026", "Data de l’operació 12/10/2026", "Base imposable",
           "Total factura 87,24 €", "Total a pagar 87,24 €", "Pàgina 1 de 1", "10,29 €"),
    "fr": ("Facture", "Date d’émission 14/10/2026", "Date de l’opération 12/10/2026", "Base imposable",
           "Total facture 87,24 €", "Total à payer 87,24 €", "Page 1 sur 1", "10,29 €"),
    "de": ("Rechnung", "Rechnungsdatum 14.10.2026", "Leistungsdatum 12.10.2026", "Nettobetrag",
           "Rechnungsbetrag 87,24 €", "Zahlbetrag 87,24 €", "Seite 1 von 1", "10,29 €"),
}  # fmt: skip
TITLES = {
    "simplified": ("Factura simplificada", "Simplified invoice", "Factura simplificada", "Facture simplifiée",
                   "Kleinbetragsrechnung"),
    "corrective": ("Factura rectificativa", "Corrective invoice", "Factura rectificativa", "Facture rectificative",
                   "Rechnungskorrektur"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
class TestEveryLanguage:
    def test_a_complete_invoice(self, language: str) -> None:
        said = text(changed(language=language))
        for content in (
            *LABELS[language],
            "F2026-000124",
            "F2026 ",
            "Papelería La Encina SL",
            "B12345674",
            "Calle Mayor 3 37001 Salamanca",
            "Ferretería Soler SL",
            "B87654321",
            "Rambla Nova 7 43004 Tarragona",
            "Archivador «Ñandú» de cartón",
            "ARC-4",
            "QR tributario:",
            "VERI*FACTU",
        ):
            assert content in said

    def test_a_simplified_one_and_a_qualified_one(self, language: str) -> None:
        title = TITLES["simplified"][LANGUAGES.index(language)]
        simplified, qualified = (
            text(changed(kind, language=language)) for kind in (gallery.SIMPLIFIED, gallery.QUALIFIED)
        )
        for said in (simplified, qualified):
            # The law's own words are there in every language.
            for content in (title, "Factura simplificada", "S2026-000009", "B12345674", "21", LABELS[language][4]):
                assert content in said
        assert "Lucía Ferrer Peña" not in simplified
        for content in ("Lucía Ferrer Peña", "12345678Z", "Plaza del Sol 1 28013 Madrid", LABELS[language][7]):
            assert content in qualified

    def test_a_corrective_one_by_differences(self, language: str) -> None:
        said = text(changed(gallery.BY_DIFFERENCES, language=language))
        method = {"es": "por diferencias", "en": "by differences", "ca": "per diferències", "fr": "par différence",
                  "de": "nach Unterschiedsbeträgen"}[language]  # fmt: skip
        of = {"en": "of 14 Oct 2026", "fr": "du 14/10/2026", "de": "vom 14.10.2026"}.get(language, "de 14/10/2026")
        total = f"{MINUS}€29.65" if language == "en" else f"{MINUS}29,65 €"
        for content in (
            TITLES["corrective"][LANGUAGES.index(language)],
            "rectificativa",
            "R2026-000003",
            f"F2026-000124 {of}",
            method,
            "Devolución de mercancía",
            total,
        ):
            assert content in said

    def test_one_by_substitution_states_what_it_replaces_and_by_how_much(self, language: str) -> None:
        said = text(changed(gallery.BY_SUBSTITUTION, language=language))
        amounts = ("100,00 €", "21,00 €", f"{MINUS}10,00 €", f"{MINUS}2,10 €", f"{MINUS}12,10 €", "108,90 €")
        if language == "en":
            amounts = ("€100.00", "€21.00", f"{MINUS}€10.00", f"{MINUS}€2.10", f"{MINUS}€12.10", "€108.90")
        for content in ("F2026-000120", "F2026-000121", "Corrección del NIF del destinatario", *amounts):
            assert content in said

    def test_an_exchange_names_the_simplified_ones(self, language: str) -> None:
        said = text(changed(gallery.EXCHANGED, language=language))
        for content in ("C2026-000001", "S2026-000009", "S2026-000011", "12345678Z"):
            assert content in said
        assert day(date(2026, 10, 15), language) in said

    @pytest.mark.parametrize(
        ("kind", "spanish", "meaning"),
        [
            ("exported", "art. 21 de la Ley 37/1992", ("", "Exempt export", "exportació", "Exportation exonérée", "Steuerfreie Ausfuhr")),
            ("intra-community", "art. 25 de la Ley 37/1992", ("", "Exempt intra-Community supply", "intracomunitari exempt", "intracommunautaire exonérée", "innergemeinschaftliche Lieferung")),
            ("reversed", "Inversión del sujeto pasivo", ("", "Reverse charge", "Inversió del subjecte passiu", "Autoliquidation", "Steuerschuldnerschaft des Leistungsempfängers")),
            ("used", "Régimen especial de los bienes usados", ("", "second-hand goods", "béns usats", "biens d’occasion", "Gebrauchtgegenstände")),
        ],
    )  # fmt: skip
    def test_mentions_stand_in_spanish_and_in_the_language(
        self, kind: str, spanish: str, meaning: tuple[str, ...], language: str
    ) -> None:
        said = text(changed(gallery.KINDS[kind], language=language))
        assert spanish in said
        assert meaning[LANGUAGES.index(language)] in said

    def test_a_trial_is_marked_in_the_language_on_every_page(self, language: str) -> None:
        mark = {"es": "SIN VALIDEZ FISCAL", "en": "NO FISCAL VALIDITY", "ca": "SENSE VALIDESA FISCAL",
                "fr": "SANS VALEUR FISCALE", "de": "OHNE STEUERLICHE GÜLTIGKEIT"}[language]  # fmt: skip
        each = pages(changed(gallery.long(30), language=language, environment="test"))
        assert len(each) == 2
        assert all(mark in page for page in each)


class TestFigures:
    def test_withholding_outlays_and_advances_leave_two_totals(self) -> None:
        said = text(gallery.WITHHELD)
        for content in (
            "Total factura 1.210,00 €",
            f"Retención IRPF 15 % {MINUS}150,00 €",
            "Suplidos 32,50 €",
            f"Anticipos {MINUS}500,00 €",
            # 1,210.00 - 150.00 + 32.50 - 500.00
            "Total a pagar 592,50 €",
        ):
            assert content in said

    def test_the_surcharge_has_its_columns_and_its_sum(self) -> None:
        said = text(gallery.SURCHARGED)
        for content in (
            "R.E. %", "IVA 21 % 100,00 € 21 % 21,00 € 5,2 % 5,20 €", "IVA 21,00 €",
            "Recargo de equivalencia 5,20 €", "Total factura 126,20 €",
        ):  # fmt: skip
            assert content in said

    def test_one_stop_shop_prints_both_totals(self) -> None:
        said = text(gallery.SHOP_OF_EUROPE)
        assert "Total factura 100,00 €" in said
        assert "IVA Francia 20 % 20,00 €" in said
        assert "Total con impuestos 120,00 €" in said
        assert "importe=100.00" in symbols(gallery.SHOP_OF_EUROPE)[0]

    def test_an_order_in_another_currency_tells_the_rate(self) -> None:
        assert "94,31 USD. Cambio: 1 € = 1,081 USD el 13/10/2026 (BCE)." in text(gallery.IN_DOLLARS)

    def test_an_intra_community_one_has_both_vat_numbers(self) -> None:
        said = text(gallery.INTRA_COMMUNITY)
        assert "NIF-IVA FR40303265045" in said
        assert "NIF-IVA ESB12345674" in said

    def test_other_taxes_have_their_names(self) -> None:
        assert "IGIC 7 % 100,00 € 7 % 7,00 €" in text(gallery.CANARIAN)

    def test_long_ones_carry_their_sum_from_page_to_page(self) -> None:
        each = pages(gallery.long(120))
        assert len(each) > 2
        for number_, (before, after) in enumerate(pairwise(each), 1):
            # Each line is one euro: the sum is the number of the page's last article.
            last = max(n for n in range(1, 121) if f"Artículo {n} del" in before)
            assert f"Suma y sigue {last},00 €" in before
            assert f"Suma anterior {last},00 €" in after
            assert f"Artículo {last + 1} del" in after
            assert f"Página {number_} de {len(each)}" in before
        assert "Suma y sigue" not in each[-1]
        assert "Suma anterior" not in each[0]
        assert "Total factura 145,20 €" in each[-1]

    @pytest.mark.parametrize("count", [*range(9, 26), 34])
    def test_no_line_is_lost_or_printed_twice_wherever_the_page_ends(self, count: int) -> None:
        each = pages(gallery.long(count))
        assert [sum(f"Artículo {n} del" in page for page in each) for n in range(1, count + 1)] == [1] * count
        assert sum("Total factura" in page for page in each) == 1

    def test_nobody_is_asked_to_pay_a_refund(self) -> None:
        dress = gallery.dressed(gallery.SVG_LOGO, "#7a3b10")
        assert "IBAN ES91 2100 0418 4502 0005 1332 · CaixaBank" in text(changed(letterhead=dress))
        assert "IBAN" not in text(changed(gallery.BY_DIFFERENCES, letterhead=dress))

    def test_the_legal_footer_is_on_every_page(self) -> None:
        each = pages(changed(gallery.long(60), letterhead=gallery.dressed(gallery.SVG_LOGO, "#7a3b10")))
        assert all("tomo 1234, folio 56, hoja SA-7890" in page for page in each)

    def test_a_copy_is_marked_and_says_the_same(self) -> None:
        original, copy = text(gallery.COMPLETE), text(changed(duplicate=True))
        assert "DUPLICADO" in copy
        assert "DUPLICADO" not in original
        assert copy.replace("DUPLICADO ", "").replace(" · Duplicado", "") == original
        assert symbols(changed(duplicate=True)) == [gallery.COMPLETE.qr_url]


@pytest.mark.faults
@pytest.mark.usefixtures("foreign_letters")
def test_fifty_of_all_kinds_become_pages_to_look_at(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The pictures stay in the temporary folder, with one that shows all of them."""
    folder, renderer, pictures = tmp_path_factory.mktemp("fifty"), Renderer(), []
    invoices = gallery.fifty()
    assert len(invoices) == 50
    for name, printed in invoices.items():
        with pypdfium2.PdfDocument(renderer.render(printed, timeout=120)) as document:
            images = [page.render(scale=2).to_pil().convert("RGB") for page in document]
        assert [code.text for image in images for code in zxingcpp.read_barcodes(image)] == [printed.qr_url], name
        for number_, image in enumerate(images, 1):
            image.save(folder / f"{name}-{number_}.png")
            # Nothing runs over the edge: a centimetre is white all around.
            margin = round(image.width / 21)
            inner = image.convert("L").point(lambda value: 255 if value < 200 else 0).getbbox()
            assert inner
            assert min(inner[0], inner[1], image.width - inner[2], image.height - inner[3]) >= margin, name
            pictures.append(image.resize((image.width // 4, image.height // 4)))
    renderer.close()
    wide, high = pictures[0].size
    table = Image.new("RGB", (wide * 8, high * -(-len(pictures) // 8)), "white")
    for index, picture in enumerate(pictures):
        table.paste(picture, (index % 8 * wide, index // 8 * high))
    table.save(Path(folder) / "all.png")


def test_every_kind_is_the_same_bytes_each_time() -> None:
    for printed in gallery.KINDS.values():
        again = msgspec.structs.replace(printed)
        assert compose(sheet(printed), printed) == compose(sheet(again), again)
