"""A record's place in its chain: does it point to the one that was received before it? (verifactu.md 5.2)"""

from dataclasses import dataclass

from verifactu.records import RegistroAnterior
from verifactu.simulator.messages import Identity, Received


@dataclass(frozen=True, slots=True)
class Link:
    """A received record as its successor must name it."""

    identity: Identity
    huella: str


def objection(record: Received, *, before: Link | None, first: bool) -> str:
    """Return 2002, 2003, 2007 or 2008 for a link that is not right; empty for one that is.

    Whether the AEAT compares the link with the stored predecessor is not known; this product's simulator does, because
    it is there to find a sender's mistakes (design.md section 5).

    :param before: the record received before this one in its chain, whatever became of it.
    :param first: whether nothing of the chain was received before.
    """
    link = record.registro.Encadenamiento
    if not isinstance(link, RegistroAnterior):
        return "" if first else "2007"
    if len(link.Huella) != 64:
        return "2002"
    if link.Huella == record.registro.Huella:
        return "2008"
    named = Link(Identity(link.IDEmisorFactura, link.NumSerieFactura, link.FechaExpedicionFactura), link.Huella)
    return "" if named == before else "2003"
