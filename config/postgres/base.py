"""Django's PostgreSQL backend (`ENGINE = "config.postgres"`) with the embedded server behind it.

Procrastinate's worker asks `get_connection_params` too, so its own pool finds the server running and gets the same
session parameters.
"""

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base

from config.postgres.server import ensure


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that starts the embedded server when it is first needed, and again when it was killed."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return libpq's parameters, with the embedded server up (see `ensure` for cost and errors).

        Here and not in the settings: what never connects (collectstatic, a system check) starts no server.
        """
        if home := self.settings_dict["EMBEDDED_HOME"]:
            ensure(Path(home))
        parameters: dict[str, Any] = super().get_connection_params()
        return parameters
