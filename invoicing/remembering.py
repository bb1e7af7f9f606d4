"""What people decided for an order, which counts for as long as what they were asked about is the same. Pure.

A question is its code and what it is about (`Hold.about`). A question about lines is about each of them by itself,
how it is taxed and where it goes: goods that an edit adds are asked about, and those beside them are not asked about
again (docs/decisions/0019-what-a-person-decided.md).
"""

from collections.abc import Iterable

import msgspec

from invoicing import nif
from invoicing.holds import Action, Hold, Resolution
from invoicing.values import OrderContent, Party, Priced

LEADS_ON = (
    Action.ISSUE_ANYWAY, Action.ISSUE_SIMPLIFIED, Action.CHOOSE_REGIME, Action.ACCEPT_VAT_NUMBER, Action.ACCEPT_NIF,
    Action.NAME_ORIGINAL, Action.GIVE_NIF,
)  # fmt: skip
"""Answers that say something of the order; the others end the question, or ask it again."""
ABOUT_LINES = (
    "untaxed_line", "untaxed_tip", "unknown_tax_rate", "oss_rate", "tax_charged_on_export", "tax_charged_to_eu_company",
)  # fmt: skip
"""Questions that are about lines, one by one, and that an answer settles."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, the question that it was given to, and what that was about."""

    code: str
    about: tuple[str, ...]
    answer: Resolution


class Figures(Priced, frozen=True, kw_only=True):
    """What is kept of an invoice beside its rows: how it was priced, and what people had said for it."""

    kept: tuple[Kept, ...] = ()


def figures_with(priced: Priced, kept: tuple[Kept, ...]) -> Figures:
    """Return what is kept of an invoice: without its lines and rows, which have places of their own."""
    return Figures(**msgspec.structs.asdict(priced) | {"lines": (), "shares": (), "kept": kept})


def keep(held: Hold, answer: Resolution, buyer: Party) -> tuple[Kept, ...]:
    """Return what is to be remembered of an answer, nothing for one that says nothing of the order."""
    if answer.action not in LEADS_ON:
        return ()
    about = _of_buyer(buyer) if answer.action == Action.GIVE_NIF else held.about
    return (Kept(code=held.code, about=about, answer=answer),)


def answer_to(held: Hold | None, kept: Iterable[Kept]) -> Kept | None:
    """Return what was answered to this very question, where that answer may still be given."""
    if held is None:
        return None
    same = (each for each in kept if each.code == held.code and each.about == held.about)
    return next((each for each in same if each.answer.action in held.actions), None)


def overridden(code: str, fact: str, kept: Iterable[Kept]) -> bool:
    """Tell whether a person went on in spite of `code` for a line of that kind."""
    return any(each.code == code and fact in each.about and each.answer.action == Action.ISSUE_ANYWAY for each in kept)


def chosen(fact: str, kept: Iterable[Kept]) -> str:
    """Return the treatment that a person chose for a line of that kind, the first that was; empty for none."""
    answers = (each for each in kept if each.answer.action == Action.CHOOSE_REGIME and fact in each.about)
    return next((each.answer.treatment for each in answers), "")


def with_buyer(content: OrderContent, kept: Iterable[Kept]) -> OrderContent:
    """Return the order with the number, name and address that people gave for the buyer that it still has."""
    for each in kept:
        if each.answer.action == Action.GIVE_NIF and each.about == _of_buyer(content.buyer):
            content = msgspec.structs.replace(content, buyer=given(content.buyer, each.answer))
    return content


def given(buyer: Party, answer: Resolution) -> Party:
    """Return a buyer with the number, name and address that a person gave."""
    found = msgspec.structs.replace(
        buyer, tax_id=nif.normalise(answer.nif), tax_id_as_given=answer.nif, id_type="", id_country=""
    )
    if answer.name:
        found = msgspec.structs.replace(found, name=answer.name, company="")
    if answer.address:
        found = msgspec.structs.replace(found, address=answer.address)
    return found


def _of_buyer(buyer: Party) -> tuple[str, ...]:
    """Return what tells one buyer from another; an address may be written anew."""
    return buyer.tax_id_as_given or buyer.tax_id, buyer.name, buyer.company
