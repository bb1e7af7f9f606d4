"""What names from outside, and a page that was tampered with, can do to the renderer: nothing."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pypdfium2
import pytest

from invoicing.pdf import Renderer, child
from invoicing.pdf.page import STYLESHEET
from invoicing.pdf.renderer import Child
from invoicing.values import PrintedParty
from tests.invoicing.paper import CHINESE, COMPLETE, line, text_of

pytestmark = pytest.mark.usefixtures("foreign_letters")


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
