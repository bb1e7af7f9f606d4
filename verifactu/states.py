"""The states of records and submissions, and the moves between them.

A record
    pending               made, sealed, waits to be sent
    in_flight             part of a submission whose outcome is not known yet
    accepted              stored by the AEAT
    accepted_with_errors  stored by the AEAT, which names an error
    rejected              refused by the AEAT; stays in the chain for ever
    unknown               the request left, no usable answer came: the AEAT is asked before anything is sent again
    quarantined           cannot be sent as it stands; a person must look at its reason

A submission: sending, then answered, refused (nothing was stored), not_delivered (safe to send again) or unknown.
"""

from common.states import Moves

RECORD_STATES = (
    "pending", "in_flight", "accepted", "accepted_with_errors", "rejected", "unknown", "quarantined",
)  # fmt: skip
RECORD_MOVES = Moves(
    claim=(("pending",), "in_flight"),
    release=(("in_flight", "unknown", "quarantined"), "pending"),
    accept=(("in_flight", "unknown"), "accepted"),
    accept_with_errors=(("in_flight", "unknown"), "accepted_with_errors"),
    reject=(("in_flight", "unknown"), "rejected"),
    doubt=(("in_flight",), "unknown"),
    quarantine=(("pending", "unknown"), "quarantined"),
)
FINAL_VERDICTS = ("accepted", "accepted_with_errors", "rejected")

SUBMISSION_STATES = ("sending", "answered", "refused", "not_delivered", "unknown")
SUBMISSION_MOVES = Moves(
    answer=(("sending", "unknown"), "answered"),
    refuse=(("sending",), "refused"),
    fail_to_deliver=(("sending",), "not_delivered"),
    doubt=(("sending",), "unknown"),
)
