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
    # What a person approves after reconcile_aeat compared with the AEAT's ledger (verifactu/repairs.py).
    resend=(("accepted", "accepted_with_errors"), "pending"),
    adopt_accepted=(("accepted_with_errors", "rejected", "quarantined"), "accepted"),
    adopt_with_errors=(("accepted", "rejected", "quarantined"), "accepted_with_errors"),
)
FINAL_VERDICTS = ("accepted", "accepted_with_errors", "rejected")

SUBMISSION_STATES = ("sending", "answered", "refused", "not_delivered", "unknown")
SUBMISSION_MOVES = Moves(
    answer=(("sending", "unknown"), "answered"),
    refuse=(("sending",), "refused"),
    fail_to_deliver=(("sending",), "not_delivered"),
    doubt=(("sending",), "unknown"),
)

# A difference between our ledger and the AEAT's, as reconcile_aeat found it
#     open       a person has to look at it
#     approved   the repair was approved and carried out; the next comparison shows whether it helped
#     done       a later comparison found nothing any more
#     dismissed  a person knows of it and leaves it; the same is not told again
#     gone       it went away by itself before anybody decided
DISCREPANCY_STATES = ("open", "approved", "done", "dismissed", "gone")
DISCREPANCY_MOVES = Moves(
    approve=(("open",), "approved"),
    dismiss=(("open", "approved"), "dismissed"),
    prove=(("approved",), "done"),
    vanish=(("open",), "gone"),
    come_back=(("approved",), "open"),
)
