"""`make bench`: the figures of this machine, ours beside others', in one run.

    python -m benchmarks [--only GROUP or MODULE] [--json] [--scale 0.1]

A group is a list of modules with `measure(scale)`, each a figure or a few that come of the same run
(docs/reference/figures.md says what each means). stdout holds the table or the document, stderr how it goes.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module

import django
from rich.console import Console
from rich.table import Table

from benchmarks.harness import Figure, cpu_milliseconds, scaled, tell

GROUPS = {
    "engine": ("against_dbos", "triggering", "idle", "fairness", "ordered"),
    "aeat": ("submitting", "issuing", "against_django_verifactu", "sending"),
    "pdf": ("pdf",),
    "flow": ("intake", "orders", "latency"),
    "growth": ("growing",),
}
DOCUMENTS = 60
SPIN = 0.3
"""Seconds of processor time by which it is found out how busy others keep the machine."""
TASK = ["Factura", 1, 12.1, None, {"NumSerieFactura": "F2027-000001", "Huella": "3C464DAF" * 8}] * 4000
"""What is written and read as JSON to find out how fast the machine is at the moment (figures.md)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 0 also when a target is missed, for a shared machine is no judge."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").splitlines()[0])
    modules = [module for group in GROUPS.values() for module in group]
    parser.add_argument(
        "--only", choices=[*GROUPS, *modules], metavar="GROUP or MODULE",
        help="; ".join(f"{group}: {', '.join(members)}" for group, members in GROUPS.items()),
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON document on stdout")
    parser.add_argument("--scale", type=float, default=1.0, help="sizes of the samples; below 1 only to try it out")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    tell(f"at the start: {_noise()}")
    wanted = GROUPS.get(options.only, [options.only]) if options.only else modules
    figures = [figure for name in wanted for figure in measure(name, options.scale)]
    tell(f"at the end: {_noise()}")
    if options.as_json:
        sys.stdout.write(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    else:
        show(figures)
    return 0


def measure(name: str, scale: float) -> list[Figure]:
    """Return the figures of one module."""
    tell(name)
    module = import_module(f"benchmarks.{name}")
    if name == "pdf":
        return [Figure(**entry) for entry in module.measure(scaled(DOCUMENTS, scale))]
    figures: list[Figure] = module.measure(scale)
    return figures


def show(figures: Sequence[Figure]) -> None:
    """Print a table for a person."""
    table = Table("figure", "ours", "other", "unit", "ratio", "target", "holds")
    for figure in figures:
        verdict = {True: "yes", False: "[red]NO", None: ""}[figure.holds]
        other = "" if figure.other is None else f"{figure.other:g}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:g}"
        table.add_row(figure.name, f"{figure.ours:g}", other, figure.unit, ratio, figure.target, verdict)
    console = Console(file=sys.stdout)
    console.print(table)
    for figure in figures:
        if figure.other_is:
            console.print(f"{figure.name}: the other is {figure.other_is}")


def _noise() -> str:
    """Tell how much of this machine is ours, and how fast it is at the moment."""
    began, worked = time.perf_counter(), time.process_time()
    while time.process_time() - worked < SPIN:
        pass
    share = (time.perf_counter() - began) / SPIN
    task = min(cpu_milliseconds(lambda: json.loads(json.dumps(TASK))) for _ in range(5))
    return (
        f"a second of processor time takes {share:.1f} s, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; "
        f"the fixed task {task:.0f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
