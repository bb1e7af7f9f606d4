"""Letters and signs from any shop: what is composed, what goes to the child, what waits for a font."""

from pathlib import Path

import msgspec
import pytest

from invoicing.pdf import FontMissing, Renderer
from invoicing.pdf.renderer import composable
from invoicing.pdf.sheet import sheet
from invoicing.values import PrintedInvoice, PrintedParty
from tests.invoicing.fonts import fontconfig
from tests.invoicing.paper import CHINESE, COMPLETE, line, text_of

COMPOSED = {
    "control characters": ("Taza\x00\x07 con\r\nsalto\ty\x9f punto", "Taza con salto y punto"),
    "marks that turn the line around": ("Taza \u202eetnatlaf\u202c", "Taza etnatlaf"),
    "quotes and markup": ("Taza \"x\" 'y' <b>&amp;</b> «z»", "Taza \"x\" 'y' <b>&amp;</b> «z»"),
    "blanks of typesetters": ("Taza\u2003grande\u3000y\u2009fina", "Taza grande y fina"),
    "places to break, seen by nobody": ("Super\u00adcali\u200bfragi\ufefflístico", "Supercalifragilístico"),
    "accents apart from their letters": ("Jose\u0301 Nun\u0303ez, C\u0327esme", "José Nuñez, Çesme"),
    "ligatures": ("\ufb01nca, \ufb02or, o\ufb03cina", "finca, flor, officina"),
    "ornamental letters and figures": (
        "\U0001d4d1\U0001d4f8\U0001d4f5\U0001d4ed \u2460 \u2167 \uff21",
        "Bold 1 VIII A",
    ),
    "units in one sign": ("20 \u2103, 3 \u338f", "20 °C, 3 kg"),
    "emoji": ("Taza \u2615\ufe0f \U0001f98a\U0001f3fd grande 1\ufe0f\u20e3", "Taza grande 1"),
    "what is no character": ("Taza\ufffe \ufdd0grande", "Taza grande"),
    "Greek": ("Ελληνικός καφές", "Ελληνικός καφές"),
    "Cyrillic": ("Дуб, Їжак, Љубав", "Дуб, Їжак, Љубав"),
    "Europe": ("Łódź Țară Øre Ħal Þór ẞ € £ ½ ™", "Łódź Țară Øre Ħal Þór ẞ € £ ½ ™"),
}


def with_description(text: str) -> PrintedInvoice:
    return msgspec.structs.replace(COMPLETE, lines=(line(text, "1", "1", "21", "1.00", "1.21"),))


@pytest.mark.parametrize(("given", "printed"), COMPOSED.values(), ids=COMPOSED)
def test_is_composed_and_found_again_as_text(given: str, printed: str, renderer: Renderer) -> None:
    invoice = with_description(given)
    assert composable(sheet(invoice))
    assert f" {printed} 1 1,00 € 21 % 1,00 € " in text_of(renderer.render(invoice, timeout=60))


@pytest.mark.usefixtures("foreign_letters")
class TestOtherLetters:
    @pytest.mark.parametrize("name", ["北京文具有限公司", "한", "שלום"])
    def test_are_printed_in_a_font_of_the_machine(self, name: str, renderer: Renderer) -> None:
        invoice = msgspec.structs.replace(COMPLETE, recipient=PrintedParty(name=name, tax_id="B87654321"))
        assert not composable(sheet(invoice))
        pdf = renderer.render(invoice, timeout=60)
        assert sorted(name) == sorted(set(text_of(pdf)) & set(name))

    def test_without_any_font_the_document_waits_and_says_what_to_install(
        self, own_renderer: Renderer, tmp_path: Path, a_font: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bare = tmp_path / "bare"
        bare.mkdir()
        monkeypatch.setenv("FONTCONFIG_FILE", str(fontconfig(bare)))
        with pytest.raises(FontMissing) as caught:
            own_renderer.render(CHINESE, timeout=60)
        assert "apt-get install fonts-noto-core fonts-wqy-microhei" in str(caught.value)
        assert str(caught.value).endswith("(北京文具有限公司)")
        assert not caught.value.retryable
        # Once there is one it prints, without a new worker.
        monkeypatch.setenv("FONTCONFIG_FILE", str(a_font))
        assert "公司" in text_of(own_renderer.render(CHINESE, timeout=60))

    def test_a_sign_that_no_font_has_is_no_reason_to_wait(self, renderer: Renderer) -> None:
        invoice = msgspec.structs.replace(CHINESE, lines=with_description("Taza \u2615 北、 \U0001f98a").lines)
        assert "Taza 北、" in text_of(renderer.render(invoice, timeout=60))
