"""The moments of a cron expression in a time zone.

Cron as Debian has it (cronsim): a job of fixed hours that the spring night leaves out runs right after the gap, one
that the autumn night brings twice runs at the first; jobs of every hour or minute go by real time.
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from workflows.errors import WorkflowError

LOOK_BACK = (timedelta(days=1), timedelta(days=32), timedelta(days=400))
"""How far the newest missed moments are looked for, a step at a time: few steps whatever the expression."""


class CronError(WorkflowError):
    """This is no schedule; `field` says which part of it is wrong."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


def check(cron: str, zone: str) -> None:
    """Refuse an expression or a zone that names no moments.

    :raises CronError: saying which, and how it is written.
    """
    if zone not in _zones():
        raise CronError(f"{zone!r} is no time zone; write it as Europe/Madrid or Atlantic/Canary", "zone")
    if len(cron.split()) != 5:
        raise CronError(
            f"{cron!r} is no cron expression: five fields, as in `30 9 * * MON-FRI` (minute hour day month weekday)",
            "cron",
        )
    try:
        next(CronSim(cron, datetime.now(UTC)))
    except CronSimError as error:
        raise CronError(f"{cron!r} is no cron expression: {str(error).lower()}", "cron") from error
    except StopIteration:
        raise CronError(f"{cron!r} names no moment in the next 50 years", "cron") from None


def after(moment: datetime, cron: str, zone: str) -> Iterator[datetime]:
    """Yield the moments of `cron` after `moment`, oldest first. In UTC: two of one zone compare by the wall clock."""
    for local in CronSim(cron, moment.astimezone(ZoneInfo(zone))):
        slot = local.astimezone(UTC)
        # In the autumn hour that comes twice, cronsim goes by the wall clock and may answer with its first coming.
        if slot > moment:
            yield slot


def first_after(moment: datetime, cron: str, zone: str) -> datetime:
    """Return the next moment of `cron`.

    :raises CronError: when there is none in 50 years.
    """
    for slot in after(moment, cron, zone):
        return slot
    raise CronError(f"{cron!r} names no moment in the next 50 years", "cron")


def upcoming(moment: datetime, cron: str, zone: str, count: int) -> list[datetime]:
    """Return the next `count` moments of `cron`."""
    return list(islice(after(moment, cron, zone), count))


def newest(first: datetime, until: datetime, cron: str, zone: str, most: int) -> tuple[list[datetime], bool]:
    """Return the newest moments from `first` to `until`, both included, oldest first; and whether that is all of them.

    At most `most`, and looks no further back than it must: years of minutes are not counted through.
    """
    found = deque[datetime]()
    for begin in (*(until - back for back in LOOK_BACK if until - back > first), first):
        found = deque(maxlen=most + 1)
        for slot in after(begin - timedelta(microseconds=1), cron, zone):
            if slot > until:
                break
            found.append(slot)
        if len(found) > most or begin == first:
            break
    return list(found)[-most:], len(found) <= most


@cache
def _zones() -> set[str]:
    return available_timezones()
