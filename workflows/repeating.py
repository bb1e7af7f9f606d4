"""Transactions that begin again when PostgreSQL broke them off: on a new connection, without spending an attempt."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from threading import Event
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

from workflows.errors import WorkflowError

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Seconds between the tries."""


def transact(work: Callable[[], T], *, atomic: bool = True) -> T:
    """Run `work` in a transaction, again on a new connection when PostgreSQL broke it off.

    `atomic=False` for a single statement, which is a transaction by itself.
    """
    if connection.in_atomic_block:
        return work()  # a part of somebody's transaction: they begin again
    for pause in (*PATIENCE, None):
        try:
            with transaction.atomic() if atomic else nullcontext():
                return work()
        except (OperationalError, InterfaceError) as error:
            if pause is None or not broken_off(error):
                raise
            log.warning("transaction broken off (%s), trying again", type(error).__name__)
            connection.close_if_unusable_or_obsolete()
            Event().wait(pause)
    raise WorkflowError("unreachable")


def broken_off(error: Exception) -> bool:
    """Tell whether PostgreSQL ended this transaction for a reason that repeating it may cure."""
    state = getattr(error.__cause__, "sqlstate", None)
    # No state: the connection itself went. 08 connection, 40 deadlock and serialisation, 55P03 lock timeout,
    # 57P01-03 the server is going down or coming up, 25P03 idle in transaction.
    return state is None or state[:2] in ("08", "40") or state in ("55P03", "57P01", "57P02", "57P03", "25P03")
