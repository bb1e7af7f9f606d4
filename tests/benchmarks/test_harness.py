"""The harness measures what it says and speaks the agreed JSON. How fast anything is, no test asks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.harness import compare, percentile

ROOT = Path(__file__).resolve().parent.parent.parent
KEYS = {"name", "ours", "other", "other_is", "ratio", "unit", "target", "holds"}


@pytest.mark.parametrize(
    ("only", "targets"),
    [
        ("submitting", {"submission_1000_cpu_ms": "<= 60", "submission_1000_vs_zeep": "ratio >= 8"}),
        pytest.param(
            "aeat",
            {"issue_vs_bare_sql": "ratio >= 0.33", "issue_vs_django_verifactu": "ratio >= 2",
             "send_1000_vs_django_verifactu": "ratio >= 2"},
            marks=pytest.mark.faults,
        ),
    ],
)  # fmt: skip
def test_a_run_prints_one_json_document(only: str, targets: dict[str, str]) -> None:
    """Names and targets are the design's (Figures)."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", only, "--json", "--scale", "0.002"],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    figures = {figure["name"]: figure for figure in json.loads(done.stdout)}
    assert targets.items() <= {name: figure["target"] for name, figure in figures.items()}.items()
    for figure in figures.values():
        assert set(figure) == KEYS
        assert figure["holds"] in (True, False, None)
        assert figure["ours"] > 0
        assert (figure["ratio"] is None) == (figure["other"] is None) == (figure["other_is"] is None)


@pytest.mark.parametrize(
    ("unit", "ours", "other", "ratio", "holds"),
    [
        ("per second", 300, 600, 0.5, True),  # a rate: half as many is half as good
        ("per second", 294, 600, 0.49, False),
        ("ms", 300, 600, 2.0, True),  # a cost: half as much is twice as good
        ("CPU ms", 600, 240, 0.4, False),
    ],
)
def test_a_ratio_says_how_many_times_as_good_ours_is(
    unit: str, ours: float, other: float, ratio: float, holds: bool
) -> None:
    figure = compare("f", ours=lambda: ours, other=lambda: other, other_is="x", unit=unit, at_least=0.5)
    assert (figure.ours, figure.other, figure.ratio, figure.holds) == (ours, other, ratio, holds)


def test_both_sides_run_in_turn_the_first_round_does_not_count_and_the_median_does() -> None:
    order: list[str] = []
    ours, other = iter([9000, 10, 500, 20, 30, 0]), iter([9000, 1, 1, 1, 700, 0])

    def side(name: str, values: Iterator[int]) -> float:
        order.append(name)
        return float(next(values))

    figure = compare(
        "f", ours=lambda: side("A", ours), other=lambda: side("B", other), other_is="x", unit="ms", at_least=1, rounds=5
    )
    assert "".join(order) == "AB" * 6
    assert (figure.ours, figure.other) == (20, 1)


def test_a_percentile_is_the_value_that_so_many_stay_under() -> None:
    assert percentile([float(n) for n in range(101)], 95) == 95
