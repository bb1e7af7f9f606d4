"""Exchange rates: the ECB's reference rates, read from its files, kept, and looked up by day.

The AEAT wants euros (RD 1007/2023 art. 10.2). LIVA art. 79.Once names the rate that the Banco de España publishes on
the day of the operation, which is the ECB's; on days without one, the last before it.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from lxml import etree

from invoicing.models import ExchangeRate
from invoicing.values import Exchange

SOURCE = "BCE"
FIRST_DAY = date(2024, 10, 1)
"""Rates before are of no use: nothing may be filed for an earlier day than 28/10/2024 (code 1152)."""
OLDEST = timedelta(days=6)
"""How old the last rate before a day may be: Easter and Christmas leave at most five days without."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a file once unpacked; the whole history since 1999 has three millions."""
NAMESPACE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}"


class Unreadable(ValueError):
    """This is no file of the ECB's reference rates (eurofxref, as XML, CSV or either of them in a zip)."""


class Published(NamedTuple):
    """One rate of a file: units of `currency` that are one euro on `day`."""

    currency: str
    day: date
    rate: Decimal


def quote(currency: str, day: date) -> Exchange | None:
    """Return the rate of a currency on a day, or the last one before it that is not too old."""
    row = ExchangeRate.objects.filter(currency=currency, day__lte=day, day__gte=day - OLDEST).order_by("-day").first()
    if row is None:
        return None
    return Exchange(currency=currency, rate=row.rate.normalize(), day=row.day, source=row.source, total=Decimal(0))


def keep(rates: Iterable[Published], *, now: datetime, since: date = FIRST_DAY) -> int:
    """Keep the rates that are not there yet and return how many; a rate once kept is never changed."""
    found = {(each.currency, each.day): each for each in rates if each.day >= since}
    if not found:
        return 0
    days = [day for _, day in found]
    there = set(ExchangeRate.objects.filter(day__gte=min(days), day__lte=max(days)).values_list("currency", "day"))
    new = [each for key, each in found.items() if key not in there]
    ExchangeRate.objects.bulk_create(
        [
            ExchangeRate(currency=each.currency, day=each.day, rate=each.rate, source=SOURCE, loaded_at=now)
            for each in new
        ],
        ignore_conflicts=True,  # somebody else loads the same file
        batch_size=1000,
    )
    return len(new)


def read(data: bytes) -> list[Published]:
    """Return the rates in a file of the ECB's, daily or historic.

    :raises Unreadable: when it is something else.
    """
    if data[:4] == b"PK\x03\x04":
        data = _unzipped(data)
    rates = list(_of_xml(data) if data.lstrip()[:1] == b"<" else _of_csv(data))
    if not rates:
        raise Unreadable(Unreadable.__doc__)
    return rates


def _unzipped(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            (inside,) = [entry for entry in archive.infolist() if entry.filename.lower().endswith((".csv", ".xml"))]
            if inside.file_size > LARGEST:
                raise Unreadable(f"{inside.filename} is larger than any file of the ECB's")
            with archive.open(inside) as file:
                return file.read(LARGEST)
    except (zipfile.BadZipFile, ValueError) as error:
        raise Unreadable(Unreadable.__doc__) from error


def _of_xml(data: bytes) -> Iterator[Published]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(Unreadable.__doc__) from error
    for of_day in root.iter(f"{NAMESPACE}Cube"):
        if "time" not in of_day.attrib:
            continue
        day = _day(str(of_day.get("time")))
        for each in of_day.iter(f"{NAMESPACE}Cube"):
            if "currency" in each.attrib:
                yield _published(str(each.get("currency")), day, str(each.get("rate")))


def _of_csv(data: bytes) -> Iterator[Published]:
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig")), skipinitialspace=True)
        header = next(rows, [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(Unreadable.__doc__) from error
    if not header or header[0].strip() != "Date":
        raise Unreadable(Unreadable.__doc__)
    for row in rows:
        if not row or not row[0].strip():
            continue
        day = _day(row[0].strip())
        for currency, rate in zip(header[1:], row[1:], strict=False):
            if currency.strip() and rate.strip() not in ("", "N/A"):
                yield _published(currency.strip(), day, rate.strip())


def _day(text: str) -> date:
    """Read 2026-11-27, and 27 November 2026 as the daily CSV has it, whatever the machine's language."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    day, _, rest = text.partition(" ")
    month, _, year = rest.partition(" ")
    if month not in _MONTHS or not (day.isdigit() and year.isdigit()):
        raise Unreadable(f"{text!r} is no day as the ECB writes them")
    return date(int(year), _MONTHS.index(month) + 1, int(day))


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _published(currency: str, day: date, text: str) -> Published:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise Unreadable(f"{text!r} is no rate") from None
    if len(currency) != 3 or not currency.isalpha() or not rate.is_finite() or rate <= 0:
        raise Unreadable(f"{currency} {text} is no rate")
    return Published(currency.upper(), day, rate)
