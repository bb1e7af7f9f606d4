"""Take what ended processes wrote down about somebody out of their journal; that they ran, when and how, stays."""

from collections.abc import Sequence

from workflows.rows import sql
from workflows.states import TERMINAL

NOTHING = "null"
"""The output of a step that was emptied."""


def empty_journals(tags: Sequence[str]) -> int:
    """Empty what the ended processes with any of `tags` hold of outputs, answers and errors; return how many they are.

    Results and payloads name rows and stay. In the caller's transaction; an open process is not touched.
    """
    ids = [
        process
        for (process,) in sql(
            "SELECT id FROM workflows_process WHERE tags && %s::varchar[] AND tags <> '{}' AND state = ANY(%s)",
            [list(tags), list(TERMINAL)],
        )
    ]
    if not ids:
        return 0
    sql("UPDATE workflows_step SET output = %s WHERE process_id = ANY(%s) AND output IS NOT NULL", [NOTHING, ids])
    sql("UPDATE workflows_attempt SET message = '', traceback = '' WHERE process_id = ANY(%s)", [ids])
    sql(
        "UPDATE workflows_token SET answer = CASE WHEN answer IS NOT NULL THEN %s END, reason = ''"
        " WHERE process_id = ANY(%s)",
        [NOTHING, ids],
    )
    sql(
        "UPDATE workflows_process SET hold = NULL, error = jsonb_set(error, '{message}', '\"\"', false)"
        " WHERE id = ANY(%s)",
        [ids],
    )
    return len(ids)
