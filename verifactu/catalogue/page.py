"""docs/reference/aeat-codes.md, written from the catalogue."""

from verifactu.catalogue import ACTIONS, CATALOGUE, CHECKED, Action, Checked, Entry
from verifactu.errors import Effect

_SECTIONS = {
    Effect.SUBMISSION_REJECTED: "The whole submission is rejected (SOAP fault)",
    Effect.RECORD_REJECTED: "One record is rejected",
    Effect.ACCEPTED_WITH_ERRORS: "The record is stored, with an error",
}
_INTRODUCTION = """\
The {count} codes of the AEAT's list of 30/07/2026, in our own words. The AEAT's text comes with its answer; the admin
and the API show a remedy beside it, in Spanish or English."""


def page() -> str:
    """Return the page."""
    counts = {checked: sum(entry.checked is checked for entry in CATALOGUE.values()) for checked in Checked}
    parts = [
        "# The AEAT's codes",
        "Written from `verifactu/catalogue` by `python -m verifactu.catalogue`; not to be edited by hand.",
        _INTRODUCTION.format(count=len(CATALOGUE)),
        "What is caught before issuing holds the order, and no number is spent. Where a code is caught:",
        "\n".join(f"- **{CHECKED[checked][1]}**: {counts[checked]} codes" for checked in Checked),
        "What the system does when the AEAT answers with one:",
        "\n".join(f"- **{action}**: {ACTIONS[action][1]}" for action in Action),
    ]
    for effect, title in _SECTIONS.items():
        rows = [_row(entry) for entry in CATALOGUE.values() if entry.effect is effect]
        head = "| code | meaning | caught | does | remedy |\n|---|---|---|---|---|\n"
        parts += [f"## {title}", head + "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def _row(entry: Entry) -> str:
    caught = CHECKED[entry.checked][1] + (f" (as {entry.told_as})" if entry.told_as else "")
    return f"| {entry.code} | {entry.en} | {caught} | {entry.action} | {entry.remedy_en} |"
