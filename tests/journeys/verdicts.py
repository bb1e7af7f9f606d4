"""A stand-in AEAT that is told what to say of an invoice's next records, whatever they are."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from verifactu.simulator.judge import Judge
from verifactu.simulator.messages import Received
from verifactu.simulator.texts import TEXTS
from verifactu.simulator.world import Verdict, World

REJECTED = "Incorrecto"
WITH_ERRORS = "AceptadoConErrores"


@contextmanager
def forced(fates: dict[str, list[str]]) -> Iterator[None]:
    """Answer the next records of these invoices with these codes, one each in order; an empty code judges as ever.

    The number `*` is that of any invoice. `fates` is used up. The AEAT runs in threads of this process.
    """
    judged = Judge.verdict

    def verdict(self: Judge, record: Received, world: World) -> Verdict:
        coming = fates.get(record.identity.numero) or fates.get("*")
        code = coming.pop(0) if coming else ""
        if not code:
            return judged(self, record, world)
        return Verdict(WITH_ERRORS if code.startswith("2") else REJECTED, code, TEXTS.get(code, "Forzado"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Judge, "verdict", verdict)
        yield
