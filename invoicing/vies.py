"""The Commission's VIES: whether a VAT number of another member state stands today.

Its REST service (`POST <VIES_URL>/check-vat-number`) answers `valid` with a consultation number when the question says
in whose name it is asked. What is no answer (a member state that is down, too many questions, an error page) comes as
`errorWrappers`, `userError`, or a status, and says nothing about the number.
"""

from typing import Any, Literal

import msgspec
import requests

TIMEOUT = (5.0, 25.0)
"""Seconds to connect and to read; some member states take fifteen."""
LONGEST_ANSWER = 64 * 1024
NO_ANSWER = frozenset({
    "MS_UNAVAILABLE", "MS_MAX_CONCURRENT_REQ", "MS_MAX_CONCURRENT_REQ_TIME", "GLOBAL_MAX_CONCURRENT_REQ",
    "GLOBAL_MAX_CONCURRENT_REQ_TIME", "SERVICE_UNAVAILABLE", "SERVER_BUSY", "TIMEOUT", "VAT_BLOCKED", "IP_BLOCKED",
    "INVALID_REQUESTER_INFO", "INTERNAL_ERROR",
})  # fmt: skip
"""Errors that say nothing about the number that was asked about."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What VIES said; `raw` is its text as it came, or the error that kept it from coming."""

    outcome: Literal["valid", "invalid", "unavailable"]
    request_identifier: str = ""
    detail: str = ""
    raw: str = ""


def ask(url: str, number: str, requester: str) -> Answer:
    """Ask about `number` in the name of `requester`, both with their country's letters."""
    body = {
        "countryCode": number[:2],
        "vatNumber": number[2:],
        "requesterMemberStateCode": requester[:2],
        "requesterNumber": requester[2:],
    }
    address = f"{url.rstrip('/')}/check-vat-number"
    try:
        with requests.post(address, json=body, timeout=TIMEOUT, allow_redirects=False, stream=True) as response:
            raw = response.raw.read(LONGEST_ANSWER, decode_content=True).decode("utf-8", "replace")
            status = response.status_code
    except (requests.RequestException, OSError) as error:
        return Answer(outcome="unavailable", detail=type(error).__name__, raw=str(error))
    return understood(status, raw, number)


def understood(status: int, raw: str, number: str) -> Answer:
    """Return what an answer means; whatever is not clearly yes or no is no answer."""
    # NUL is valid UTF-8 and no text of PostgreSQL.
    raw = raw.replace("\0", "")
    try:
        told: Any = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return Answer(outcome="unavailable", detail=f"HTTP {status}", raw=raw)
    if not isinstance(told, dict):
        return Answer(outcome="unavailable", detail=f"HTTP {status}", raw=raw)
    if error := _error(told):
        # Only this one is about the number: its form is not that of its country.
        outcome: Literal["invalid", "unavailable"] = "invalid" if error == "INVALID_INPUT" else "unavailable"
        return Answer(outcome=outcome, detail=error[:200], raw=raw)
    about = f"{told.get('countryCode', number[:2])}{told.get('vatNumber', number[2:])}"
    valid = told.get("valid", told.get("isValid"))
    if status != 200 or not isinstance(valid, bool) or about != number:
        return Answer(outcome="unavailable", detail=f"HTTP {status}", raw=raw)
    return Answer(
        outcome="valid" if valid else "invalid",
        request_identifier=str(told.get("requestIdentifier") or "")[:40],
        raw=raw,
    )


def _error(told: dict[str, Any]) -> str:
    """Return the error code in an answer, empty when there is none."""
    wrappers = told.get("errorWrappers")
    if isinstance(wrappers, list) and wrappers and isinstance(wrappers[0], dict):
        return str(wrappers[0].get("error", "?"))
    user_error = str(told.get("userError") or "")
    return user_error if user_error in NO_ANSWER or user_error == "INVALID_INPUT" else ""
