"""What the ledger holds of the chains and invoices that one submission speaks of, kept current while it is judged."""

from dataclasses import dataclass, field

from verifactu.simulator import lifecycle
from verifactu.simulator.links import Link
from verifactu.simulator.messages import Identity, Received, System


@dataclass(frozen=True, slots=True)
class Verdict:
    """The fate of one record; `duplicate` is what is held already, where that is why (3000)."""

    state: str
    code: str = ""
    text: str = ""
    duplicate: "Held | None" = None

    @property
    def stored(self) -> bool:
        """Whether the record counts as received with effect: Correcto or AceptadoConErrores."""
        return self.state != "Incorrecto"


@dataclass(frozen=True, slots=True)
class Held:
    """The last accepted record of an invoice: the invoice's state, the request's id, the error it was stored with."""

    state: str
    peticion: str
    code: str = ""
    text: str = ""


@dataclass(slots=True)
class Chain:
    """The records received of one system, rejected ones too: how many, and the last."""

    id: int
    records: int = 0
    head: Link | None = None
    head_id: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The record that was received before another one; both are nothing for the first of a chain."""

    before: Link | None
    before_id: int | None


@dataclass(slots=True)
class World:
    """Read once, changed in memory as record after record is judged, written once."""

    chains: dict[System, Chain] = field(default_factory=dict)
    places: dict[tuple[System, str, Link], Place] = field(default_factory=dict)
    """Where a record stood when it first came: by chain, operation, and what it is."""
    invoices: dict[Identity, Held] = field(default_factory=dict)

    def held(self, record: Received) -> Held | None:
        """Return what is held of the record's invoice."""
        return self.invoices.get(record.identity)

    def place(self, record: Received) -> Place:
        """Return what stands before the record: for one that is sent again, what stood before it the first time."""
        chain = self.chains[record.system]
        return self.places.get(_key(record), Place(chain.head, chain.head_id))

    def take(self, record: Received, verdict: Verdict, *, record_id: int, peticion: str) -> None:
        """Put the record into its chain, and into its invoice if it was accepted."""
        chain = self.chains[record.system]
        key = _key(record)
        if key not in self.places:
            self.places[key] = Place(chain.head, chain.head_id)
            chain.head, chain.head_id, chain.records = key[2], record_id, chain.records + 1
        if verdict.stored:
            with_errors = verdict.state == "AceptadoConErrores"
            state = lifecycle.state_after(record.registro, with_errors=with_errors)
            self.invoices[record.identity] = Held(state, peticion, verdict.code, verdict.text)


def _key(record: Received) -> tuple[System, str, Link]:
    return record.system, record.operation, Link(record.identity, record.registro.Huella)
