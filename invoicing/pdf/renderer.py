"""The one door to PDFs: composed here, or by a child process that is asked, watched, replaced.

An invoice in Europe's letters is composed in this process (docs/decisions/0015-pages.md). The others, and what is
written as a page of HTML, go to WeasyPrint, which is C libraries and a large page language. It therefore runs where
there is nothing to steal or to break (docs/decisions/0006-pdf-in-a-process-of-its-own.md): see `child.py` for what
that process may not do.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from functools import cache
from pathlib import Path
from typing import IO, cast

from invoicing.pdf import child as program
from invoicing.pdf.compose import compose
from invoicing.pdf.page import STYLESHEET, html
from invoicing.pdf.sheet import Sheet, sheet
from invoicing.pdf.typeface import faces
from invoicing.values import PrintedInvoice
from workflows.errors import Abort

RECYCLE_AFTER = 300
"""Documents per child. WeasyPrint keeps about 17 KB of each (measured with fonts and style sheet loaded once)."""
START_TIMEOUT = 60.0
"""Seconds for a child to load its libraries: one or two, on a machine that is not on its knees."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a PDF that we are ready to believe."""

_PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "WEASYPRINT_DLL_DIRECTORIES",
    "FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_CACHE_HOME", "XDG_DATA_DIRS",
)  # fmt: skip
"""What the child sees of our environment: the names by which libraries and fonts are found, no secret among them."""


class RenderFailed(Exception):
    """The renderer died with this document; another try may do."""

    retryable = True


class RenderTimeout(RenderFailed):
    """The document took too long and its renderer was killed; another try may do."""


class Unprintable(RenderFailed, Abort):
    """This document cannot be rendered, however often it is tried; the reason is the renderer's own."""

    retryable = False


class LibraryMissing(RenderFailed, Abort):
    """PDFs need WeasyPrint and the system library Pango. Install it, then resume:
    Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0;
    Fedora: dnf install pango; macOS: brew install pango."""

    retryable = False


class FontMissing(RenderFailed, Abort):
    """No font of this machine has these letters of the document, which would be boxes. Install one, then resume:
    Debian and Ubuntu: apt-get install fonts-noto-core fonts-wqy-microhei;
    Fedora: dnf install google-noto-sans-fonts google-noto-sans-cjk-fonts; macOS comes with them."""

    retryable = False


class Renderer:
    """Renders documents one at a time, in a child that starts with the first and is replaced when need be.

    Threads may share one; they take turns. The child ends with `close`, with this process, or after `recycle_after`
    documents.
    """

    def __init__(self, *, recycle_after: int = RECYCLE_AFTER, start_timeout: float = START_TIMEOUT) -> None:
        self._recycle_after = recycle_after
        self._start_timeout = start_timeout
        self._turn = threading.Lock()
        self._child: Child | None = None

    def render(self, printed: PrintedInvoice, *, timeout: float) -> bytes:
        """Return the PDF, with the record attached as the archive standard PDF/A-3 has it.

        `timeout`, in seconds, is for a document that goes to the child: for that alone, not for our turn, nor for a
        child to start.

        :raises RenderTimeout: when it was not done by then. The child is killed and the next call gets a new one.
        :raises RenderFailed: when the child died, or lacked memory or disk. The next call gets a new one.
        :raises Unprintable: when trying again cannot help.
        :raises FontMissing: when no font of this machine has a letter of it; the message says what to install.
        :raises LibraryMissing: when there is no Pango on this machine; the message says how to install it.
        """
        page = sheet(printed)
        if composable(page):
            return compose(page, printed)
        return self.print(html(page), timeout=timeout, record_xml=printed.record_xml)

    def print(self, html: str, *, timeout: float, record_xml: str = "") -> bytes:
        """Return the PDF of a document that needs nothing but our style sheet and fonts; the rest as `render`."""
        document = html.encode()
        with self._turn:
            renderer = self._ready()
            try:
                kind, content = renderer.ask(document, timeout, record_xml.encode())
            except BaseException:
                # Whatever happened, an interrupt too: what it says next may belong to this document.
                self._discard()
                raise
            # A child keeps the list of fonts that it began with.
            if renderer.answered >= self._recycle_after or kind in (b"A", b"F"):
                self._discard()
        if kind == b"P":
            return content
        if kind == b"F":
            raise FontMissing(f"{_remedy(FontMissing)} ({content.decode()[:40]})")
        raise (Unprintable if kind == b"E" else RenderFailed)(content.decode())

    def start(self) -> None:
        """Start the child now instead of with its first document.

        :raises LibraryMissing: when there is no Pango on this machine; the message says how to install it.
        """
        with self._turn:
            self._ready()

    @property
    def pid(self) -> int | None:
        """The child's process id, or None when there is none."""
        return self._child.process.pid if self._child else None

    def close(self) -> None:
        """End the child and remove its temporary files; the next `render` starts another."""
        with self._turn:
            self._discard()

    def _ready(self) -> "Child":
        """Return a living child, a new one if need be."""
        if self._child and self._child.process.poll() is not None:
            self._discard()
        if not self._child:
            self._child = Child()
            try:
                self._child.wait_until_ready(self._start_timeout)
            except BaseException:
                self._discard()
                raise
        return self._child

    def _discard(self) -> None:
        if self._child:
            self._child.end()
            self._child = None


def composable(page: Sheet) -> bool:
    """Return whether our fonts have every letter of the page; a sign that they lack (an emoji) is left out."""
    regular, bold = faces()
    parties = [page.issuer, *([page.recipient] if page.recipient else [])]
    texts = [
        page.number,
        page.running,
        *(text for party in parties for text in (party.name, *party.lines)),
        *(text for pair in (*page.facts, *page.relations) for text in pair),
        *(text for row in page.rows for text in (*row.cells, row.below)),
        *(text for one in page.sums for text in (one.label, one.value)),
        *page.notes,
        *page.payment,
        *page.footer,
    ]
    return all(regular.covers(text) and bold.covers(text) for text in texts)


@cache
def shared() -> Renderer:
    """Return the renderer of this process, started with its first document."""
    return Renderer()


class Child:
    """One child process, its pipes, and the folder for its temporary files."""

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="encadena-pdf-"))
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-I", program.__file__, STYLESHEET, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env={**environment, "TMPDIR": str(folder)},
            # Out of reach of the terminal's Ctrl-C: whoever is printing decides when it ends.
            start_new_session=True,
        )
        self._questions = cast(IO[bytes], self.process.stdin)
        self._answers = cast(IO[bytes], self.process.stdout)
        self.answered = 0
        # Also when nobody calls it, at the latest as this interpreter ends.
        self.end = weakref.finalize(self, _end, self.process, (self._questions, self._answers), folder)

    def wait_until_ready(self, timeout: float) -> None:
        kind, content = self._exchange(None, timeout)
        if kind == b"M":
            raise LibraryMissing(f"{_remedy(LibraryMissing)} ({content.decode()})")

    def ask(self, document: bytes, timeout: float, record: bytes = b"") -> tuple[bytes, bytes]:
        """Return the letter and the content of the answer (see `child.py`)."""
        self.answered += 1
        return self._exchange(document, timeout, record)

    def _exchange(self, document: bytes | None, timeout: float, record: bytes = b"") -> tuple[bytes, bytes]:
        # A stuck child reads nothing and writes nothing. Killing it ends either wait on our side.
        late = threading.Event()

        def kill() -> None:
            late.set()
            self.process.kill()

        alarm = threading.Timer(timeout, kill)
        alarm.daemon = True
        alarm.start()
        try:
            if document is not None:
                self._write(document, record)
            return self._read()
        except (BrokenPipeError, EOFError):
            status = self.process.wait()
            if late.is_set():
                raise RenderTimeout(f"not done after {timeout:g} s") from None
            raise RenderFailed(f"the renderer died (exit status {status})") from None
        finally:
            alarm.cancel()
            alarm.join()
            if late.is_set():
                # It may have answered in its last moment; the next document must find it dead.
                self.process.wait()

    def _write(self, document: bytes, record: bytes) -> None:
        if record:
            self._questions.write(program.HEADER.pack(b"X", len(record)) + record)
        self._questions.write(program.HEADER.pack(b"H", len(document)))
        self._questions.write(document)
        self._questions.flush()

    def _read(self) -> tuple[bytes, bytes]:
        kind, length = program.HEADER.unpack(self._read_exactly(program.HEADER.size))
        if length > LARGEST:
            raise RenderFailed(f"the renderer announces a document of {length} bytes")
        return kind, self._read_exactly(length)

    def _read_exactly(self, size: int) -> bytes:
        data = self._answers.read(size)
        if len(data) < size:
            raise EOFError
        return data


def _remedy(kind: type[RenderFailed]) -> str:
    return " ".join(str(kind.__doc__).split())


def _end(process: "subprocess.Popen[bytes]", pipes: tuple[IO[bytes], IO[bytes]], folder: Path) -> None:
    """Kill, reap, and remove what it left: it holds nothing that would need a farewell."""
    process.kill()
    for pipe in pipes:
        try:
            pipe.close()
        except BrokenPipeError:
            # Half a document was still in our buffer.
            continue
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
