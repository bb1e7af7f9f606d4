"""`python -m invoicing.holds_page`: docs/reference/holds.md, from the catalogue and what its actions ask for."""

import sys

from invoicing.answers import ASKS, Field, outline
from invoicing.holds import CATALOGUE, Action

_WRITTEN = """\
Written from `invoicing/hold_catalogue.py` and `invoicing/answers.py` by `python -m invoicing.holds_page`; not to be
edited by hand. How to attend one: [attend a held order](../how-to/attend-a-held-order.md)."""


def page() -> str:
    """Return the page."""
    actions = "\n".join(f"| `{action}` | {ASKS[action].label.en} | {ASKS[action].use.en} | {_takes(action)} |"
                        for action in Action)  # fmt: skip
    reasons = [_reason(code) for code in CATALOGUE]
    return "\n\n".join(
        [
            "# Reasons why an order is held",
            _WRITTEN,
            f"{len(CATALOGUE)} reasons. An ellipsis stands for a fact of the order; the first action is the safe one.",
            *reasons,
            "## Actions",
            f"| action | in the admin | when | takes |\n|---|---|---|---|\n{actions}",
        ]
    ) + "\n"  # fmt: skip


def _reason(code: str) -> str:
    reason = CATALOGUE[code]
    told = ", ".join(f"`{action}`" for action in reason.actions)
    return (
        f"## `{code}`\n\n{outline(code, 'en')}\n\n"
        f"- In Spanish: {outline(code, 'es')}\n- What is missing: {reason.missing_en}\n- Actions: {told}"
    )


def _takes(action: Action) -> str:
    return ", ".join(_named(field) for field in ASKS[action].fields) or "—"


def _named(field: Field) -> str:
    parts = f" ({', '.join(part.name for part in field.parts)})" if field.parts else ""
    return f"`{field.name}`{parts}" + (" (required)" if field.required and not parts else "")


if __name__ == "__main__":
    sys.stdout.write(page())
