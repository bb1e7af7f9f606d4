"""The simulator as one thing: started, told, looked at and stopped."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from verifactu.simulator import folder, qr_page
from verifactu.simulator.authority import Authority
from verifactu.simulator.census import Census
from verifactu.simulator.control import Control
from verifactu.simulator.failures import MODES, Failure, Failures
from verifactu.simulator.ledger import Ledger
from verifactu.simulator.report import report
from verifactu.simulator.server import PATH, Door, Kind
from verifactu.simulator.service import Service

LONGEST_WAIT = 9999
"""Seconds: TiempoEsperaEnvio has four digits."""
LARGEST_PAGE = 10_000
_POLL = 0.02
"""Seconds after which a door notices that it is to close."""


def machine_time() -> datetime:
    """Return the machine's time, aware, in UTC."""
    return datetime.now(UTC)


class Simulator:
    """A stand-in AEAT, running in threads of this process while the `with` block lasts.

    :param directory: its authority and its ledger; what was there before is still known.
    :param seal_port: where certificates of seal are served; 0: a free one.
    :param qr_port: where invoices are verified, without certificate; 0: a free one.
    :param wait: TiempoEsperaEnvio, in seconds.
    :param enforce: turn away a submission that comes before its wait is over (429); else it is only counted.
    :param page_size: records of one page of a query.
    :param now: the present, aware; certificates are judged by the machine's time all the same.
    :param census: a file with the NIFs that exist, one a line with its name; without it all do.
    :param powers: a file with a holder's and a taxpayer's NIF on each line; without it nobody acts for another.
    :raises ValueError: for a wait or page size that the contract does not know.
    :raises OSError: when the port is taken or the directory cannot be used.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seal_port: int = 0,
        qr_port: int = 0,
        control_port: int = 0,
        wait: int = 60,
        enforce: bool = False,
        page_size: int = LARGEST_PAGE,
        now: Callable[[], datetime] = machine_time,
        census: Path | None = None,
        powers: Path | None = None,
    ) -> None:
        _check_wait(wait)
        if not 1 <= page_size <= LARGEST_PAGE:
            raise ValueError(f"a page has 1 to {LARGEST_PAGE} records, not {page_size}")
        self._host, self._control_port = host, control_port
        self._ports: dict[Kind, int] = {"personal": port, "seal": seal_port, "qr": qr_port}
        self._doors: dict[Kind, Door] = {}
        self.directory = folder.prepare(directory)
        self.authority = Authority(self.directory)
        self.ledger = Ledger(self.directory)
        self._failures = Failures()
        self._service = Service(
            self.ledger,
            wait=wait,
            enforce=enforce,
            page_size=page_size,
            now=now,
            census=Census(census, powers),
            failures=self._failures,
        )
        self._running = ExitStack()

    @property
    def endpoint(self) -> str:
        """The address of the service for certificates of persons and representatives (AEAT_ENDPOINT)."""
        return self._address("personal", PATH)

    @property
    def seal_endpoint(self) -> str:
        """The address of the service for certificates of seal."""
        return self._address("seal", PATH)

    @property
    def qr_url(self) -> str:
        """The address at which invoices are verified; the four parameters follow it."""
        return self._address("qr", qr_page.PATH)

    @property
    def ca_file(self) -> Path:
        """What a client must trust (AEAT_CA_FILE)."""
        return self.authority.ca_file

    @property
    def control_url(self) -> str:
        """The address of the control door."""
        return f"http://127.0.0.1:{self._control.server_address[1]}/control"

    def fail(self, mode: str, times: int = 1, **more: Any) -> None:
        """Do wrong with the next `times` requests what `mode` says (see failures.MODES and Failure).

        :raises ValueError: for a mode, number or operation that does not exist.
        """
        self.play(Failure(mode, times, **more))

    def play(self, failure: Failure) -> None:
        """Do wrong what `failure` says, after what has been told before."""
        self._tell(failure)

    def ask_for(self, wait: int) -> None:
        """Ask for another TiempoEsperaEnvio from now on, in seconds.

        :raises ValueError: for one that the contract does not know.
        """
        _check_wait(wait)
        self._service.wait = wait

    def heal(self) -> None:
        """Forget the failures that have not been played."""
        self._tell(None)

    def report(self, *, with_records: bool = True) -> dict[str, Any]:
        """Return the ledger as the control door shows it."""
        return report(self.ledger, with_records=with_records)

    def start(self) -> None:
        """Listen on both doors and return.

        :raises OSError: when a port is taken.
        """
        with ExitStack() as stack:
            for kind, port in self._ports.items():
                door = Door((self._host, port), kind, self.authority, self._service, self._failures)
                self._doors[kind] = door
                stack.callback(door.server_close)
            self._control = Control(
                self._control_port,
                tell=self._tell,
                wait=self.ask_for,
                failures=self._told,
                report=lambda with_records: report(self.ledger, with_records=with_records),
            )
            stack.callback(self._control.server_close)
            stops = [(self._control, self._control.shutdown), *((door, door.stop) for door in self._doors.values())]
            for server, stop in stops:
                thread = threading.Thread(target=server.serve_forever, args=(_POLL,), daemon=True)
                thread.start()
                stack.callback(thread.join)
                stack.callback(stop)
            self._running = stack.pop_all()

    def stop(self) -> None:
        """End what has begun and close everything; the ledger stays on disk."""
        self._running.close()
        self.ledger.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.ledger.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _tell(self, failure: Failure | None) -> None:
        if failure is None:
            self._failures.clear()
            return
        self._failures.add(failure)
        if MODES[failure.mode].kind == "connection":
            for door in self._doors.values():
                door.drop_waiting()

    def _address(self, kind: Kind, path: str) -> str:
        return f"https://{_shown(self._host)}:{self._doors[kind].server_address[1]}{path}"

    def _told(self) -> dict[str, Any]:
        return {
            "pending": [asdict(failure) for failure in self._failures.pending()],
            "played": dict(self._failures.played),
            "wait": self._service.wait,
        }


def _check_wait(wait: int) -> None:
    if not 0 <= wait <= LONGEST_WAIT:
        raise ValueError(f"wait is 0 to {LONGEST_WAIT} seconds, not {wait}")


def _shown(host: str) -> str:
    """Return the address by which this machine reaches a server that listens there."""
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 (compared, not listened on)
        return "localhost"
    return f"[{host}]" if ":" in host else host
