"""The page of capabilities names a test for each, and every one of them is there."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

PAGE = settings.BASE_DIR / "docs" / "reference" / "durable-execution.md"
ROWS = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "| ours |" not in line]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)*)`", PAGE.read_text())))


def test_every_capability_names_its_test() -> None:
    assert len(ROWS) > 60
    assert [row for row in ROWS if not re.search(r"`tests/[^`]+` \|$", row)] == []


@pytest.mark.parametrize("name", NAMED)
def test_that_is_named_is_there(name: str) -> None:
    file, *path = name.split("::")
    nodes = ast.parse(Path(settings.BASE_DIR / file).read_text()).body
    if not path:
        assert any(getattr(node, "name", "").lower().startswith("test") for node in nodes)
    for part in path:
        found = [node for node in nodes if getattr(node, "name", None) == part]
        assert found, f"{file} has no {part}"
        nodes = getattr(found[0], "body", [])
