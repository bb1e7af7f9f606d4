"""The printed page, measured as a reader would: text and picture of the PDF, a QR reader, a ruler."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pypdfium2
import pytest
import zxingcpp

from invoicing.pdf import LibraryMissing, Renderer, RenderFailed, RenderTimeout, child
from invoicing.pdf.page import STYLESHEET, page
from invoicing.pdf.renderer import Child, composable
from invoicing.pdf.sheet import sheet
from invoicing.values import PricedLine, PrintedInvoice, PrintedParty, TaxShare
from tests.deadline import eventually

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


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    renderer = Renderer()
    yield renderer
    renderer.close()


@pytest.fixture
def own_renderer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Renderer]:
    """A renderer to be hurt, whose temporary files are in `tmp_path`."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    renderer = Renderer(recycle_after=2)
    yield renderer
    renderer.close()


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


def ticks(pid: int) -> int:
    """Return the processor time that a process has used (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def alive(pid: int) -> bool:
    """Return whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


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


class TestSafety:
    """What a name from a shop can do on the page: be read."""

    TRICKS = (
        "<img src=file:///etc/passwd>",
        "<link rel=attachment href='file:///etc/passwd'>",
        "<img src='http://127.0.0.1:9/x.png'>",
        "<style>@import 'http://127.0.0.1:9/x.css';</style>",
        "{% include '/etc/passwd' %}{{ qr }}",
    )

    @pytest.mark.parametrize("trick", TRICKS)
    def test_markup_in_names_stays_text(self, renderer: Renderer, trick: str) -> None:
        printed = msgspec.structs.replace(
            COMPLETE,
            recipient=PrintedParty(name=trick, address=(trick,)),
            lines=(line(trick, "1", "1", "21", "1.00", "1.21"),),
            mentions=(trick,),
            order_number=trick,
        )
        pdf = renderer.render(printed, timeout=60)
        with pypdfium2.PdfDocument(pdf) as document:
            assert document.count_attachments() == 0
        assert text_of(pdf).replace(" ", "").count(trick.replace(" ", "")) >= 3

    @pytest.mark.parametrize(
        "smuggled",
        [
            b"<img src='file:///etc/passwd'>",
            b"<link rel=attachment href='file:///etc/passwd'>",
            b"<link rel=stylesheet href='http://127.0.0.1:9/x.css'>",
            b"<style>@font-face { font-family: x; src: url(file:///etc/passwd) }</style>",
            b"<p style='background: url(data:image/png;base64,AAAA)'>x",
            b"<img src='font:encadena-sans-400.ttf'>",
        ],
    )
    def test_a_page_that_asks_for_anything_is_no_document(self, smuggled: bytes) -> None:
        one = Child()
        try:
            one.wait_until_ready(60)
            kind, reason = one.ask(smuggled, 60)
            assert kind == b"E", reason
            assert b"something outside of itself" in reason
            assert one.ask(b"<p>x", 60)[0] == b"P"
        finally:
            one.end()

    def test_the_child_can_open_no_socket_and_start_no_program(self) -> None:
        script = f"""
import runpy, pathlib
program = runpy.run_path({child.__file__!r})
css = pathlib.Path({str(STYLESHEET)!r})
fonts = {{"font:" + file.name: file.read_bytes() for file in css.parent.glob("fonts/*.ttf")}}
program["Press"](css.read_text(), fonts)
import socket, subprocess, os, _socket
attempts = [lambda: socket.socket(), lambda: _socket.socket(), lambda: socket.create_connection(("127.0.0.1", 9)),
            lambda: socket.getaddrinfo("localhost", 9), lambda: subprocess.run(["true"]), lambda: os.system("true"),
            lambda: os.execv("/bin/true", ["true"]), lambda: os.fork()]
for attempt in attempts:
    try:
        attempt()
    except RuntimeError as error:
        print(error)
"""
        done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.count("the renderer may not use") == 8, done.stdout

    def test_the_child_inherits_no_secret_and_no_socket(
        self, own_renderer: Renderer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql://encadena:geheim@localhost/encadena")
        monkeypatch.setenv("SECRET_KEY", "geheim")
        monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
        own_renderer.render(CHINESE, timeout=60)
        process = Path(f"/proc/{own_renderer.pid}")
        environment = process.joinpath("environ").read_bytes()
        assert b"TMPDIR=" in environment
        assert b"geheim" not in environment
        assert b"PYTHONPATH" not in environment
        links = [str(link.readlink()) for link in process.joinpath("fd").iterdir()]
        assert not [link for link in links if link.startswith("socket:")]
        assert "libpq" not in process.joinpath("maps").read_text()
        # Ctrl-C in a terminal goes to a whole session: the child has one of its own.
        assert own_renderer.pid
        assert os.getsid(own_renderer.pid) == own_renderer.pid


class TestLife:
    """Stuck, dead, old: the next document is rendered all the same."""

    def test_a_stuck_child_is_killed_at_the_timeout_and_replaced(self, own_renderer: Renderer, tmp_path: Path) -> None:
        own_renderer.render(CHINESE, timeout=60)
        stuck = own_renderer.pid
        assert stuck
        os.kill(stuck, signal.SIGSTOP)
        with pytest.raises(RenderTimeout) as caught:
            own_renderer.render(CHINESE, timeout=0.5)
        assert caught.value.retryable
        assert not alive(stuck)
        assert list(tmp_path.iterdir()) == []
        assert own_renderer.render(CHINESE, timeout=60).startswith(b"%PDF")

    def test_a_document_that_takes_too_long_is_given_up(self, own_renderer: Renderer) -> None:
        with pytest.raises(RenderTimeout):
            own_renderer.render(with_lines(3000, CHINESE), timeout=0.2)
        assert own_renderer.render(CHINESE, timeout=60).startswith(b"%PDF")

    def test_a_child_killed_over_a_document_is_a_failure_and_the_next_works(
        self, own_renderer: Renderer, tmp_path: Path
    ) -> None:
        own_renderer.render(CHINESE, timeout=60)
        pid = own_renderer.pid
        assert pid
        before = ticks(pid)
        with ThreadPoolExecutor(1) as pool:
            rendering = pool.submit(own_renderer.render, with_lines(3000, CHINESE), timeout=60)
            # A tenth of a second of work: it is in the middle of it.
            eventually(lambda: ticks(pid) > before + 10, message="The child did not begin")
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(RenderFailed, match="exit status -9") as caught:
                rendering.result(timeout=30)
        assert caught.value.retryable
        assert not isinstance(caught.value, RenderTimeout)
        assert list(tmp_path.iterdir()) == []
        assert own_renderer.render(CHINESE, timeout=60).startswith(b"%PDF")

    def test_a_child_that_died_between_documents_is_replaced_unseen(self, own_renderer: Renderer) -> None:
        own_renderer.render(CHINESE, timeout=60)
        pid = own_renderer.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not alive(pid))
        assert own_renderer.render(CHINESE, timeout=60).startswith(b"%PDF")

    def test_a_child_is_replaced_after_its_share_of_documents(self, own_renderer: Renderer, tmp_path: Path) -> None:
        own_renderer.render(CHINESE, timeout=60)
        first = own_renderer.pid
        own_renderer.render(CHINESE, timeout=60)
        assert first
        assert not alive(first)
        assert list(tmp_path.iterdir()) == []
        own_renderer.render(CHINESE, timeout=60)
        assert own_renderer.pid != first

    def test_threads_take_turns_and_each_gets_its_own(self, renderer: Renderer) -> None:
        numbers = [f"F2026-{n:06}" for n in range(12)]
        together = threading.Barrier(4)

        def one(number: str) -> bytes:
            together.wait(timeout=60)
            return renderer.render(msgspec.structs.replace(CHINESE, number=number), timeout=60)

        with ThreadPoolExecutor(4) as pool:
            for number, pdf in zip(numbers, pool.map(one, numbers), strict=True):
                assert f"Factura {number}" in text_of(pdf)

    def test_the_child_does_not_outlive_a_killed_parent(self, tmp_path: Path) -> None:
        script = """
from invoicing.pdf import Renderer
from tests.invoicing.test_pdf import CHINESE, with_lines
renderer = Renderer()
renderer.render(CHINESE, timeout=60)
print(renderer.pid, flush=True)
renderer.render(with_lines(5000, CHINESE), timeout=600)
"""
        parent = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
        with parent:
            assert parent.stdout
            pid = int(parent.stdout.readline())
            before = ticks(pid)
            eventually(lambda: ticks(pid) > before + 10, message="The child did not begin")
            parent.kill()
        eventually(lambda: not alive(pid), message="The child lives on")
        eventually(lambda: not list(tmp_path.iterdir()), message="Its temporary files are left")

    def test_a_machine_without_pango_is_told_what_to_install(
        self, own_renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = tmp_path / "libraries"
        broken.mkdir()
        (broken / "libpango-1.0.so.0").write_bytes(b"")
        monkeypatch.setenv("LD_LIBRARY_PATH", str(broken))
        with pytest.raises(LibraryMissing) as caught:
            own_renderer.render(CHINESE, timeout=60)
        for command in ("apt-get install libpango-1.0-0", "dnf install pango", "brew install pango"):
            assert command in str(caught.value)
        assert not caught.value.retryable
        assert own_renderer.pid is None
