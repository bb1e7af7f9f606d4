"""A verification beside which invoices go on being issued finds nothing wrong with them."""

from pathlib import Path

import pytest
from pytest_django import Settings

from invoicing.models import Connection, Series
from invoicing.verification import gaps_in
from tests.databases import Database
from tests.invoicing.api_client import work_off
from tests.world import arrive, la_encina, sale, shop
from verifactu.models import Installation, Record
from verifactu.verification import broken_links


@pytest.fixture
def at_work(fresh_database: Database, settings: Settings, tmp_path: Path) -> Connection:
    """A shop with one invoice."""
    settings.DOCUMENTS_DIR = tmp_path
    connected = shop(la_encina())
    issue(connected, 1)
    return connected


def issue(connected: Connection, number: int) -> None:
    arrive(connected, sale(number=number))
    work_off()


def test_a_chain_that_grows_while_it_is_read(at_work: Connection) -> None:
    def meanwhile(read: int) -> None:
        if read == 1:
            issue(at_work, 2)

    assert list(broken_links(Installation.objects.get(), meanwhile)) == []
    assert Record.objects.count() == 2


def test_a_series_whose_next_number_is_taken_while_it_is_read(at_work: Connection) -> None:
    series = Series.objects.get(next_number=2)
    issue(at_work, 2)
    assert list(gaps_in(series)) == []
    series.refresh_from_db()
    assert list(gaps_in(series)) == []
