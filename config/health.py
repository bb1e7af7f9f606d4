"""`/healthz`: this process answers. `/readyz`: it can do its work."""

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process lives; asks nothing of the database."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers and every migration is applied, else 503 with what is missing."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, InterfaceError):
        return JsonResponse({"status": "no database"}, status=503)
    if missing:
        return JsonResponse({"status": "migrations missing", "count": len(missing)}, status=503)
    return JsonResponse({"status": "ready"})
