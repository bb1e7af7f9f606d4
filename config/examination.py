"""What `doctor` looks at: one function per thing, each answering with what it saw and, when it is wrong, the remedy."""

import os
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from common.grants import differences
from invoicing.models import Company
from invoicing.pdf import LibraryMissing, Renderer
from verifactu import locks
from verifactu.certificates import Certificate
from verifactu.client import endpoint_for
from verifactu.errors import VerifactuError
from verifactu.models import Installation, Record, Submission
from workflows.checks import orphaned
from workflows.models import Process
from workflows.rows import sql

WARN_BEFORE = (60, 30, 15, 7, 1)
"""Days before a certificate's end at which it is told (issue of warnings: the first that is reached)."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ok, warn or fail, what was seen, and what to do."""

    what: str
    verdict: Literal["ok", "warn", "fail"]
    seen: str
    remedy: str = ""


def examine(now: datetime) -> Iterator[Finding]:
    """Look at everything, one thing after another; what needs the database is left out when there is none."""
    yield from _settings()
    yield from _storage()
    yield from _pdf()
    database = list(_database())
    yield from database
    if any(finding.verdict == "fail" and finding.what in ("database", "migrations") for finding in database):
        return
    for look in (_roles, _companies, _workflows, _workers, _backlog, _restores):
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
        yield Finding("roles", "ok", "the application role can insert and read the ledger, and change nothing in it")


def _companies(now: datetime) -> Iterator[Finding]:
    companies = list(Company.objects.select_related("taxpayer"))
    if not companies:
        yield Finding("companies", "warn", "none yet", "add one in the admin")
    for company in companies:
        yield from _certificate(company, now)
        if not Installation.objects.filter(
            taxpayer=company.taxpayer, environment=settings.AEAT_ENVIRONMENT, active=True
        ).exists():
            yield Finding(
                f"{company}", "fail", f"no installation for {settings.AEAT_ENVIRONMENT}",
                "a new installation must be made for this environment before it can invoice",
            )  # fmt: skip


def _certificate(company: Company, now: datetime) -> Iterator[Finding]:
    taxpayer = company.taxpayer
    subject = f"certificate of {taxpayer.nif}"
    if not taxpayer.certificate:
        yield Finding(subject, "fail", "none", "upload the PKCS#12 file in the admin")
        return
    try:
        certificate = Certificate.from_pkcs12(bytes(taxpayer.certificate), taxpayer.certificate_password)
    except VerifactuError as error:
        yield Finding(subject, "fail", str(error), "upload the PKCS#12 file again with its password")
        return
    left = certificate.not_after - now
    if left <= timedelta(0):
        yield Finding(subject, "fail", f"expired on {certificate.not_after:%Y-%m-%d}", "upload the renewed one")
    elif left.days <= WARN_BEFORE[0]:
        yield Finding(subject, "warn", f"expires in {left.days} days", "renew it and upload the new one")
    else:
        yield Finding(subject, "ok", f"{certificate.holder_name}, until {certificate.not_after:%Y-%m-%d}")
    if certificate.nif and certificate.nif != taxpayer.nif:
        yield Finding(
            subject, "warn", f"it is {certificate.nif}'s",
            "right only for a representative or colaborador social; otherwise upload the taxpayer's own",
        )  # fmt: skip
    yield _endpoint(certificate)


def _endpoint(certificate: Certificate) -> Finding:
    endpoint = settings.AEAT_ENDPOINT
    if not endpoint and settings.AEAT_ENVIRONMENT == "simulator":
        return Finding("aeat", "warn", "AEAT_ENDPOINT is not set", "manage.py up starts a simulator by itself")
    endpoint = endpoint or endpoint_for(settings.AEAT_ENVIRONMENT, seal=certificate.is_seal)
    parts = urlsplit(endpoint)
    context = certificate.ssl_context(settings.AEAT_CA_FILE or None)
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 443), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname),
        ):
            return Finding("aeat", "ok", f"{endpoint} answers the TLS handshake")
    except OSError as error:
        return Finding("aeat", "fail", f"{endpoint}: {error}", "check network, certificate and AEAT_CA_FILE")


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


def _backlog(now: datetime) -> Iterator[Finding]:
    oldest = Record.objects.filter(state__in=("pending", "in_flight", "unknown")).order_by("generated_at").first()
    if oldest is None:
        yield Finding("aeat backlog", "ok", "every record has its answer")
        return
    count = Record.objects.filter(state__in=("pending", "in_flight", "unknown")).count()
    last = Submission.objects.filter(installation=oldest.installation).first()
    reason = f"; last attempt: {last.state} {last.reason}".rstrip() if last else ""
    age = int((now - oldest.generated_at).total_seconds())
    yield Finding(
        "aeat backlog", "warn" if age > 240 else "ok", f"{count} records wait, the oldest for {age} s{reason}",
        "they are sent again by themselves, at least once an hour",
    )  # fmt: skip


def _restores(now: datetime) -> Iterator[Finding]:
    for chain in Installation.objects.select_related("taxpayer").filter(
        environment=settings.AEAT_ENVIRONMENT, active=True
    ):
        if reason := locks.why_closed(chain):
            yield Finding("restore", "fail", f"{chain}: nothing is issued or sent: {reason}", locks.REMEDY)
