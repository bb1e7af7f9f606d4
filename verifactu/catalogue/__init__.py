"""Every code of the AEAT's list: its meaning, where it is caught, what the system does about it and what a person can.

The AEAT's own text comes with its answer and is shown as it comes; beside it stands a remedy of ours. Sources: the list
of codes of 30/07/2026 and "Validaciones y errores" 1.2.2; verifactu.md 7.3, 8.2 and 12. All words here are our own.

- remedies.py: what to do, one for all codes of one cause
- ruled.py: the codes that `verifactu.rules` answers with; their meaning is that of rules/messages.py
- others.py: all other codes
- page.py: docs/reference/aeat-codes.md (`python -m verifactu.catalogue > docs/reference/aeat-codes.md`)
"""

from dataclasses import dataclass
from enum import StrEnum

from verifactu.catalogue.others import OTHERS
from verifactu.catalogue.remedies import REMEDIES
from verifactu.catalogue.ruled import ACTIONS_OF_RULES, REMEDY_OF_RULE
from verifactu.errors import Effect, effect
from verifactu.rules.messages import MESSAGES


class Checked(StrEnum):
    """Where a code is caught first."""

    RULE = "rule"
    SCHEMA = "schema"
    SIMULATOR = "simulator"
    AEAT = "aeat"


class Action(StrEnum):
    """What the system does when the AEAT answers with a code."""

    RESEND = "resend"
    ASK = "ask"
    HOLD = "hold"
    CORRECT = "correct"
    RECTIFY = "rectify"
    STOP = "stop"
    ALARM = "alarm"
    NOTHING = "nothing"


CHECKED: dict[Checked, tuple[str, str]] = {
    Checked.RULE: ("antes de expedir, por las reglas", "before issuing, by the rules"),
    Checked.SCHEMA: ("antes de expedir o enviar, por el esquema", "before issuing or sending, by the schema"),
    Checked.SIMULATOR: ("por el simulador", "by the simulator"),
    Checked.AEAT: ("solo lo sabe la AEAT", "only the AEAT can know"),
}
ACTIONS: dict[Action, tuple[str, str]] = {
    Action.RESEND: ("Se reenvía más tarde, sin cambios.", "Sent again later, unchanged."),
    Action.ASK: (
        "Se pregunta a la AEAT qué tiene y se comparan las huellas.",
        "The AEAT is asked what it holds, and the huellas are compared.",
    ),
    Action.HOLD: (
        "No se reenvía solo: lo decide una persona.",
        "Never sent again by itself: a person decides.",
    ),
    Action.CORRECT: (
        "No se reenvía solo: pide un registro de subsanación.",
        "Never sent again by itself: it asks for a correcting record (subsanación).",
    ),
    Action.RECTIFY: (
        "No se reenvía solo: si la factura está mal, pide una rectificativa; si solo el registro, una subsanación.",
        "Never sent again by itself: a wrong invoice asks for a corrective one, a wrong record for a subsanación.",
    ),
    Action.STOP: (
        "Se detiene el envío de la cadena y se avisa.",
        "The chain's sending stops, and somebody is told.",
    ),
    Action.ALARM: (
        "No se ha guardado nada: se reintenta cada vez más despacio, al menos cada hora, y se avisa.",
        "Nothing was stored and the records wait: tried again ever more slowly, at least hourly, and somebody is told.",
    ),
    Action.NOTHING: ("Nada: el registro vale como está.", "Nothing: the record is good as it is."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """All that is known of one code. `told_as` names the code by which our rules tell the same thing."""

    code: str
    checked: Checked
    action: Action
    es: str
    en: str
    remedy_es: str
    remedy_en: str
    told_as: str = ""

    @property
    def effect(self) -> Effect:
        """What the code does to what was sent: the section of the official list."""
        return effect(self.code)


def _entries() -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for code, (es, en) in MESSAGES.items():
        remedy = REMEDY_OF_RULE[code]
        action = Action(ACTIONS_OF_RULES.get(code) or ACTIONS_OF_RULES.get(remedy, "hold"))
        found[code] = Entry(code, Checked.RULE, action, es, en, *REMEDIES[remedy])
    for code, (checked, action_name, remedy, es, en, told_as) in OTHERS.items():
        found[code] = Entry(code, Checked(checked), Action(action_name), es, en, *REMEDIES[remedy], told_as)
    return dict(sorted(found.items()))


CATALOGUE: dict[str, Entry] = _entries()
"""code -> entry."""


def remedy(code: str, *, language: str | None = "es") -> str:
    """Return what the system does about a code and what a person can, or nothing for a code that is not in the list.

    In English when `language` begins with en, else in Spanish.
    """
    entry = CATALOGUE.get(code)
    if entry is None:
        return ""
    return f"{ACTIONS[entry.action][_column(language)]} {advice(code, language=language)}"


def advice(code: str, *, language: str | None = "es") -> str:
    """Return what a person can do about a code that nothing was sent or answered with yet; nothing if it is unknown."""
    entry = CATALOGUE.get(code)
    return (entry.remedy_es, entry.remedy_en)[_column(language)] if entry else ""


def _column(language: str | None) -> int:
    return 1 if language and language.startswith("en") else 0
