"""The ledger of what ran: processes, their steps, every attempt, lanes, tokens, events, schedules, breakers, alerts."""

from workflows.models.alert import Alert
from workflows.models.breaker import Breaker
from workflows.models.flow import Lane, Token, Worker
from workflows.models.process import Process, ProcessEvent
from workflows.models.schedule import Schedule
from workflows.models.step import Attempt, Step

__all__ = [
    "Alert", "Attempt", "Breaker", "Lane", "Process", "ProcessEvent", "Schedule", "Step", "Token", "Worker",
]  # fmt: skip
