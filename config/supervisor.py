"""A small supervisor: keeps the processes of `up` and `demo` alive, and never outlives or loses one of them.

    with Supervisor([Child("worker", [sys.executable, "manage.py", "worker"])], log_dir=folder) as supervisor:
        supervisor.wait()                                         # until Ctrl-C or SIGTERM; leaving the block stops all

Every child leads a session of its own, so that Ctrl-C at the terminal reaches the supervisor alone and once, and
whatever a child starts is in the child's process group and is killed with it.

Every child inherits the reading end of one pipe, its life line. Nobody ever writes into it, and its writing end is the
supervisor's alone: when the supervisor dies, even by kill -9, the kernel closes it and the children read the end of
the file. They listen for that in `hold_lifeline`, which manage.py calls first thing; `python -m config.supervisor
gunicorn ...` does the same for a Python program that is not ours.

One thread per child starts it, waits for its end, and starts it again after a pause. No asyncio, no polling.
"""

import atexit
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Self

LIFELINE = "ENCADENA_LIFELINE_FD"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds before a child that ended is started again: the first time, and at most after doubling."""
HEALTHY = 30.0
"""Seconds after which a child counts as having been well: the next pause is the first one again."""
GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""

OnLine = Callable[[str, str], None]
_Handler = signal.Handlers | Callable[[int, FrameType | None], object] | int | None


@dataclass(frozen=True)
class Child:
    """One process to keep: the program itself, no shell around it.

    `env` is added to the supervisor's own environment; `restart=False` is for what ends when its work is done.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    restart: bool = True


class Supervisor:
    """Start children, keep them running, stop them all.

    :param log_dir: where each child's output goes, appended to `<name>.log`; without it, output goes to `on_line`.
    :param on_line: called with (child's name, line) from other threads, and with ("supervisor", line) at every end and
        restart. Without it and without a folder, lines go to stderr with the name in front.
    """

    def __init__(self, children: Sequence[Child], log_dir: Path | None = None, on_line: OnLine | None = None) -> None:
        self._children = children
        self._log_dir = log_dir
        self._on_line = on_line or (_to_stderr if log_dir is None else _to_nobody)
        self._keepers: list[_Keeper] = []
        self._stopping = threading.Event()
        self._old_handlers: dict[signal.Signals, _Handler] = {}
        self._interrupts = 0
        self._lifeline: tuple[int, int] | None = None

    def start(self) -> None:
        """Start every child; from now on SIGTERM and SIGHUP interrupt the main thread as Ctrl-C does.

        Call it from the main thread. After a failure nothing is left running.

        :raises OSError: a program is not there, or the log folder cannot be made.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # nohup
            self._old_handlers[number] = signal.signal(number, self._interrupt)
        try:
            if self._log_dir:
                self._log_dir.mkdir(parents=True, exist_ok=True)
            self._lifeline = os.pipe()
            for child in self._children:
                keeper = _Keeper(child, self._lifeline[0], self._stopping, self._log_dir, self._on_line)
                keeper.launch()
                keeper.start()
                self._keepers.append(keeper)
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Wait for Ctrl-C or SIGTERM, or until no child is left that would be started again; then stop all."""
        # A second Ctrl-C that comes while the first is being told has been counted: `stop` will kill.
        with suppress(KeyboardInterrupt):
            try:
                for keeper in self._keepers:
                    keeper.finished.wait()
            except KeyboardInterrupt:
                self._on_line("supervisor", "stopping; Ctrl-C once more kills")
        self.stop()

    def stop(self) -> None:
        """End every child: SIGTERM, then SIGKILL to its group after 10 s or at a second Ctrl-C. May be called again."""
        self._stopping.set()
        try:
            for keeper in self._keepers:
                keeper.terminate()
            if self._interrupts > 1:
                raise KeyboardInterrupt
            deadline = time.monotonic() + GRACE
            for keeper in self._keepers:
                keeper.finished.wait(max(0.0, deadline - time.monotonic()))
        except KeyboardInterrupt:
            self._on_line("supervisor", "killing")
        for keeper in self._keepers:
            keeper.kill()
        for keeper in self._keepers:
            keeper.finished.wait()
        if self._lifeline:
            for descriptor in self._lifeline:
                os.close(descriptor)
            self._lifeline = None
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        self._old_handlers.clear()
        self._interrupts = 0

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupts += 1
        raise KeyboardInterrupt

    def pids(self) -> dict[str, int]:
        """Return the process id of every child that runs at this moment, by name."""
        return {keeper.child.name: pid for keeper in self._keepers if (pid := keeper.pid())}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Keeper(threading.Thread):
    """The thread that keeps one child."""

    def __init__(
        self, child: Child, lifeline: int, stopping: threading.Event, log_dir: Path | None, on_line: OnLine
    ) -> None:
        super().__init__(name=f"keeper-{child.name}", daemon=True)
        self.child = child
        self._lifeline = lifeline
        self._stopping = stopping
        self._log = log_dir / f"{child.name}.log" if log_dir else None
        self._on_line = on_line
        # Held while a process is started, signalled or taken away when dead: none is started after `stop` has gone
        # through the list, and no signal goes to a number that is somebody else's by now.
        self._lock = threading.Lock()
        # Not `join`: up to Python 3.12 a Ctrl-C inside it marks a running thread as ended.
        self.finished = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._launched_at = 0.0

    def launch(self) -> None:
        with self._lock:
            if self._stopping.is_set():
                return
            output = self._log.open("a") if self._log else None
            try:
                self._process = subprocess.Popen(
                    self.child.argv,
                    cwd=Path(__file__).resolve().parent.parent,
                    env=os.environ
                    | {"PYTHONUNBUFFERED": "1"}
                    | dict(self.child.env or {})
                    | {LIFELINE: str(self._lifeline)},
                    stdin=subprocess.DEVNULL,
                    stdout=output or subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    encoding="utf-8",
                    errors="replace",
                    start_new_session=True,
                    pass_fds=(self._lifeline,),
                )
            finally:
                if output:
                    output.close()
            self._launched_at = time.monotonic()

    def run(self) -> None:
        try:
            self._keep()
        finally:
            self.finished.set()

    def _keep(self) -> None:
        pause = 0.0
        while self._process and not self._stopping.is_set():
            code = self._until_ended(self._process)
            if self._stopping.is_set() or not self.child.restart:
                break
            pause = next_pause(pause, lived=time.monotonic() - self._launched_at)
            self._note(f"{_ended(code)}; starting it again in {pause:g} s")
            if self._stopping.wait(pause):
                break
            try:
                self.launch()
            except OSError as error:
                self._note(f"cannot be started: {error}")
                break

    def _until_ended(self, process: "subprocess.Popen[str]") -> int:
        """Wait for the process, kill what it left behind in its group, return its exit code."""
        reader = None
        if process.stdout:
            reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
            reader.start()
        if hasattr(os, "waitid"):
            # Looks without taking the dead process away, whose number is the group's and cannot be anybody else's yet.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        else:
            process.wait()
        with self._lock:
            _signal_group(process.pid, signal.SIGKILL)
            code = process.wait()
        if reader:
            # A server that left for a session of its own may hold the output open for ever.
            reader.join(1.0)
        return code

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._on_line(self.child.name, line.rstrip("\n"))

    def _note(self, text: str) -> None:
        self._on_line("supervisor", f"{self.child.name} {text}")
        if self._log:
            with self._log.open("a") as log:
                log.write(f"--- supervisor: {self.child.name} {text}\n")

    def terminate(self) -> None:
        """Ask the child itself to end, not its group: it knows how to part from its own children."""
        with self._lock:
            if self._process and self._process.returncode is None:
                os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        with self._lock:
            if self._process and self._process.returncode is None:
                _signal_group(self._process.pid, signal.SIGKILL)

    def pid(self) -> int | None:
        process = self._process
        return process.pid if process and process.returncode is None else None


def next_pause(previous: float, *, lived: float) -> float:
    """Return the seconds to wait before a child is started again: 0.5, 1, 2, 4, 8, 10, 10; after 30 s of health 0.5.

    :param previous: the pause before its last start, 0 if that was its first.
    :param lived: the seconds that it then ran.
    """
    return FIRST_PAUSE if not previous or lived >= HEALTHY else min(previous * 2, LONGEST_PAUSE)


def hold_lifeline() -> None:
    """Tie this process, and the group that it leads, to the supervisor that started it; without one, do nothing.

    When the supervisor is gone: SIGTERM to ourselves, then SIGKILL to the group, at our exit or 10 s later.
    """
    number = os.environ.pop(LIFELINE, None)
    if number is None:
        return
    descriptor = int(number)
    os.set_inheritable(descriptor, False)
    # SIGKILL to a group that we do not lead would hit strangers.
    if os.getpgrp() == os.getpid():
        threading.Thread(target=_watch, args=(descriptor, os.getpid()), daemon=True, name="lifeline").start()


def _watch(descriptor: int, leader: int) -> None:
    os.read(descriptor, 1)
    # Our own children must not stay because we, their leader, leave first.
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        atexit.register(_kill_own_group, leader)
        os.kill(leader, signal.SIGTERM)
        threading.Event().wait(GRACE)
    _kill_own_group(leader)


def _kill_own_group(leader: int) -> None:
    if os.getpid() == leader:
        _signal_group(leader, signal.SIGKILL)


def _signal_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        # Nobody is left in it; macOS says so by EPERM when only a dead one is.
        return


def _ended(code: int) -> str:
    return f"ended with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"


def _to_stderr(name: str, line: str) -> None:
    sys.stderr.write(f"{name:>10} | {line}\n")


def _to_nobody(name: str, line: str) -> None:
    """With a log folder and no listener, the log files are the place to look."""


def _run_module(arguments: list[str]) -> None:
    """Run another program's module as `python -m` would, tied to the supervisor."""
    hold_lifeline()
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _run_module(sys.argv[1:])
