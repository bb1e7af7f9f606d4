"""The ECB's rates every afternoon: fetched, read, kept. The ninety days of its file close the gap of any outage."""

from datetime import timedelta

import msgspec
import requests
from django.conf import settings

from common import clock
from invoicing import exchange
from workflows.api import step, workflow
from workflows.errors import Transient
from workflows.journal import Run
from workflows.retry import Retry
from workflows.schedules import schedule

AFTER_PUBLICATION = "30 16 * * 1-5"
"""The ECB publishes about four in the afternoon of its working days."""
TIMEOUT = (10.0, 60.0)


class LoadRates(msgspec.Struct, frozen=True):
    """One round."""


def fetch(url: str) -> bytes:
    """Return the file at an address.

    :raises Transient: when it cannot be had now.
    """
    try:
        with requests.get(url, timeout=TIMEOUT, stream=True) as response:
            if response.status_code != 200:
                raise Transient(f"{url}: HTTP {response.status_code}", status=response.status_code)
            data: bytes = response.raw.read(exchange.LARGEST, decode_content=True)
            return data
    except (requests.RequestException, OSError) as error:
        raise Transient(f"{url}: {error}") from error


def keep_rates(rates: tuple[exchange.Published, ...]) -> int:
    """Keep what is new and return how many that were."""
    return exchange.keep(rates, now=clock.now())


@step.external(store=keep_rates, retry=Retry(retries=8, first=60, cap=3600), timeout=timedelta(minutes=2))
def fetch_rates(*, idempotency_key: str) -> tuple[exchange.Published, ...]:
    """Fetch and read the file, where this installation has an address for it."""
    if not settings.ECB_RATES_URL:
        return ()
    read = exchange.read(fetch(settings.ECB_RATES_URL))
    return tuple(each for each in read if each.day >= exchange.FIRST_DAY)


@workflow("load-exchange-rates", version=1, order_by=lambda p: "load-exchange-rates", on_failure="skip",
          keep=timedelta(days=30))  # fmt: skip
def load_exchange_rates(run: Run, p: LoadRates) -> int:
    """Load the rates once; return how many were new."""
    return run.step(fetch_rates)


schedule(
    "load-exchange-rates", load_exchange_rates, LoadRates(), cron=AFTER_PUBLICATION, zone="Europe/Madrid",
    catch_up="last",
)  # fmt: skip
