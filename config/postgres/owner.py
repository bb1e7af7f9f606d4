"""One connection, for a while in the hands of the owner of the tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.urls import owner_settings


@contextmanager
def as_owner(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Reconnect this thread's connection as the owner, and as the application again afterwards.

    :raises ImproperlyConfigured: inside a transaction, which a reconnection would lose.
    """
    if connection.in_atomic_block:
        raise ImproperlyConfigured("The owner's connection is a new one; it cannot begin inside a transaction.")
    application = connection.settings_dict
    owner = owner_settings(settings.MIGRATION_DATABASE_URL, settings.DATABASE_URL, settings.DATA_DIR)
    connection.close()
    # A dictionary of its own: the settings' one is shared with the connections of other threads.
    connection.settings_dict = {**application, **owner}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = application
