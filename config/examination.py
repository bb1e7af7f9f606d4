"""What `doctor` looks at: one function per thing, each answering with what it saw and, when it is wrong, the remedy."""

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from common.grants import differences
from common.rotation import columns, pages, unreadable
from common.secrets import Under
from config.aeat_examination import backlog, census, chains, companies, locked, stopped, unconfirmed
from config.findings import Finding
from invoicing.models import Endpoint
from invoicing.pdf import LibraryMissing, Renderer
from workflows.checks import orphaned
from workflows.models import Process
from workflows.rows import sql


def examine(now: datetime, *, quick: bool = False) -> Iterator[Finding]:
    """Look at everything, one thing after another; what needs the database is left out when there is none.

    :param quick: do not start a PDF renderer, which takes seconds.
    """
    yield from _settings()
    yield from _storage()
    if not quick:
        yield from _pdf()
    database = list(_database())
    yield from database
    if any(finding.verdict == "fail" and finding.what in ("database", "migrations") for finding in database):
        return
    secrets = list(_secrets())
    yield from secrets
    if any(finding.verdict == "fail" for finding in secrets):  # most rows cannot be read without theirs
        yield from _roles(now)
        return
    for look in (
        _roles,
        companies,
        unconfirmed,
        census,
        chains,
        stopped,
        locked,
        backlog,
        _endpoints,
        _workflows,
        _workers,
    ):
        yield from look(now)


def _settings() -> Iterator[Finding]:
    environment = settings.AEAT_ENVIRONMENT
    yield Finding("environment", "ok", f"AEAT_ENVIRONMENT={environment}")
    if environment != "simulator" and not settings.BEHIND_TLS:
        yield Finding("tls", "fail", "BEHIND_TLS is off", "put a TLS proxy in front and set BEHIND_TLS=true")
    if settings.DEBUG:
        yield Finding("debug", "fail", "DEBUG is on", "unset DEBUG")
    producer = f"{settings.PRODUCER_NAME} ({settings.PRODUCER_NIF}), {settings.SYSTEM_ID} {settings.SYSTEM_VERSION}"
    yield Finding("producer", "ok", producer)
    signed = f"{settings.SYSTEM_VERSION}, {settings.DECLARATION_DATE}, {settings.DECLARATION_PLACE}"
    yield Finding("declaration", "ok", signed)


def _storage() -> Iterator[Finding]:
    folder = settings.DOCUMENTS_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"doctor")
            os.fsync(file.fileno())
    except OSError as error:
        yield Finding("storage", "fail", str(error), f"make {folder} writable for this user")
        return
    yield Finding("storage", "ok", f"{folder} is writable")


def _pdf() -> Iterator[Finding]:
    renderer = Renderer()
    try:
        renderer.start()
        yield Finding("pdf", "ok", "the renderer starts")
    except LibraryMissing as error:
        yield Finding("pdf", "fail", "Pango is missing", str(error))
    finally:
        renderer.close()


def _database() -> Iterator[Finding]:
    try:
        version = sql("SHOW server_version")[0][0]
    except DatabaseError as error:
        yield Finding("database", "fail", str(error).splitlines()[0], "start PostgreSQL, or correct DATABASE_URL")
        return
    kind = "embedded" if connection.settings_dict["EMBEDDED_HOME"] else "DATABASE_URL"
    yield Finding("database", "ok", f"PostgreSQL {version} ({kind})")
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        yield Finding("migrations", "fail", f"{len(missing)} not applied", "manage.py migrate")
    else:
        yield Finding("migrations", "ok", "all applied")


def _roles(now: datetime) -> Iterator[Finding]:
    if wrong := differences(connection):
        yield Finding(
            "roles", "fail", "; ".join(wrong[:5]),
            "give the application a role that owns nothing (DATABASE_URL) and migrate as the owner "
            "(MIGRATION_DATABASE_URL)",
        )  # fmt: skip
    else:
        yield Finding("roles", "ok", "the application role can read and append the ledger, and not change it")


def _secrets() -> Iterator[Finding]:
    for error in (wrong := unreadable()):
        yield Finding("secrets", "fail", error.msg, error.hint or "")
    if wrong:
        return
    kept = [secret.under for column in columns() for page in pages(column) for secret in page]
    if older := kept.count(Under.OLDER):
        seen = f"{older} of {len(kept)} are under an older key of FIELD_KEYS"
        yield Finding("secrets", "warn", seen, "manage.py rotate_field_keys, before that key is taken away")
    else:
        yield Finding("secrets", "ok", f"all {len(kept)} are under the newest of FIELD_KEYS")


def _endpoints(now: datetime) -> Iterator[Finding]:
    for endpoint in Endpoint.objects.exclude(off_reason="").select_related("company__taxpayer").order_by("pk"):
        off = f"{endpoint.name} is switched off ({endpoint.off_reason})"
        yield Finding(
            "events", "warn", f"{endpoint.company.taxpayer.nif}: {off}",
            "put it in order, switch it on and send anew what failed (Avisos a otros sistemas)",
        )  # fmt: skip


def _workflows(now: datetime) -> Iterator[Finding]:
    for error in (wrong := orphaned()):
        yield Finding("workflows", "fail", error.msg, error.hint or "")
    if not wrong:
        yield Finding("workflows", "ok", "this code holds every version that an open process began with")


def _workers(now: datetime) -> Iterator[Finding]:
    alive = sql("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '15 s'")[0][0]
    if alive:
        yield Finding("workers", "ok", f"{alive} alive")
    else:
        yield Finding("workers", "warn", "none alive", "manage.py worker --queues default,pdf (or manage.py up)")
    held = Process.objects.filter(state__in=("held", "failed")).count()
    if held:
        yield Finding("processes", "warn", f"{held} wait for a person", "see Procesos in the admin")
