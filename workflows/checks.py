"""Whether this code can run what is open: asked before a deploy, by each worker when it starts, and by `doctor`.

`manage.py check --database default` asks, and so does `migrate` before it changes anything.
"""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import DEFAULT_DB_ALIAS

from workflows.api import WORKFLOWS
from workflows.rows import sql
from workflows.states import IS_OPEN


def orphaned(databases: Iterable[str] | None = (DEFAULT_DB_ALIAS,), **options: Any) -> list[CheckMessage]:
    """Return E001 for each (workflow, version) that has open processes and is not in this code.

    Asks nothing where the check may not use the database, or where there are no tables yet.
    """
    if DEFAULT_DB_ALIAS not in (databases or ()) or sql("SELECT to_regclass('workflows_process')")[0][0] is None:
        return []
    rows = sql(
        f"""
        SELECT workflow, version, count(*), min(id::text) FROM workflows_process
        WHERE {IS_OPEN} GROUP BY workflow, version ORDER BY workflow, version
        """  # noqa: S608 (a literal of states.py)
    )
    return [
        Error(
            f"{count} open processes of workflow {name} version {version} would have no code (one of them: {example}).",
            hint=(
                f"Deploy code that still registers {name} version {version} until they have ended; or end them with "
                "the code that holds it: answer, resume or cancel them (admin, Procesos), and replay on the new "
                "version what was cancelled."
            ),
            id="workflows.E001",
        )
        for name, version, count, example in rows
        if (name, version) not in WORKFLOWS
    ]
