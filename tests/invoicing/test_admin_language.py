"""The admin speaks Spanish by itself and English to whoever asks for it; the catalogues are whole and compiled."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from tests import world
from tests.databases import Database

ROOT = Path(settings.BASE_DIR)
SOURCES = [ROOT / "common" / "admin.py", ROOT / "workflows" / "links.py", *(
    file for app in ("workflows", "verifactu", "invoicing") for file in sorted((ROOT / app / "admin").glob("*.py"))
)]  # fmt: skip
TEMPLATES = sorted(file for part in ("admin", "decide") for file in (ROOT / "templates" / part).rglob("*.html"))
CALLS = {"_", "gettext", "gettext_lazy"}
TEXT = r'((?:"(?:[^"\\]|\\.)*"\n?)+)'
ENTRY = re.compile(rf"^msgid {TEXT}(?:msgid_plural .*\n)?msgstr(?:\[0\])? {TEXT}", re.MULTILINE)


def catalogue(language: str) -> dict[str, str]:
    """The compiled catalogue: what Django reads."""
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        found = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    singular = {key: text for key, text in found.items() if key and not isinstance(key, tuple)}
    return singular | {key[0]: text for key, text in found.items() if isinstance(key, tuple) and key[1] == 0}


def written(language: str) -> dict[str, str]:
    """The catalogue as a person edits it."""
    text = (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").read_text()
    pairs = ((joined(msgid), joined(msgstr)) for msgid, msgstr in ENTRY.findall(text))
    return {msgid: msgstr for msgid, msgstr in pairs if msgid}


def joined(literals: str) -> str:
    return "".join(ast.literal_eval(line) for line in literals.splitlines() if line)


def said() -> Iterator[str]:
    """Every sentence of ours that is marked for translation, but for those of blocktranslate."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS:
                yield ast.literal_eval(node.args[0])
    for template in TEMPLATES:
        yield from re.findall(r'{% translate "([^"]+)"', template.read_text())


@pytest.mark.parametrize("language", ["es", "en"])
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    assert len(written(language)) > 50
    assert catalogue(language) == written(language), "msgfmt -o locale/…/django.mo locale/…/django.po"


def test_every_sentence_has_its_english() -> None:
    sentences = set(said())
    assert len(sentences) > 300
    assert sentences - set(catalogue("en")) == set()


def test_placeholders_survive_translation() -> None:
    for source, text in catalogue("en").items():
        assert sorted(re.findall(r"%\(\w+\)s|{}", source)) == sorted(re.findall(r"%\(\w+\)s|{}", text)), source


@pytest.fixture
def admin(fresh_database: Database, client: Client) -> Client:
    world.la_encina()
    client.force_login(User.objects.create_superuser("eva"))
    return client


def test_a_browser_without_preference_gets_spanish(admin: Client) -> None:
    page = admin.get("/admin/").content.decode()
    assert '<html lang="es"' in page
    assert "Nada espera a una persona" in page
    login = Client().get("/admin/login/").content.decode()
    assert "Le damos la bienvenida a" in login
    assert "Welcome" not in login
    orders = admin.get("/admin/invoicing/order/", {"q": "nada"}).content.decode()
    assert "No hay nada" in orders
    for english in ("Select", "Filters", "No results"):
        assert english not in orders


def test_a_browser_that_asks_for_english_gets_it(admin: Client) -> None:
    page = admin.get("/admin/", headers={"Accept-Language": "en-GB,en"}).content.decode()
    assert '<html lang="en"' in page
    assert "Nothing waits for a person" in page
    assert "Deliveries" in page
    assert "Nada espera" not in page
