"""One table of allowed moves per state machine.

The same table feeds three guards, so that none can say something else than the others: the django-fsm-2
`@transition` methods (`moves.via("wake")`), the conditional UPDATEs of code that moves rows set-wise
(`moves.sources`, `moves.target`), and the database trigger (`moves.trigger()`).
"""

from typing import Any

import pgtrigger
from django_fsm import transition


class Moves:
    """The named moves of one state field: `Moves(wake=(("waiting", "retrying"), "pending"), ...)`."""

    def __init__(self, **moves: tuple[tuple[str, ...], str]) -> None:
        self._moves = moves

    def sources(self, name: str) -> list[str]:
        """Return the states from which the move `name` may start."""
        return list(self._moves[name][0])

    def target(self, name: str) -> str:
        """Return the state in which the move `name` ends."""
        return self._moves[name][1]

    def allows(self, name: str, source: str, target: str) -> bool:
        """Tell whether there is a move `name` that leads from `source` to `target`."""
        sources, end = self._moves.get(name, ((), ""))
        return source in sources and target == end

    def triples(self) -> list[tuple[str, str, str]]:
        """Return every allowed (name, from, to), sorted."""
        return sorted((name, source, end) for name, (sources, end) in self._moves.items() for source in sources)

    def via(self, name: str, field: Any) -> Any:
        """Return the django-fsm decorator of the move `name` on `field`."""
        return transition(field=field, source=self.sources(name), target=self.target(name))

    def pairs(self) -> list[tuple[str, str]]:
        """Return every allowed (from, to), sorted, once."""
        return sorted({(source, target) for sources, target in self._moves.values() for source in sources})

    def trigger(self, field: str = "state") -> pgtrigger.FSM:
        """Return the trigger by which PostgreSQL refuses every other change of `field`."""
        return pgtrigger.FSM(name=f"{field}_moves", field=field, transitions=self.pairs())
