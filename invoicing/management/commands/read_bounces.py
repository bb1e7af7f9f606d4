"""Read what came back: `manage.py read_bounces --maildir PATH | --mbox FILE | --file FILE [--json]`."""

import mailbox
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from common import clock, commands
from invoicing.bounces import NoReport, keep


class Command(commands.Command):
    help = "Keep the delivery failures (RFC 3464) found in a mailbox beside the invoices whose letters came back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument(
            "--maildir", type=Path, metavar="PATH", help="its unread messages; read ones are marked seen"
        )
        where.add_argument("--mbox", type=Path, metavar="FILE", help="all of it, each time; nothing is kept twice")
        where.add_argument("--file", metavar="FILE", help="one message; - for standard input, as a mail alias pipes it")

    def run(self, maildir: Path | None, mbox: Path | None, file: str | None, **options: Any) -> tuple[Any, int]:
        now = clock.now()
        if maildir:
            counts = _count(_unread(_existing(maildir, folder=True)), now)
        elif mbox:
            counts = _count(_all(_existing(mbox, folder=False)), now)
        else:
            raw = sys.stdin.buffer.read() if file == "-" else _existing(Path(file or ""), folder=False).read_bytes()
            counts = _count(iter([raw]), now)
        return counts, commands.OK

    def lines(self, answer: Any) -> list[str]:
        return [
            (
                f"{answer['messages']} messages: {answer['failed']} failed and {answer['delayed']} late letters noted; "
                f"{answer['known']} reports known already, {answer['other']} other messages"
            )
        ]


def _count(messages: Iterator[bytes], now: datetime) -> dict[str, int]:
    counts = {"messages": 0, "failed": 0, "delayed": 0, "known": 0, "other": 0}
    for raw in messages:
        counts["messages"] += 1
        try:
            kept = keep(raw, now=now)
        except NoReport:
            counts["other"] += 1
            continue
        counts["known"] += not kept
        for bounce in kept:
            counts[bounce.action] += 1
    return counts


def _unread(path: Path) -> Iterator[bytes]:
    """Yield the messages without the flag S, each marked with it once what it says is kept."""
    with closing(mailbox.Maildir(path, create=False)) as box:
        for key in sorted(box.keys()):
            message = box.get_message(key)
            if "S" in message.get_flags():
                continue
            yield box.get_bytes(key)
            message.set_subdir("cur")
            message.add_flag("S")
            box[key] = message


def _all(path: Path) -> Iterator[bytes]:
    with closing(mailbox.mbox(path, create=False)) as box:
        for key in box.keys():  # noqa: SIM118 (a mailbox is no mapping of keys by iteration)
            yield box.get_bytes(key)


def _existing(path: Path, *, folder: bool) -> Path:
    if not (path.is_dir() if folder else path.is_file()):
        raise CommandError(f"there is no {'folder' if folder else 'file'} {path}", returncode=commands.USAGE)
    return path
