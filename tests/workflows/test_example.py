"""docs/how-to/write-a-workflow.md: every block of it runs, and its tests pass."""

import importlib.util
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core import mail

from workflows.api import WORKFLOWS
from workflows.models import Process

PAGE = Path(__file__).parents[2] / "docs/how-to/write-a-workflow.md"
NAME = "the_page_on_workflows"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The blocks of the page, in their order, as one module."""
    file = tmp_path_factory.mktemp("page") / f"{NAME}.py"
    file.write_text("\n\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)))
    spec = importlib.util.spec_from_file_location(NAME, file)
    assert spec
    assert spec.loader
    module = sys.modules[NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[NAME], WORKFLOWS["invite", 1]


def cases(module: ModuleType) -> Iterator[tuple[Any, dict[str, Any]]]:
    for name, test in inspect.getmembers(module, inspect.isfunction):
        if name.startswith("test_"):
            marks = getattr(test, "pytestmark", [])
            for mark in marks:
                yield from ((test, {mark.args[0]: value}) for value in mark.args[1])
            if not marks:
                yield test, {}


def run(page: ModuleType, number: int) -> None:
    mail.outbox.clear()
    test, arguments = list(cases(page))[number]
    test(**arguments)


@pytest.mark.parametrize("number", range(6))
def test_its_tests_pass(page: ModuleType, number: int) -> None:
    assert len(list(cases(page))) == 6
    run(page, number)


def test_its_function_starts_a_process_once(page: ModuleType) -> None:
    for _ in range(2):
        page.invite_colleague("eva@example.com", "boss@example.com", actor="ana")
    assert Process.objects.get().tags == ["colleague:eva@example.com"]
