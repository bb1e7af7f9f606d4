"""How far our clock is from the AEAT's, as one answer shows it (verifactu.md 5.4).

An answer is made between the moment we ask and the moment we have it. A stamp inside that time fits our clock; one
outside shows by how much it must be wrong at least. So a slow answer is no drift, and a drift is never invented.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

WARN, ALARM, MARGIN = 60, 120, 240
"""Seconds: told in doctor and the admin; told by mail; where the AEAT's margin ends (measured_facts.json)."""

_TICK = timedelta(seconds=1)
"""Both stamps are cut to the second."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One exchange with an address: when we asked and had the answer by our clock, and what the answer says of theirs.

    `date` is the HTTP header, `presented` TimestampPresentacion; either may be empty.
    """

    endpoint: str
    asked_at: datetime
    answered_at: datetime
    date: str = ""
    presented: str = ""

    @property
    def drift(self) -> float | None:
        """Seconds by which ours is ahead (negative: behind), the worse of the two; None when nothing can be read."""
        stamps = [stamp for stamp in (_http_date(self.date), _timestamp(self.presented)) if stamp]
        return max((self._outside(stamp) for stamp in stamps), key=abs, default=None)

    def _outside(self, stamp: datetime) -> float:
        if stamp + _TICK < self.asked_at:
            return (self.asked_at - stamp).total_seconds()
        if stamp > self.answered_at + _TICK:
            return (self.answered_at - stamp).total_seconds()
        return 0.0


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None


def _timestamp(text: str) -> datetime | None:
    try:
        stamp = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return stamp if stamp and stamp.tzinfo else None
