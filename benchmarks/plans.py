"""How PostgreSQL finds its rows for the tick and the pump: `python -m benchmarks.plans --rows 1000000 --out FILE`.

The statements are not copied from anywhere: the engine runs, and PostgreSQL tells the plan of each that it executes,
those inside functions too (auto_explain, which only a superuser may load; the embedded server has one). What is done
is rolled back, so that each part finds the same rows.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from textwrap import dedent
from typing import Any

import django
from django.db import connection, transaction
from django.test import override_settings

from benchmarks.harness import tell

SUPERUSER = "postgres"
OF_THE_ENGINE = re.compile(
    r"\bon (workflows_process|workflows_step|workflows_token|workflows_lane|procrastinate_jobs)\b"
)
NOISE = ("Index Searches:", "Storage:", "Sort Method:", "Batches:", "Heap Fetches:", "Full-sort Groups:", "Buckets:")
"""What says how the memory was used."""
LATER = 3 * 24 * 3600
"""Seconds by which the clock is moved: what sleeps, waits or is to be started in time is due then."""
WHOLE = re.compile(r"Seq Scan on workflows_(process|step|attempt|processevent|token)\b")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill a database, run the parts, write the document; return 1 when a plan reads a whole table."""
    parser = argparse.ArgumentParser(prog="benchmarks.plans", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="ended processes (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="a Markdown file; stdout without")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    whole = _measure(options.rows, options.out)
    for line in whole:
        tell(f"reads a whole table: {line}")
    return 1 if whole else 0


def _measure(rows: int, out: Path | None) -> list[str]:
    """Write the document; return the lines of plans that read a whole table."""
    from benchmarks.database import a_database  # noqa: PLC0415 (models, once Django is set up)
    from tests.databases import pointed_at  # noqa: PLC0415
    from tests.workflows import crowd  # noqa: PLC0415

    with a_database() as database:
        tell(f"filling a database with {rows} ended processes")
        crowd.leave_alone()
        crowd.fill(rows)
        crowd.open_some()
        crowd.analyze()
        with (
            pointed_at(replace(database, url=_as_superuser(database.url))),
            NamedTemporaryFile("w", encoding="utf-8") as clock,
            override_settings(CLOCK_OFFSET_FILE=clock.name),
        ):
            clock.write(str(LATER))
            clock.flush()
            version = _server()
            sections = [_section(name, deed) for name, deed in _deeds()]
        plans = [plan for _, found in sections for plan in found.values()]
        head = HEAD.format(rows=f"{rows:,}", statements=len(plans), version=version)
        text = head + "\n".join(_markdown(name, found) for name, found in sections)
        if out:
            out.write_text(text)
        else:
            sys.stdout.write(text)
    return [line for plan in plans for line in plan.splitlines() if WHOLE.search(line)]


def _deeds() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what is looked at: each part of the tick, what it does after them, and the pump."""
    from common import clock  # noqa: PLC0415 (once Django is set up)
    from workflows import health, rows, tick  # noqa: PLC0415
    from workflows.models import Process  # noqa: PLC0415

    for part in tick.PARTS:
        yield f"tick: {part.__name__.strip('_')}", part
    yield "tick: orphans", tick._orphans
    yield "tick: lanes with work", tick._lanes_with_work
    yield "pump of a lane", lambda: rows.admit("bakery")
    yield "pump of a lane whose processes share a resource", lambda: rows.admit("crowd")
    yield "pump of a resource", lambda: rows.pump_resource("shared")
    yield "promotion within an order key", lambda: rows.promote("table:order-1")
    parents = list(Process.objects.exclude(awaits_children="").values_list("pk", flat=True))
    yield "waking parents", lambda: rows.wake_parents(parents, now=clock.now())
    yield "health of the last day", lambda: health.health(clock.now())


def _section(name: str, deed: Callable[[], object]) -> tuple[str, dict[str, str]]:
    """Do it, undo it, and return statement -> plan of what it asked of the engine's tables."""
    tell(name)
    with _told() as told, transaction.atomic():
        deed()
        transaction.set_rollback(True)
    found: dict[str, str] = {}
    for message in told:
        _, _, rest = message.partition("Query Text: ")
        lines = rest.splitlines()
        start = next((n for n, line in enumerate(lines) if "(cost=" in line), len(lines))
        plan = "\n".join(_plain(line) for line in lines[start:] if not line.strip().startswith(NOISE))
        if OF_THE_ENGINE.search(plan):
            statement = "\n".join(line for line in lines[:start] if not line.startswith("Query Parameters: "))
            found.setdefault(dedent(statement.strip("\n")).rstrip(), plan)
    return name, found


@contextmanager
def _told() -> Iterator[list[str]]:
    """Collect the plans of whatever this session executes meanwhile, innermost first."""
    told: list[str] = []

    def hear(diagnostic: Any) -> None:
        if diagnostic.message_primary and "plan:" in diagnostic.message_primary:
            told.append(diagnostic.message_primary)

    session: Any = connection.connection
    session.add_notice_handler(hear)
    try:
        yield told
    finally:
        session.remove_notice_handler(hear)


def _server() -> str:
    """Set the session up to tell its plans; return the server's version."""
    with connection.cursor() as cursor:
        cursor.execute("LOAD 'auto_explain'")
        for name, value in (
            ("auto_explain.log_min_duration", "0"), ("auto_explain.log_nested_statements", "on"),
            ("auto_explain.log_analyze", "on"), ("auto_explain.log_timing", "off"),
            ("auto_explain.log_level", "notice"), ("client_min_messages", "notice"),
        ):  # fmt: skip
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split()[0]


def _plain(line: str) -> str:
    """Return a line of a plan without the estimates: how many rows came, how often, and by which way."""
    line = re.sub(r" {2}\(cost=[^)]*\)", "", line)
    return re.sub(
        r"\(actual rows=(\S+) loops=(\d+)\)",
        lambda it: f"→ {float(it[1]):g}" + ("" if it[2] == "1" else f", {it[2]} times"),
        line,
    )


def _as_superuser(url: str) -> str:
    return re.sub(r"^(\w+://)[^@/]*@?", rf"\g<1>{SUPERUSER}@", url)


def _markdown(name: str, found: dict[str, str]) -> str:
    parts = [f"\n## {name}\n"]
    for statement, plan in found.items():
        parts += [f"```sql\n{statement}\n```\n", f"```text\n{plan}\n```\n"]
    return "\n".join(parts)


HEAD = """# Plans

How PostgreSQL {version} finds the rows of every statement that the tick and the pump execute, with {rows} ended
processes (a step, a try, two events and a token each) and some two hundred open ones, of which much is due. Written by
`python -m benchmarks.plans --rows N --out docs/reference/plans.md`: {statements} plans, told by the server itself while
the engine ran. `→ 5, 2 times` is twice five rows.

None of them reads a whole table that grows, and `tests/workflows/test_plans.py` keeps it so. Lanes, workers and jobs
are read whole where they are few; a job is deleted when it is done.
"""

if __name__ == "__main__":
    sys.exit(main())
