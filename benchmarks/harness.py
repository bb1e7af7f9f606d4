"""What a figure is, and how two sides are measured beside each other.

Both sides of a ratio run in turn, ours first, round after round, so that whatever else the machine does meets both; of
each side the median counts. A figure without target is reported, and says so.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

ROUNDS = 5

Side = Callable[[], float]
"""Does one round of work and returns its value: a rate, or a duration."""


@dataclass(frozen=True)
class Figure:
    """One line of the report; the fields are the keys of the JSON document (design: Figures).

    `ratio` says how many times as good as the other side ours is, whichever way the unit counts. `holds` is None for
    what is only reported.
    """

    name: str
    ours: float
    unit: str
    target: str
    holds: bool | None
    other: float | None = None
    other_is: str | None = None
    ratio: float | None = None


def compare(
    name: str, *, ours: Side, other: Side, other_is: str, unit: str, at_least: float, rounds: int = ROUNDS
) -> Figure:
    """Measure two sides in turn after a round of each that does not count.

    `unit` decides which way is better: what counts `per second` is a rate, anything else a cost.
    """
    values: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for kept, side in zip(values, (ours, other), strict=True):
            value = side()
            if number:
                kept.append(value)
                tell(f"{name}: {'ours' if kept is values[0] else 'other'} {value:.4g} {unit}")
    mine, theirs = median(values[0]), median(values[1])
    ratio = mine / theirs if unit.endswith("per second") else theirs / mine
    return Figure(
        name=name,
        ours=_rounded(mine),
        other=_rounded(theirs),
        other_is=other_is,
        ratio=round(ratio, 2),
        unit=unit,
        target=f"ratio >= {at_least:g}",
        holds=ratio >= at_least,
    )


def at_most(name: str, value: float, limit: float, unit: str) -> Figure:
    """Return the figure of a cost that must not exceed `limit`."""
    return Figure(name=name, ours=_rounded(value), unit=unit, target=f"<= {limit:g}", holds=value <= limit)


def at_least(name: str, value: float, limit: float, unit: str) -> Figure:
    """Return the figure of a rate that must reach `limit`."""
    return Figure(name=name, ours=_rounded(value), unit=unit, target=f">= {limit:g}", holds=value >= limit)


def reported(name: str, value: float, unit: str, aim: str = "") -> Figure:
    """Return a figure that nothing is demanded of."""
    target = f"reported; aim {aim}" if aim else "reported"
    return Figure(name=name, ours=_rounded(value), unit=unit, target=target, holds=None)


def per_second(count: int, work: Callable[[], object]) -> float:
    """Do `work`, which does `count` things, and return how many it did a second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def cpu_milliseconds(work: Callable[[], object]) -> float:
    """Do `work` and return the milliseconds of processor time that this process spent on it, all threads together."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def percentile(values: list[float], percent: int) -> float:
    """Return the value that `percent` of a hundred stay under."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def scaled(count: int, scale: float, *, least: int = 2) -> int:
    """Return a sample's size under `--scale`."""
    return max(least, round(count * scale))


def tell(line: str) -> None:
    """Say on stderr how it goes; stdout is the report's."""
    sys.stderr.write(f"  {line}\n")
    sys.stderr.flush()


def _rounded(value: float) -> float:
    """Return the value with as many digits as a measurement of this kind deserves."""
    return round(value, 1 if value < 100 else 0)
