"""Wait until a child of ours answers."""

import json
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE = 60.0


class NotReady(Exception):
    """A process did not come up in time; its log says why."""


def await_simulator(ready_file: Path) -> dict[str, str]:
    """Return the addresses that the simulator wrote when it was listening.

    :raises NotReady: after a minute.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if ready_file.exists():
            addresses: dict[str, str] = json.loads(ready_file.read_text())
            return addresses
        threading.Event().wait(0.05)
    raise NotReady(f"the simulator did not start ({ready_file})")


def await_web(url: str) -> None:
    """Return when `url` answers 200.

    :raises NotReady: after a minute.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (an address of our own)
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            threading.Event().wait(0.1)
    raise NotReady(f"{url} does not answer")
