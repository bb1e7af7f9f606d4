"""Spanish tax numbers: shape and control.

No official text publishes the control rule of entities (python-stdnum and other libraries agree on it), nor any rule
for a body with letters after K, L or M. A failed control is a doubt there, and an error in a DNI or NIE.
"""

import re
from functools import lru_cache
from typing import Literal

from stdnum.es import cif, dni, nie, nif

_DNI = re.compile("[0-9]{8}[A-Z]")
_NIE = re.compile("[XYZ][0-9]{7}[A-Z]")
_KLM_NUMERIC = re.compile("[KLM][0-9]{7}[A-Z]")
_KLM = re.compile("[KLM][0-9A-Z]{7}[A-Z]")
_ENTITY = re.compile("[ABCDEFGHJNPQRSUVW][0-9]{7}[0-9A-J]")

Problem = Literal["", "malformed", "letter", "doubtful"]


@lru_cache(maxsize=4096)  # a taxpayer's own, and a producer's, stand in every record
def nif_problem(text: str) -> Problem:
    """Return what is wrong with a NIF: nothing, its shape, the letter of a person, or the control of an entity.

    Nine capitals and digits, without spaces or ES: what a person typed is normalised before. `doubtful` is a warning.
    """
    if _DNI.fullmatch(text):
        return "" if dni.is_valid(text) else "letter"
    if _NIE.fullmatch(text):
        return "" if nie.is_valid(text) else "letter"
    if _KLM_NUMERIC.fullmatch(text):
        return "" if nif.is_valid(text) else "letter"
    if _KLM.fullmatch(text):
        return ""
    if _ENTITY.fullmatch(text):
        return "" if cif.is_valid(text) else "doubtful"
    return "malformed"


def is_natural_person(text: str) -> bool:
    """Return whether a well-formed NIF is a person's and not an entity's."""
    return nif_problem(text) == "" and not _ENTITY.fullmatch(text)
