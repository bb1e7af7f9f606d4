"""The other side as one process: migrates its database, then does what a line of JSON asks, and says what it took.

    DJANGO_SETTINGS_MODULE=benchmarks.rival.settings python -m benchmarks.rival.worker

`{"do": "issue", "taxpayers": [NIF…], "writers": 8, "each": 40}` saves and registers as many invoices, shared out among
the writers (threads, a connection each); `{"do": "send", "taxpayer": NIF, "url": "host:port", "ca": FILE}` sends what
is pending. Answers hold `seconds` of the clock and `cpu` of this process.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import count, starmap
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import close_old_connections, connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_verifactu import conf, sending  # noqa: E402
from django_verifactu.aeat import transport  # noqa: E402
from django_verifactu.aeat.codes import InvoiceType  # noqa: E402
from django_verifactu.aeat.domain import Invoice, Party, TaxLine  # noqa: E402
from django_verifactu.issuing import register  # noqa: E402
from django_verifactu.models import Record  # noqa: E402

from benchmarks.rival.models import Sale, SaleLine  # noqa: E402

RECIPIENT = ("Ferretería Soler SL", "B12345674")
ADDRESS = ["Calle de la Palma 18", "28004 Madrid"]
# description, quantity, rate, base, tax: an order of three goods and its shipping, as ours has.
LINES = (
    ("Manta de lana merina", "1", "21.00", "65.29", "13.71"),
    ("Miel de encina 500 g", "2", "10.00", "13.45", "1.35"),
    ("Pan de hogaza", "3", "4.00", "9.23", "0.37"),
    ("Envío 24-48 h", "1", "21.00", "4.09", "0.86"),
)
_numbers = count(1)


def main() -> None:
    """Answer line by line until the input ends."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        work = issuing(**asked) if asked.pop("do") == "issue" else submitting(**asked)
        began, worked = time.perf_counter(), time.process_time()
        work()
        told = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - worked}
        told |= {"pending": Record.objects.filter(status="pending").count()}
        print(json.dumps(told), flush=True)


def issuing(taxpayers: list[str], writers: int, each: int) -> Callable[[], object]:
    """Return the issue of `each` invoices, in turn for the taxpayers, by so many threads."""
    work = [(taxpayers[number % len(taxpayers)], next(_numbers)) for number in range(each)]
    if writers == 1:
        return lambda: list(starmap(issue, work))
    pool = ThreadPoolExecutor(writers, initializer=connection.ensure_connection)
    list(pool.map(lambda _: time.sleep(0.02), range(writers)))

    def all_of_them() -> None:
        list(pool.map(lambda one: issue(*one), work))
        list(pool.map(lambda _: close_old_connections(), range(writers)))
        pool.shutdown()

    return all_of_them


def issue(taxpayer: str, number: int) -> None:
    """Save one invoice with its lines and register it, in one transaction, as the guide says."""
    today = timezone.localtime(timezone.now(), conf.time_zone()).date()
    totals: dict[str, list[Decimal]] = {}
    for _, _, rate, base, tax in LINES:
        bases = totals.setdefault(rate, [Decimal(0), Decimal(0)])
        bases[0] += Decimal(base)
        bases[1] += Decimal(tax)
    lines = tuple(TaxLine(base=base, rate=Decimal(rate), tax=tax) for rate, (base, tax) in totals.items())
    tax_total = sum((line.tax or Decimal(0) for line in lines), Decimal(0))
    with transaction.atomic():
        sale = Sale.objects.create(
            number=f"F2027-{number:06d}",
            taxpayer=taxpayer,
            issue_date=today,
            recipient_name=RECIPIENT[0],
            recipient_nif=RECIPIENT[1],
            recipient_address=ADDRESS,
            total=sum((line.base for line in lines), tax_total),
            tax_total=tax_total,
        )
        SaleLine.objects.bulk_create(
            SaleLine(sale=sale, description=text, quantity=Decimal(pieces), rate=Decimal(rate), base=Decimal(base))
            for text, pieces, rate, base, _ in LINES
        )
        register(
            sale,
            Invoice(
                issuer_tax_id=taxpayer,
                issuer_name="Almacenes La Encina SL",
                invoice_number=sale.number,
                issue_date=today,
                description="Pedido #1501: " + ", ".join(line[0] for line in LINES),
                recipients=(Party(RECIPIENT[0], tax_id=RECIPIENT[1]),),
                lines=lines,
                invoice_type=InvoiceType.F1,
                external_reference=str(sale.pk),
            ),
        )


def submitting(taxpayer: str, url: str, ca: str) -> Callable[[], object]:
    """Return the sending of a taxpayer's pending records to the stand-in; only host and authority are changed."""
    transport._HOSTS[False, False] = url
    where: Any = transport.certifi
    where.where = lambda: ca
    return lambda: sending.send_pending(taxpayer_tax_id=taxpayer)


if __name__ == "__main__":
    main()
