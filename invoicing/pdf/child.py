"""The renderer's own process: HTML in on standard input, PDF out on standard output, nothing else.

Started by `renderer.py` by its path, in Python's isolated mode: nothing of Encadena can be imported here, there is no
environment but the few names that libraries are found by, and no open file but the three standard ones. A page that
asks for a file or an address, or code that opens a socket or starts a program, stops the document.

Frames, both ways: one letter, the length of what follows (8 bytes, big endian), and that. Asked with H (a document),
before it X where there is XML to attach: the document is made for an archive then (PDF/A-3b).
Answered with R (ready, once), M (a library is missing, once), P (the PDF), F (no font of this machine has these
letters of it), E (this document cannot be rendered), A (it may work another time).
"""

import logging
import os
import select
import shutil
import struct
import sys
import threading
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO

HEADER = struct.Struct(">cQ")
MEMORY_LIMIT = 2 * 1024**3
"""Bytes of address space: far above any invoice, far below what would hurt the machine."""
_REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "ftplib.", "smtplib.")


def main(stylesheet: Path, folder: Path) -> None:
    """Render until standard input ends, then remove `folder`, which the parent made for our temporary files."""
    answers = os.fdopen(os.dup(1), "wb")
    # A library that prints must not end up inside a frame.
    os.dup2(2, 1)
    threading.Thread(target=_leave_with_parent, args=(folder,), daemon=True).start()
    _limit()
    fonts = {f"font:{file.name}": file.read_bytes() for file in (stylesheet.parent / "fonts").glob("*.ttf")}
    style = stylesheet.read_text(encoding="utf-8")
    try:
        import weasyprint  # noqa: F401, PLC0415 (needs libraries of the system, and says so when they are missing)
    except (OSError, ImportError) as error:
        _answer(answers, b"M", str(error).encode())
        return
    press = Press(style, fonts)
    _answer(answers, b"R", b"")
    attachment = b""
    while header := sys.stdin.buffer.read(HEADER.size):
        kind, length = HEADER.unpack(header)
        content = sys.stdin.buffer.read(length)
        if kind == b"X":
            attachment = content
            continue
        _answer(answers, *press.print(content.decode(), attachment))
        attachment = b""


class Unreadable(logging.Handler):
    """Collects the letters that WeasyPrint had to print as boxes: it says so in its log and nowhere else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.letters: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith(".notdef glyph") and isinstance(record.args, tuple):
            # Signs may go missing (an emoji); a name without its letters is another name, or none.
            self.letters |= dict.fromkeys(char for char in str(record.args[0]) if unicodedata.category(char)[0] in "LN")


class Press:
    """WeasyPrint with its fonts and style sheet loaded once, which saves time and stops its memory from growing."""

    def __init__(self, style: str, fonts: dict[str, bytes]) -> None:
        import weasyprint  # noqa: PLC0415 (only here, and only once it is known to load)
        from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415
        from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse  # noqa: PLC0415

        class Fonts(URLFetcher):
            """Gives the style sheet the fonts beside it."""

            def fetch(self, url: str, headers: Any = None) -> Any:
                if url not in fonts:
                    raise FatalURLFetchingError(f"{url} is not among the fonts beside the style sheet")
                return URLFetcherResponse(url, fonts[url])

        class Nothing(URLFetcher):
            """Refuses every address. Ours names none, so one that does was smuggled in: no document at all."""

            def fetch(self, url: str, headers: Any = None) -> Any:
                raise FatalURLFetchingError(f"the page asks for {url.partition(':')[0]}: something outside of itself")

        self._unreadable = Unreadable()
        logging.getLogger("weasyprint").addHandler(self._unreadable)
        sys.addaudithook(_refuse)
        self._html = weasyprint.HTML
        self._attachment = weasyprint.Attachment
        self._fatal = FatalURLFetchingError
        self._nothing = Nothing()
        self._fonts = FontConfiguration()
        self._style = weasyprint.CSS(string=style, base_url="font:", url_fetcher=Fonts(), font_config=self._fonts)

    def print(self, html: str, attachment: bytes = b"") -> tuple[bytes, bytes]:
        """Return the letter of the answer and its content."""
        self._unreadable.letters.clear()
        try:
            document = self._html(string=html, url_fetcher=self._nothing)
            archive = self._archive(attachment) if attachment else {}
            pdf = document.write_pdf(stylesheets=[self._style], font_config=self._fonts, **archive)
        except (MemoryError, OSError) as error:
            return b"A", _told(error)
        except (self._fatal, Exception) as error:  # noqa: BLE001 (the parent is told, and the next document is another)
            return b"E", _told(error)
        if letters := self._unreadable.letters:
            return b"F", "".join(letters).encode()
        return b"P", pdf

    def _archive(self, attachment: bytes) -> dict[str, Any]:
        source = self._attachment(string=attachment, name="registro-verifactu.xml", relationship="Source")
        return {"pdf_variant": "pdf/a-3b", "attachments": [source]}


def _answer(answers: BinaryIO, kind: bytes, content: bytes) -> None:
    answers.write(HEADER.pack(kind, len(content)))
    answers.write(content)
    answers.flush()


def _told(error: BaseException) -> bytes:
    return f"{type(error).__name__}: {error}"[:500].encode("utf-8", "replace")


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    """Stop what a renderer has no business with; an audit hook cannot be taken off again."""
    if event.startswith(_REFUSED):
        raise RuntimeError(f"the renderer may not use {event}")


def _limit() -> None:
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 (not on every system)

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
        # What is in memory are customers' names: no core files.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _leave_with_parent(folder: Path) -> None:
    """Wait until the other end of standard input is closed, then go, also from the middle of a document."""
    poll = select.poll()
    poll.register(0, 0)
    poll.poll()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
