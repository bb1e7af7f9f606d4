"""Outside the simulator nothing starts without a producer, a system code and a declaration of this very version."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHOLE = {
    "AEAT_ENVIRONMENT": "production",
    "SECRET_KEY": "x" * 60,
    "FIELD_KEYS": base64.urlsafe_b64encode(bytes(32)).decode(),
    "PRODUCER_NAME": "Tienda SL",
    "PRODUCER_NIF": "B12345674",
    "PRODUCER_ADDRESS": "Calle Mayor 1, 28013 Madrid, España",
    "SYSTEM_ID": "EN",
    "DECLARATION_DATE": "2027-01-01",
    "DECLARATION_PLACE": "Madrid, España",
    "DECLARATION_VERSION": "0.1.0",
}


def start(**changes: str) -> str:
    """Read the settings in a process of their own; return what it says when it refuses, empty when it starts."""
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT, env=os.environ | WHOLE | changes, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode != 0) == bool(done.stderr)
    return done.stderr


def test_starts_with_all_of_them() -> None:
    assert start() == ""


@pytest.mark.parametrize("missing", [["PRODUCER_ADDRESS"], ["DECLARATION_PLACE", "DECLARATION_VERSION", "SYSTEM_ID"]])
@pytest.mark.parametrize("environment", ["test", "production"])
def test_names_all_that_are_missing(missing: list[str], environment: str) -> None:
    said = start(AEAT_ENVIRONMENT=environment, **dict.fromkeys(missing, ""))
    assert all(name in said for name in missing)


@pytest.mark.parametrize("years", ["5", "0", "-6", "seis"])
def test_fiscal_rows_are_promised_for_six_years_at_least(years: str) -> None:
    said = start(FISCAL_YEARS=years)
    assert "FISCAL_YEARS" in said
    assert "6 whole years at least" in said or "integer" in said


def test_and_longer_where_the_house_says_so() -> None:
    assert start(FISCAL_YEARS="10") == ""


def test_a_new_version_asks_for_a_new_declaration() -> None:
    said = start(DECLARATION_VERSION="0.0.9")
    assert "this is Encadena 0.1.0" in said
    assert "declare this version" in said


@pytest.mark.parametrize(("name", "value"), [("SYSTEM_ID", "ñ1"), ("SYSTEM_ID", "ABC"), ("DECLARATION_DATE", "1/1/27")])
def test_refuses_what_is_none(name: str, value: str) -> None:
    assert name in start(**{name: value})
