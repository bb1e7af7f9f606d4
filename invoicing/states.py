"""The states of orders, snapshots and invoices, and the moves between them.

An order      open (nothing issued), held (a person must act), invoiced, corrected, cancelled before any invoice,
              ignored (a decision or the policy says: no invoice).
A snapshot    captured, processed (a decision was taken on it), superseded (a newer one came first), ignored (stale
              or equal: kept as evidence).
An invoice    issued, acknowledged, acknowledged_with_errors, rejected (by the AEAT), rectified, annulled. Between the
              middle ones it goes to and fro: a later record replaces, annuls or reactivates what the AEAT holds.
A privacy request  open (being worked on), ready (what is held can be handed over by a person), done.
A notification     waiting (it is being sent), delivered (the other side took it), failed (given up).
"""

from common.states import Moves

ORDER_STATES = ("open", "held", "invoiced", "corrected", "cancelled", "ignored")
NOT_INVOICED = ("open", "held", "cancelled", "ignored")
"""The states of an order that has led to no invoice."""
ORDER_MOVES = Moves(
    hold=(("open",), "held"),
    reopen=(("held", "ignored", "cancelled"), "open"),
    invoice=(("open", "held"), "invoiced"),
    correct=(("open", "held", "invoiced"), "corrected"),
    cancel=(("open", "held"), "cancelled"),
    ignore=(("open", "held"), "ignored"),
)

SNAPSHOT_STATES = ("captured", "processed", "superseded", "ignored")
SNAPSHOT_MOVES = Moves(
    process=(("captured",), "processed"),
    supersede=(("captured",), "superseded"),
)

INVOICE_STATES = ("issued", "acknowledged", "acknowledged_with_errors", "rejected", "rectified", "annulled")
INVOICE_MOVES = Moves(
    acknowledge=(("issued", "rejected", "acknowledged_with_errors", "annulled"), "acknowledged"),
    acknowledge_with_errors=(("issued", "rejected", "acknowledged", "annulled"), "acknowledged_with_errors"),
    # after its acknowledgement: the AEAT says that it holds no such invoice (3002)
    reject=(("issued", "acknowledged", "acknowledged_with_errors"), "rejected"),
    rectify=(("issued", "acknowledged", "acknowledged_with_errors", "rejected"), "rectified"),
    annul=(("issued", "acknowledged", "acknowledged_with_errors", "rejected"), "annulled"),
)

REQUEST_STATES = ("open", "ready", "done")
REQUEST_MOVES = Moves(
    offer=(("open",), "ready"),
    finish=(("open", "ready"), "done"),
)

NOTIFICATION_STATES = ("waiting", "delivered", "failed")
NOTIFICATION_MOVES = Moves(
    deliver=(("waiting",), "delivered"),
    fail=(("waiting",), "failed"),
    resend=(("failed",), "waiting"),
)
