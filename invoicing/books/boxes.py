"""The boxes (casillas) of modelos 303 and 390 that sales fill, and which row goes where. Pure.

Where the numbers are from: forms.py. What the designs do not say (which code of a record belongs to a box) follows the
AEAT's manual and LIVA; where only a reading of ours or of others stands behind it, the box says «unconfirmed».
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from invoicing.books.reading import Declared, Effect
from invoicing.books.treatments import Treatment, treatment

NO_BOX = "—"


class Box(NamedTuple):
    """One box: its number, names, where the number and what goes in come from, and a rate that is printed in it."""

    number: str
    es: str
    en: str
    source: str = "DR303e26"
    unconfirmed: str = ""
    rate: str = ""
    """A constant: the form's own rate, no sum."""


class Pair(NamedTuple):
    """The boxes of base and tax."""

    base: str
    tax: str


_303_RATES = {
    "0": Pair("150", "152"), "2": Pair("165", "167"), "4": Pair("01", "03"), "5": Pair("153", "155"),
    "7.5": Pair("153", "155"), "10": Pair("04", "06"), "21": Pair("07", "09"),
}  # fmt: skip
_303_SURCHARGES = {
    "1.75": Pair("156", "158"), "0.5": Pair("168", "170"), "0.26": Pair("168", "170"), "0": Pair("16", "18"),
    "0.62": Pair("16", "18"), "1": Pair("16", "18"), "1.4": Pair("19", "21"), "5.2": Pair("22", "24"),
}  # fmt: skip
_303_ONE = {
    Treatment.EU: "59", Treatment.EXPORT: "60", Treatment.PLACE: "120", Treatment.REVERSE: "122",
    Treatment.OSS: "123", Treatment.OSS_CHARGED: "124",
}  # fmt: skip
_303_TAXED = (Treatment.CHARGED, Treatment.USED, Treatment.TRAVEL)

_390_RATES = {
    Treatment.CHARGED: {
        "0": Pair("700", "701"), "2": Pair("667", "668"), "4": Pair("01", "02"), "5": Pair("702", "703"),
        "7.5": Pair("669", "670"), "10": Pair("03", "04"), "21": Pair("05", "06"),
    },
    Treatment.USED: {
        "0": Pair("712", "713"), "2": Pair("679", "680"), "4": Pair("07", "08"), "5": Pair("714", "715"),
        "7.5": Pair("681", "682"), "10": Pair("09", "10"), "21": Pair("11", "12"),
    },
    Treatment.TRAVEL: {"21": Pair("13", "14")},
}  # fmt: skip
_390_SURCHARGES = {
    "0": Pair("663", "664"), "0.26": Pair("691", "692"), "0.5": Pair("35", "36"), "0.62": Pair("665", "666"),
    "1": Pair("693", "694"), "1.4": Pair("599", "600"), "5.2": Pair("601", "602"), "1.75": Pair("41", "42"),
}  # fmt: skip
_390_CORRECTIONS = (Pair("29", "30"), Pair("43", "44")), (Pair("31", "32"), Pair("45", "46"))
"""Of tax and surcharge; the second ones by insolvency."""
_390_VOLUME = {
    Treatment.CHARGED: "99", Treatment.CASH: "653", Treatment.EU: "103", Treatment.EXPORT: "104",
    Treatment.EXEMPT: "105", Treatment.PLACE: "110", Treatment.REVERSE: "125", Treatment.OSS: "126",
    Treatment.OSS_CHARGED: "127", Treatment.SIMPLIFIED: "100", Treatment.FARMING: "101", Treatment.RETAIL: "102",
    Treatment.USED: "227", Treatment.TRAVEL: "228",
}  # fmt: skip


class Amount(NamedTuple):
    """Something that is added to a box; without box `name` says what it is."""

    box: str
    value: Decimal
    name: str = ""


def of_303(invoice: Declared, effect: Effect) -> Iterator[Amount]:
    """Yield what a row adds to modelo 303.

    Charged rows go by rate; those of corrective invoices, of any rate and year, to 14 and 15 (surcharge 25 and 26) with
    their sign. What bears no tax goes to its box, corrections with their sign.
    """
    share, how = effect.share, treatment(effect)
    if how in _303_TAXED:
        yield from _charged(
            effect, _303_RATES, _303_SURCHARGES, (Pair("14", "15"), Pair("25", "26")) if invoice.corrective else None
        )
    elif how == Treatment.CASH:
        yield Amount("62", share.base)
        yield Amount("63", share.tax)
    elif how in _303_ONE:
        yield Amount(_303_ONE[how], share.base)
    else:
        yield Amount("", share.base, how.value)


def of_390(invoice: Declared, effect: Effect) -> Iterator[Amount]:
    """Yield what a row adds to modelo 390: the year's bases and taxes as in 303, then its volume of operations.

    Corrections of art. 80.Tres (R2, insolvency) have boxes of their own.
    """
    share, how = effect.share, treatment(effect)
    if how in _390_RATES:
        corrections = _390_CORRECTIONS[invoice.tipo == "R2"] if invoice.corrective else None
        yield from _charged(effect, _390_RATES[how], _390_SURCHARGES, corrections)
    elif how == Treatment.CASH:
        yield Amount("654", share.base)
        yield Amount("655", share.tax)
    if how in _390_VOLUME:
        yield Amount(_390_VOLUME[how], share.base)
    else:
        yield Amount("", share.base, how.value)


def _charged(
    effect: Effect, rates: dict[str, Pair], surcharges: dict[str, Pair], corrections: tuple[Pair, Pair] | None
) -> Iterator[Amount]:
    share = effect.share
    box = corrections[0] if corrections else rates.get(_plain(share.rate))
    if box is None:
        yield Amount("", share.base, f"tipo {_plain(share.rate)} %, sin casilla")
    else:
        yield Amount(box.base, share.base)
        yield Amount(box.tax, share.tax)
    if share.surcharge_rate is not None:
        box = corrections[1] if corrections else surcharges.get(_plain(share.surcharge_rate))
        if box is None:
            yield Amount("", share.surcharge, f"recargo del {_plain(share.surcharge_rate)} %, sin casilla")
        else:
            yield Amount(box.base, share.base)
            yield Amount(box.tax, share.surcharge)


def _plain(rate: Decimal | None) -> str:
    """Return a rate without needless zeros: 21, 7.5, 0."""
    return f"{rate.normalize():f}" if rate is not None else ""


TOTAL_303 = {"27": ["152", "167", "03", "155", "06", "09", "15", "158", "170", "18", "21", "24", "26"]}
TOTALS_390 = {
    "33": [
        "700",
        "667",
        "01",
        "702",
        "669",
        "03",
        "05",
        "712",
        "679",
        "07",
        "714",
        "681",
        "09",
        "11",
        "13",
        "29",
        "31",
    ],
    "34": [
        "701",
        "668",
        "02",
        "703",
        "670",
        "04",
        "06",
        "713",
        "680",
        "08",
        "715",
        "682",
        "10",
        "12",
        "14",
        "30",
        "32",
    ],
    "47": ["34", "664", "692", "36", "666", "694", "600", "602", "42", "44", "46"],
    "108": ["99", "653", "103", "104", "105", "110", "125", "126", "127", "100", "101", "102", "227", "228"],
}
"""Boxes that are sums of others, as far as sales fill them."""


def with_totals(sums: dict[str, Decimal], totals: Mapping[str, Sequence[str]]) -> dict[str, Decimal]:
    """Return the sums by box with the boxes that are sums of them."""
    filled = dict(sums)
    for box, parts in totals.items():
        filled[box] = sum((filled.get(part, Decimal(0)) for part in parts), Decimal(0))
    return filled
