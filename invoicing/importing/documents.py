"""The documents of a file: one a line (JSON Lines), the elements of one array, or the whole file; in UTF-8.

A document is the very bytes that the file has of it, an element of an array from its first character to its last: it is
kept as the evidence that a webhook's body is, which it would not be if we had written it anew.
"""

import codecs
import json
from collections.abc import Iterator
from itertools import count
from typing import BinaryIO, NamedTuple

from invoicing.storefronts import Unreadable
from invoicing.storefronts.payload import load
from invoicing.webhooks import MAX_BODY

BLANK = b" \t\r\n"
CHUNK = 64 * 1024
"""Bytes of an array that are read at once."""
LONGEST_LINE = MAX_BODY + 1024
"""Bytes after which the rest of a line is not kept: more than any document and some blanks."""
TOO_LARGE = f"larger than a delivery may be ({MAX_BODY} bytes)"
DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


class Document(NamedTuple):
    """One document: where it begins, and its bytes, or why they cannot be had."""

    place: str
    body: bytes = b""
    fault: str = ""


def documents(file: BinaryIO) -> Iterator[Document]:
    """Yield the documents of a file from its beginning, holding few at a time.

    Of an array that is broken nothing more can be found: its last document is the fault.
    """
    file.seek(0)
    start = file.read(LONGEST_LINE).removeprefix(codecs.BOM_UTF8)
    file.seek(0)
    if start.lstrip(BLANK).startswith(b"["):
        yield from _elements(_Text(file))
    elif len(start) <= MAX_BODY and _is_one(start):
        before = len(start) - len(start.lstrip(BLANK))
        line = start[:before].count(b"\n") + 1
        yield Document(f"line {line}", start.strip(BLANK))
    else:
        yield from _lines(file)


def _document(place: str, body: bytes) -> Document:
    return Document(place, fault=TOO_LARGE) if len(body) > MAX_BODY else Document(place, body)


def _is_one(start: bytes) -> bool:
    """Tell whether a file that begins so is one JSON object, over however many lines."""
    try:
        load(start)
    except Unreadable:
        return False
    return True


def _lines(file: BinaryIO) -> Iterator[Document]:
    for number in count(1):
        line = file.readline(LONGEST_LINE)
        if not line:
            return
        place, rest = f"line {number}", line
        while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE)
        body = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip(BLANK)
        if rest is not line:
            yield Document(place, fault=TOO_LARGE)
        elif body:
            yield _document(place, body)


def _elements(text: "_Text") -> Iterator[Document]:
    text.next()
    text.take(1)
    after = text.next()
    for number in count(1):
        if after == "]":
            text.take(1)
            break
        place = f"order {number}, line {text.line}"
        try:
            body = text.value()
        except json.JSONDecodeError as error:
            line = text.line + error.lineno - 1
            yield Document(place, fault=f"the array cannot be read on from here: line {line}: {error.msg}")
            return
        except RecursionError:
            yield Document(place, fault="the array cannot be read on from here: nested too deeply")
            return
        yield _document(place, body)
        after = text.next()
        if after == ",":
            text.take(1)
            text.next()
        elif after != "]":
            yield Document(f"line {text.line}", fault="the array cannot be read on from here: no comma and no ]")
            return
    if text.next():
        yield Document(f"line {text.line}", fault="something follows the array")


class _Text:
    """The text of a file, of which a part is held at a time; bytes that are not UTF-8 come through as they are."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._held = ""
        self.line = 1

    def next(self) -> str:
        """Pass over blanks and return the character that follows, nothing at the end."""
        while True:
            self.take(len(self._held) - len(self._held.lstrip(" \t\r\n")))
            if self._held or not self._more():
                return self._held[:1]

    def take(self, length: int) -> str:
        """Return so many characters and go on behind them."""
        taken, self._held = self._held[:length], self._held[length:]
        self.line += taken.count("\n")
        return taken

    def value(self) -> bytes:
        """Take the JSON value that begins here, in the bytes of the file.

        :raises JSONDecodeError, RecursionError: when there is none, or none within twice what a document may have.
        """
        while True:
            try:
                _, end = DECODER.raw_decode(self._held)
            except json.JSONDecodeError:
                if len(self._held) > 2 * MAX_BODY or not self._more():
                    raise
            else:
                return self.take(end).encode("utf-8", "surrogateescape")

    def _more(self) -> bool:
        """Hold more of the text, at least twice what is held; tell whether there was any left."""
        chunk = self._file.read(max(CHUNK, len(self._held)))
        self._held += self._decoder.decode(chunk, not chunk)
        return bool(chunk)
