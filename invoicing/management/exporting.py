"""What the commands that export have in common: ask, wait, tell."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from common import clock, commands
from invoicing.api.ids import EXPORT, text
from invoicing.exports import OneADay, progress, request_export
from invoicing.mail import BadRecipient, one_address
from invoicing.models import Company, Export
from workflows.models import Process
from workflows.states import OPEN


def export(
    company: str, *, kind: str, first: date, last: date, email: str, language: str, requested_by: str, wait: float,
    tell: Callable[[str], None],
) -> tuple[Any, int]:  # fmt: skip
    """Ask for an export and wait `wait` seconds for its files; return what is known then, and the exit code.

    :raises CommandError: for an unknown company, a period or an address that is none, another period than today's.
    """
    found = Company.objects.select_related("taxpayer").filter(taxpayer__nif=company).first()
    if found is None:
        raise CommandError(f"no company with NIF {company}", returncode=commands.USAGE)
    try:
        if email:
            one_address(email)
        handle = request_export(
            found, requested_by=requested_by, first=first, last=last, email=email, language=language, kind=kind,
            now=clock.now(),
        )  # fmt: skip
    except (ValueError, BadRecipient) as error:
        raise CommandError(str(error), returncode=commands.USAGE) from error
    except OneADay as error:
        raise CommandError(f"{error} Name another --requested-by, or wait until tomorrow.") from error
    process = _wait_for(handle.id, wait, tell)
    made = Export.objects.filter(pk=handle.id).first()
    written = progress(handle.id)
    answer = {
        "export": text(EXPORT, handle.id),
        "process": str(handle.id),
        "kind": kind,
        "created": handle.created,
        "state": process.state,
        "pages_done": written.done,
        "pages": written.total,
        "rows": made.rows if made else None,
        "invoices": made.count if made else None,
        "csv": made.csv_sha256 if made else None,
        "xlsx": made.xlsx_sha256 if made else None,
        "error": (process.error or {}).get("message", ""),
    }
    if process.state in OPEN:
        return answer, commands.TRY_LATER if wait else commands.OK
    return answer, commands.OK if process.state == "completed" else commands.ERROR


def said(answer: Any) -> list[str]:
    """Return that in words."""
    if answer["rows"] is not None:
        return [f"{answer['invoices']} invoices: export {answer['export']}", f"CSV  {answer['csv']}",
                f"XLSX {answer['xlsx']}"]  # fmt: skip
    word = "started" if answer["created"] else "asked for already"
    reason = f": {answer['error']}" if answer["error"] else ""
    return [f"export {answer['export']} {word}, {answer['state']}{reason}"]


def _wait_for(process: UUID, seconds: float, tell: Callable[[str], None]) -> Process:
    """Return the process when it has ended, or as it is when the time is over."""
    ticks = threading.Event()
    told = -1
    while True:
        row = Process.objects.get(pk=process)
        if row.state not in OPEN or seconds <= 0:
            return row
        written = progress(process)
        if written.done != told:
            tell(f"{written.done} of {written.total} pages")
            told = written.done
        ticks.wait(min(0.5, seconds))
        seconds -= 0.5
