"""What the simulator can be told to do wrong, and how often; played in the order in which it was told.

One line tells it, on the command line, in a script and in this product's tests: `MODE[:VALUE][:TIMES] [name=value …]`,
where only some modes have a VALUE. The control door takes the same as JSON.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from verifactu.simulator.texts import FAULTS, TEXTS

Kind = Literal["connection", "before", "after", "answer", "record", "page"]


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to fail: `does` completes "the simulator …"; `value` is what it takes when nothing is said, if it does."""

    kind: Kind
    does: str
    value: str = ""


MODES = {
    # before any request: no byte of the message is read
    "refuse_connection": Mode("connection", "resets the connection before TLS; connections kept open are closed"),
    "tls_unknown_authority": Mode("connection", "shows a certificate of an authority that nobody trusts"),
    "tls_expired": Mode("connection", "shows a certificate that ended yesterday"),
    "tls_wrong_host": Mode("connection", "shows a certificate of another host"),
    # instead of an answer: nothing is stored
    "timeout_before": Mode("before", "reads the request, stores nothing, says nothing"),
    "html_page": Mode("before", "stores nothing, answers HTTP 200 with a page of HTML"),
    "http_403": Mode("before", "stores nothing, answers HTTP 403 with a page of HTML"),
    "http_429": Mode("before", "stores nothing, answers HTTP 429 with Retry-After"),
    "http_503": Mode("before", "stores nothing, answers HTTP 503 with Retry-After"),
    "fault_server": Mode("before", "stores nothing, answers HTTP 500 with a SOAP fault env:Server"),
    "fault": Mode("before", "stores nothing, answers HTTP 500 with the SOAP fault of that code", "4102"),
    # after the answer was made: everything is stored
    "timeout_after": Mode("after", "stores and commits, says nothing"),
    "cut_answer": Mode("after", "stores and commits, breaks off in the middle of the answer"),
    "slow_answer": Mode("after", "stores and commits, takes `seconds` over its answer, a little at a time"),
    # another answer to what was judged as ever
    "wait": Mode("answer", "asks for that many seconds until the next submission", "120"),
    "growing_wait": Mode("answer", "asks for that many seconds, the next time for twice as many", "120"),
    "shuffled_lines": Mode("answer", "answers the records in another order"),
    "missing_lines": Mode("answer", "leaves out the lines of the last third, of one record at least"),
    "extra_lines": Mode("answer", "adds a line for an invoice that was not sent"),
    # another verdict; `times` counts records
    "verdict": Mode("record", "gives a record that verdict: Correcto, or the code of an error", "1100"),
    "taken_number": Mode("record", "holds another system's record under the number, so that ours is a duplicate"),
    # the page behind the QR code
    "qr_error": Mode("page", "answers a verification with that code: 3001 technical, 3002 too many today", "3001"),
}
"""Each mode by name."""

OPERATIONS = ("any", "submission", "query", "identification", "qr")
DUPLICATES = ("Correcta", "Correcto", "AceptadaConErrores", "AceptadoConErrores", "Anulada", "Anulado")
"""How RegistroDuplicado has been seen to tell a state: in either gender (measured_facts.json)."""
ROLES = ("", "client", "server")
LONGEST_STALL = 3600.0
RETRY_AFTER = 5
"""Seconds that 429 and 503 ask for."""
MOST_SECONDS = 9999
"""TiempoEsperaEnvio has four digits."""

# The number in a record's own IDFactura: its link and the invoices that it corrects name others.
_NUMBER = re.compile(
    rb"IDFactura>\s*<[^>]*IDEmisorFactura(?:Anulada)?>[^<]*</[^>]*>\s*<[^>]*NumSerieFactura(?:Anulada)?>([^<]*)<"
)
_QR_ERRORS = ("3001", "3002")
_PLAYED_ON = {"answer": ("any", "submission"), "record": ("any", "submission"), "page": ("any", "qr")}


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing to do wrong: `times` requests long (records, for a verdict), for one operation or any.

    `seconds` is how long a stall lasts or a slow answer takes; `record`, a pattern (`F-2027-*`): only submissions with
    such a number, or for a verdict such records; `role`, whose fault a SOAP fault says it is, else what the code says;
    `duplicate`, how RegistroDuplicado tells the state with a verdict 3000.
    """

    mode: str
    times: int = 1
    operation: str = "any"
    seconds: float = 600.0
    value: str = ""
    record: str = ""
    role: str = ""
    duplicate: str = "Correcta"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}, not {self.mode!r}")
        if self.times < 1:
            raise ValueError(f"times is a number from 1 on, not {self.times!r}")
        if self.operation not in OPERATIONS:
            raise ValueError(f"operation is one of {', '.join(OPERATIONS)}, not {self.operation!r}")
        kind = MODES[self.mode].kind
        if kind == "connection" and (self.operation != "any" or self.record):
            raise ValueError("a connection is refused before its operation and records are known")
        if self.operation not in _PLAYED_ON.get(kind, OPERATIONS):
            raise ValueError(f"{self.mode} is played on {_PLAYED_ON[kind][1]} only")
        if not 0 < self.seconds <= LONGEST_STALL:
            raise ValueError(f"seconds is a number up to {LONGEST_STALL}, not {self.seconds!r}")
        if self.role not in ROLES:
            raise ValueError(f"role is client or server, not {self.role!r}")
        if self.duplicate not in DUPLICATES:
            raise ValueError(f"duplicate is one of {', '.join(DUPLICATES)}, not {self.duplicate!r}")
        object.__setattr__(self, "value", self.value or MODES[self.mode].value)
        if problem := _wrong_value(self.mode, self.value):
            raise ValueError(f"{self.mode} takes {problem}, not {self.value!r}")

    @classmethod
    def parse(cls, text: str) -> "Failure":
        """Return the failure that one line names: MODE[:VALUE][:TIMES], perhaps followed by name=value.

        :raises ValueError: for anything else.
        """
        head, *more = text.split() or [""]
        mode, *parts = head.split(":")
        wanted: dict[str, Any] = {"mode": mode}
        if parts and mode in MODES and MODES[mode].value:
            wanted["value"] = parts.pop(0)
        if parts:
            wanted["times"] = parts.pop(0)
        if parts or "" in wanted.values():
            raise ValueError(f"{text!r} is not MODE[:VALUE][:TIMES]")
        for pair in more:
            name, equals, value = pair.partition("=")
            if not equals or name in wanted or name not in _NAMES:
                raise ValueError(f"{pair!r} is not one of {'=, '.join(_NAMES)}= given once")
            wanted[name] = value
        for name, kind in (("times", int), ("seconds", float)):
            if name in wanted:
                try:
                    wanted[name] = kind(wanted[name])
                except ValueError:
                    raise ValueError(f"{name} is a number, not {wanted[name]!r}") from None
        return cls(**wanted)

    @property
    def client(self) -> bool:
        """Whether a fault is said to be the client's: what the role says, else what the code is known for."""
        return self.role == "client" or (not self.role and FAULTS.get(self.value) != "server")


_NAMES = tuple(field.name for field in fields(Failure) if field.name != "mode")


def script(file: Path) -> list[Failure]:
    """Return the failures of a script: one a line, `#` and what follows it being a note.

    :raises ValueError: for a line that is none, with its number.
    :raises OSError: when it cannot be read.
    """
    found = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        if text := line.partition("#")[0].strip():
            try:
                found.append(Failure.parse(text))
            except ValueError as error:
                raise ValueError(f"{file}, line {number}: {error}") from error
    return found


class Failures:
    """The list of what is to be played, shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Failure] = []
        self.played: Counter[str] = Counter()

    def add(self, failure: Failure) -> None:
        """Put a failure at the end of the list."""
        with self._lock:
            self._pending.append(failure)

    def clear(self) -> None:
        """Forget what has not been played."""
        with self._lock:
            self._pending.clear()

    def pending(self) -> list[Failure]:
        """Return what has not been played, `times` being what is left."""
        with self._lock:
            return list(self._pending)

    def for_connection(self) -> Failure | None:
        """Return what to do wrong with this connection, and count it as played."""
        return self._take(lambda failure: MODES[failure.mode].kind == "connection")

    def refusing(self) -> bool:
        """Tell whether new connections are to fail, without counting anything."""
        return any(MODES[failure.mode].kind == "connection" for failure in self.pending())

    def for_request(self, operation: str, body: bytes = b"") -> Failure | None:
        """Return what to do wrong with this request, and count it as played."""
        numbers: list[str] | None = None

        def fits(failure: Failure) -> bool:
            nonlocal numbers
            kind = MODES[failure.mode].kind
            if kind in ("connection", "record") or (kind == "page") != (operation == "qr"):
                return False
            if kind == "answer" and operation != "submission":
                return False
            # What is told of a sender's requests is not spent on its questions to the census.
            if failure.operation not in ("any", operation) or (
                operation == "identification" and failure.operation != operation
            ):
                return False
            if not failure.record:
                return True
            if numbers is None:
                numbers = [found.decode("utf-8", "replace") for found in _NUMBER.findall(body)]
            return _any_like(numbers, failure.record)

        return self._take(fits)

    def for_record(self, number: str) -> Failure | None:
        """Return the verdict that a record of that number is to get, and count it as played."""
        return self._take(
            lambda failure: MODES[failure.mode].kind == "record" and _any_like([number], failure.record or "*")
        )

    def _take(self, fits: Callable[[Failure], bool]) -> Failure | None:
        with self._lock:
            for index, failure in enumerate(self._pending):
                if fits(failure):
                    if failure.times > 1:
                        value = str(2 * int(failure.value)) if failure.mode == "growing_wait" else failure.value
                        self._pending[index] = replace(failure, times=failure.times - 1, value=value)
                    else:
                        del self._pending[index]
                    self.played[failure.mode] += 1
                    return failure
        return None


def _any_like(numbers: Iterable[str], pattern: str) -> bool:
    return any(fnmatchcase(number, pattern) for number in numbers)


def _wrong_value(mode: str, value: str) -> str:
    """Return what the mode takes when that is not this value; empty when it is right."""
    match mode:
        case "fault":
            return "" if value in FAULTS else "a code of the AEAT's that refuses a whole request"
        case "wait" | "growing_wait":
            right = value.isascii() and value.isdecimal() and int(value) <= MOST_SECONDS
            return "" if right else f"seconds up to {MOST_SECONDS}"
        case "verdict":
            right = value == "Correcto" or (value.isdecimal() and len(value) == 4 and value[0] in "123")
            return "" if right else "Correcto or a code of four digits (1xxx, 2xxx, 3xxx)"
        case "qr_error":
            return "" if value in _QR_ERRORS else " or ".join(_QR_ERRORS)
    return "no value" if value else ""


def sentence(code: str) -> str:
    """Return the sentence that goes with a code, also one that the simulator never gives by itself."""
    return TEXTS.get(code, f"Error {code}, a petición de quien prueba")
