"""How long an order waits for its invoice at half load, and until all is done again after every worker was killed.

The house of benchmarks/orders.py. What it does in a second is found out first; then orders are posted one by one, as
many a second as half of that, and each one's wait is read from the rows: from the delivery's arrival to the commit that
ended the process which issued. For the recovery, twenty orders are posted at once, every worker is killed with -9 when
the first are issued, and the clock runs until the last has its invoice: what was under way was taken up again.
"""

import os
import signal
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.clients import post_all
from benchmarks.database import a_database
from benchmarks.harness import Figure, at_most, percentile, reported, scaled, tell
from benchmarks.intake import delivery
from benchmarks.orders import WARM, House, run, running_house, sending_company
from invoicing.models import Connection, Invoice
from tests.world import shop
from workflows.rows import sql

ORDERS = 200
AT_ONCE = 40
"""Orders from which the house's rate is found out."""
IN_FLIGHT = 20
PATIENCE = 60.0
LOOK_EVERY = 0.05

WAITS = """
SELECT 1000 * extract(epoch FROM p.finished_at - d.received_at)::float FROM invoicing_invoice i
JOIN invoicing_snapshot s ON s.id = i.snapshot_id JOIN invoicing_delivery d ON d.id = s.delivery_id
JOIN workflows_process p ON p.workflow = 'invoice-order' AND p.order_key = 'order:' || i.order_id
WHERE d.received_at > %s
"""


def measure(scale: float) -> list[Figure]:
    """Return `issued_p50_ms`, `issued_p99_ms` and `recovery_s`."""
    orders = scaled(ORDERS, scale, least=4)
    with TemporaryDirectory() as folder, a_database() as database:
        connected = shop(sending_company(Path(folder)))
        with running_house(database, Path(folder)) as house:
            run(house.url, connected, range(WARM))
            measured = range(WARM, WARM + AT_ONCE)
            rate = AT_ONCE / run(house.url, connected, measured)["issued"] / 2
            paced = range(measured.stop, measured.stop + orders)
            waits = at_pace(house, connected, paced, rate)
            recovered = killed(house, connected, range(paced.stop, paced.stop + IN_FLIGHT))
    return [
        reported("issued_p50_ms", percentile(waits, 50), "ms"),
        at_most("issued_p99_ms", percentile(waits, 99), 2000, "ms"),
        at_most("recovery_s", recovered, 15, "s"),
    ]


def at_pace(house: House, connected: Connection, numbers: range, rate: float) -> list[float]:
    """Post orders, so many a second, and return how long each waited for its invoice, in milliseconds."""
    tell(f"latency: {len(numbers)} orders at {rate:.1f} per second")
    [[began]] = sql("SELECT max(received_at) FROM invoicing_delivery")
    start = time.monotonic()
    for place, number in enumerate(numbers):
        time.sleep(max(0.0, start + place / rate - time.monotonic()))
        _post(house, connected, range(number, number + 1))
    _wait_for(numbers.stop)
    return [wait for (wait,) in sql(WAITS, [began])]


def killed(house: House, connected: Connection, numbers: range) -> float:
    """Post orders at once, kill every worker in the middle, and return the seconds until all have their invoice."""
    _post(house, connected, numbers)
    _wait_for(numbers.start + 3)
    for name, pid in house.supervisor.pids().items():
        if name != "web":
            os.killpg(pid, signal.SIGKILL)
    began = time.monotonic()
    _wait_for(numbers.stop)
    return time.monotonic() - began


def _post(house: House, connected: Connection, numbers: range) -> None:
    door = f"{house.url}/webhooks/{connected.pk}/"
    post_all(door, [delivery(door, connected.secret, number) for number in numbers], clients=min(8, len(numbers)))


def _wait_for(invoices: int) -> None:
    began = time.monotonic()
    while Invoice.objects.count() < invoices:
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError(f"after {PATIENCE:.0f} s {Invoice.objects.count()} of {invoices} orders are issued")
        time.sleep(LOOK_EVERY)
