"""See it work: `manage.py demo [--orders N] [--once] [--json]`."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console

from config.demo.run import Demo, seed


class Command(BaseCommand):
    help = (
        "Run a whole installation of its own: two shops and an API client post orders, which become invoices that the "
        "AEAT (a simulator, or AEAT_ENDPOINT) acknowledges. Stays up until Ctrl-C."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--orders", type=_count, default=60, metavar="N", help="default: %(default)s")
        parser.add_argument("--once", action="store_true", help="end when every order is settled")
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON document on stdout")

    def handle(self, *, orders: int, once: bool, as_json: bool, **options: Any) -> None:
        console = Console(stderr=True) if as_json else Console(file=sys.stdout)
        demo = Demo(orders=orders, console=console, seed=seed())
        console.print(f"Encadena: {orders} pedidos. Arrancando base de datos, AEAT simulada, web y procesos…")
        with demo.running() as processes:
            demo.play()
            document = demo.document()
            if as_json:
                self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
                self.stdout.flush()
            else:
                demo.tell(document)
            if not once:
                console.print("Ctrl-C lo para todo.")
                processes.wait()


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 100_000:
        raise ValueError(f"{count} orders")
    return count
