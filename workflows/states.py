"""The states of a process, each with a sentence, and the moves between them.

pending     waits for a place: for its time, for the process before it, or for its lane
processing  a worker holds its lease and runs it
waiting     sleeps, or waits for a token; holds neither worker nor lane
retrying    a step failed and will be tried again at `wake_at`
held        a person must act: answer a hold, or resume after the last failure
completed   returned its result
failed      gave up; its error is shown; can be resumed
cancelled   stopped by a person or superseded by a newer process
expired     was not started in the time it was allowed
"""

from common.states import Moves

OPEN = ("pending", "processing", "waiting", "retrying", "held")
PARKED = ("waiting", "retrying", "held")
TERMINAL = ("completed", "failed", "cancelled", "expired")
IS_OPEN = f"state IN ({', '.join(repr(state) for state in OPEN)})"
"""The same for a statement, written out: as a parameter it would hide the index of the open ones from the planner."""
STATES = (*OPEN, *TERMINAL)

MOVES = Moves(
    claim=(("pending",), "processing"),
    move=(("processing",), "pending"),  # to another lane or queue, for one step
    recover=(("processing",), "pending"),
    unwind=(("processing",), "pending"),  # failed, and now takes its steps back
    wait=(("processing",), "waiting"),
    retry=(("processing",), "retrying"),
    hold=(("processing", "pending"), "held"),
    wake=(("waiting", "retrying"), "pending"),
    resolve=(("held",), "pending"),
    resume=(("held", "failed"), "pending"),
    complete=(("processing",), "completed"),
    fail=(("processing",), "failed"),
    cancel=(OPEN, "cancelled"),
    expire=(("pending",), "expired"),
)
