"""The rows of the protocol, by what they are about: the ledger itself, what is watched of it, what was compared."""

from verifactu.models.ledger import Answer, Installation, Record, Submission, Taxpayer
from verifactu.models.reconciled import Discrepancy, LockEvent, Whereabouts
from verifactu.models.watched import ChainEvent, ChainProblem, Declaration, ProductionConfirmation, ServiceClock

__all__ = [
    "Answer",
    "ChainEvent",
    "ChainProblem",
    "Declaration",
    "Discrepancy",
    "Installation",
    "LockEvent",
    "ProductionConfirmation",
    "Record",
    "ServiceClock",
    "Submission",
    "Taxpayer",
    "Whereabouts",
]
