"""How a failure changes what the judge said: one record's verdict, or the lines and the wait of an answer."""

from dataclasses import replace

from verifactu.simulator.failures import Failure, sentence
from verifactu.simulator.messages import Identity, Received
from verifactu.simulator.world import Held, Verdict

NOT_SENT = "NO-ENVIADA-1"
"""The number of the invoice of an extra line."""

_Lines = list[tuple[Received, Verdict]]


def verdict(failure: Failure, judged: Verdict, peticion: str) -> tuple[Verdict, Verdict]:
    """Return what is stored of a record, and what is told of it, when a verdict was ordered.

    3000 is what a sender gets whose first answer was lost: stored as it was judged, and told to be a duplicate.
    """
    code = failure.value
    if code == "Correcto":
        ordered = Verdict("Correcto")
    elif code == "3000":
        if not judged.stored:
            return judged, judged
        held = Held(failure.duplicate, peticion, judged.code, judged.text)
        return judged, Verdict("Incorrecto", code, sentence(code), held)
    else:
        ordered = Verdict("AceptadoConErrores" if code.startswith("2") else "Incorrecto", code, sentence(code))
    return ordered, ordered


def answer(failure: Failure | None, lines: _Lines, wait: int) -> tuple[_Lines, int]:
    """Return the lines and the seconds of an answer as the failure has them."""
    match failure.mode if failure else "":
        case "wait" | "growing_wait":
            wait = int(failure.value) if failure else wait
        case "shuffled_lines":
            lines = lines[1::2] + lines[0::2]
        case "missing_lines":
            lines = lines[: -max(1, len(lines) // 3)]
        case "extra_lines":
            first, told = lines[0]
            stranger = Identity(first.identity.emisor, NOT_SENT, first.identity.fecha)
            lines = [(replace(first, identity=stranger), told), *lines]
    return lines, wait
