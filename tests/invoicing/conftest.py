"""What the tests of the printed page share: a renderer, and one to be hurt; a font for the letters that ours lack."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from invoicing.pdf import Renderer
from tests.invoicing.fonts import fontconfig


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    renderer = Renderer()
    yield renderer
    renderer.close()


@pytest.fixture
def own_renderer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Renderer]:
    """A renderer to be hurt, whose temporary files are in `tmp_path`."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    renderer = Renderer(recycle_after=2)
    yield renderer
    renderer.close()


@pytest.fixture(scope="session")
def a_font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a configuration of a machine that has one font, with the letters of the tests' foreign names."""
    return fontconfig(tmp_path_factory.mktemp("fonts"), "北京文具有限公司、한שלום")


@pytest.fixture(scope="module")
def foreign_letters(a_font: Path) -> Iterator[None]:
    """Have the renderers of this module find that font."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FONTCONFIG_FILE", str(a_font))
        yield
