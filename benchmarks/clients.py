"""Many clients at once, each on a connection that it keeps: requests written beforehand, so that asking costs little.

A shop's servers are not on our machine; the less of it the asking takes, the more of what is measured is the answering.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Load:
    """How it went: answers a second, and every answer's time in milliseconds."""

    per_second: float
    milliseconds: list[float]


class NotAnswered(Exception):
    """A request was not answered 200; the message holds the answer."""


def request(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return a POST as the bytes that go over the wire."""
    target = urlsplit(url)
    lines = [f"POST {target.path} HTTP/1.1", f"Host: {target.netloc}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def post_all(url: str, requests: Sequence[bytes], *, clients: int) -> Load:
    """Send every request once, `clients` at a time, each client one after another.

    :raises NotAnswered: for an answer that is not 200.
    """
    return asyncio.run(_post_all(url, requests, clients))


async def _post_all(url: str, requests: Sequence[bytes], clients: int) -> Load:
    target = urlsplit(url)
    waiting = iter(requests)
    milliseconds: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        for message in waiting:
            began = time.perf_counter()
            writer.write(message)
            await _answer(reader)
            milliseconds.append((time.perf_counter() - began) * 1000)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Load(len(milliseconds) / (time.perf_counter() - began), milliseconds)


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"http/1.1 200"):
        raise NotAnswered(f"{head[:60]!r} {body[:300]!r}")
