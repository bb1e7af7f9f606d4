"""Every decision of docs/reference/fiscal-policy.md has its code and a test that is really there."""

import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?P<decision>[^|*][^|]*) \| `(?P<code>[^`]+)` \| `(?P<file>[^`:]+)::(?P<test>\w+)` \|$")
TABLE = [
    line
    for line in (HERE / "docs/reference/fiscal-policy.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| **", "| Decision"))
]


@cache
def named_in(file: str) -> set[str]:
    return set(re.findall(r"^ *def (test_\w+)", (HERE / file).read_text(), re.MULTILINE))


@pytest.mark.parametrize("line", TABLE)
def test_a_decision_has_its_code_and_its_test(line: str) -> None:
    row = ROW.match(line)
    assert row, f"not a row of three cells: {line}"
    assert (HERE / row["code"]).is_file(), row["code"]
    assert row["test"] in named_in(row["file"]), row["test"]


def test_the_table_is_read() -> None:
    assert len(TABLE) > 50
