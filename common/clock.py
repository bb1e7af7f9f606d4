"""The one clock of the house.

Time is read here, at the edge, and passed in. A test moves every process at once by writing an offset
(seconds, as text) into the file named by the setting `CLOCK_OFFSET_FILE`; without that setting, as in
production, this is the system clock and nothing else.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    instant = datetime.now(UTC)
    if settings.CLOCK_OFFSET_FILE:
        instant += timedelta(seconds=_offset(Path(settings.CLOCK_OFFSET_FILE)))
    return instant


def _offset(file: Path) -> float:
    try:
        return float(file.read_text())
    except FileNotFoundError:
        return 0.0
