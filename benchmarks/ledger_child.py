"""The other processes of benchmarks/growing.py: the stand-in AEAT on a folder, or one command under watch."""

import io
import json
import os
import sys
import threading
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Self

EVERY = 0.02
"""Seconds between two looks at the memory."""


def main() -> int:
    """Serve until stdin closes, or run the command named and print what was seen as JSON."""
    if sys.argv[1] == "aeat":
        return serve(Path(sys.argv[2]), int(sys.argv[3]))
    import django  # noqa: PLC0415 (the stand-in needs none)
    from django.core.management import call_command  # noqa: PLC0415

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    said, code = io.StringIO(), 0
    began = time.perf_counter()
    with Watch() as watch, redirect_stdout(said):
        try:
            call_command(sys.argv[1], "--json")
        except SystemExit as left:
            code = int(left.code or 0)
    seconds = time.perf_counter() - began
    told = {"seconds": seconds, "peak_mb": watch.peak, "code": code, "said": said.getvalue()}
    sys.stdout.write(json.dumps(told))
    return 0


def serve(folder: Path, page_size: int) -> int:
    """Run the stand-in AEAT, so many invoices a page."""
    from verifactu.simulator import Simulator  # noqa: PLC0415

    with Simulator(folder, page_size=page_size) as simulator:
        sys.stdout.write(json.dumps([simulator.endpoint, str(simulator.ca_file)]) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


class Watch:
    """Reads the resident memory of this process, in MB, while the block lasts."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE") / 1e6
        while True:
            self.peak = max(self.peak, int(Path("/proc/self/statm").read_text().split()[1]) * page)
            if self._done.wait(EVERY):
                return


if __name__ == "__main__":
    sys.exit(main())
