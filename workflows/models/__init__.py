"""The ledger of what ran: processes, their steps, every attempt, lanes, tokens and events."""

from workflows.models.flow import Lane, Token, Worker
from workflows.models.process import Process, ProcessEvent
from workflows.models.step import Attempt, Step

__all__ = ["Attempt", "Lane", "Process", "ProcessEvent", "Step", "Token", "Worker"]
