"""The supervisor with real processes: whatever dies, nothing is left behind and what should run runs."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from config import supervisor as supervising
from config.supervisor import LIFELINE, Child, Supervisor, next_pause
from tests.deadline import eventually

ROOT = Path(supervising.__file__).parent.parent

# Holds a lock on a file, with its pid in it, for as long as it lives, and starts a like process for the next file.
PROGRAM = """
import fcntl, os, signal, subprocess, sys
import config.supervisor
config.supervisor.GRACE = float(os.environ.get("GRACE", "10"))
config.supervisor.hold_lifeline()
manner, file, *more = sys.argv[1:]
if manner == "polite":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
if manner == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if more:
    subprocess.Popen([*sys.orig_argv[:3], *more])
held = open(file, "w")
fcntl.flock(held, fcntl.LOCK_EX)
print(os.getpid(), file=held, flush=True)
print("at work", flush=True)
while True:
    signal.pause()
"""

# Keeps what its arguments name, until it is told to stop.
SUPERVISOR = """
import os, sys
import config.supervisor
from config.supervisor import Child, Supervisor
config.supervisor.GRACE = float(os.environ.get("GRACE", "10"))
with Supervisor([Child(str(n), argv.split("|")) for n, argv in enumerate(sys.argv[1:])]) as supervisor:
    supervisor.wait()
"""


def program(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", PROGRAM, *map(str, arguments)]


def alive(file: Path) -> int:
    """Return the pid of the process that holds the file, 0 when it is dead (a zombie holds no lock)."""
    with file.open("a+") as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other.seek(0)
            return int(other.read().strip() or 0)
    return 0


def all_alive(*files: Path) -> Callable[[], bool]:
    return lambda: all(alive(file) for file in files)


def none_alive(*files: Path) -> Callable[[], bool]:
    return lambda: not any(alive(file) for file in files)


def a_supervisor_of(*commands: list[str], grace: float) -> "subprocess.Popen[str]":
    arguments = ["|".join(command) for command in commands]
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, *arguments],
        cwd=ROOT,
        env=os.environ | {"GRACE": str(grace)},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_children_and_grandchildren_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    files = [tmp_path / name for name in "abcdef"]
    a, b, c, d, e, f = files
    process = a_supervisor_of(
        program("polite", a, "stubborn", b),
        program("plain", c, "stubborn", d),
        program("stubborn", e, "stubborn", f),
        grace=1,
    )
    eventually(all_alive(*files), message="The children did not come up")
    process.kill()
    process.communicate()
    eventually(none_alive(*files), message="Somebody outlived the supervisor")


def test_a_killed_child_is_started_again_and_its_own_children_are_not_left(tmp_path: Path) -> None:
    worker, renderer = tmp_path / "worker", tmp_path / "renderer"
    told: list[str] = []
    child = Child("worker", program("polite", worker, "stubborn", renderer))
    with Supervisor([child], on_line=lambda name, line: told.append(f"{name}: {line}")) as supervisor:
        eventually(all_alive(worker, renderer))
        first, first_renderer = supervisor.pids()["worker"], alive(renderer)
        assert alive(worker) == first
        os.kill(first, signal.SIGKILL)
        eventually(lambda: alive(worker) not in (0, first), message="It was not started again")
        # The second renderer can hold its file only because the first one, which nobody asked, is dead.
        eventually(lambda: alive(renderer) not in (0, first_renderer))
    assert none_alive(worker, renderer)()
    assert "supervisor: worker was ended by SIGKILL; starting it again in 0.5 s" in told
    assert told.count("worker: at work") == 4


def test_who_ignores_sigterm_is_killed_with_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervising, "GRACE", 0.3)
    child, grandchild = tmp_path / "child", tmp_path / "grandchild"
    with Supervisor([Child("deaf", program("stubborn", child, "stubborn", grandchild))], tmp_path) as supervisor:
        eventually(all_alive(child, grandchild))
    eventually(none_alive(child, grandchild))
    assert supervisor.pids() == {}


def test_a_second_ctrl_c_kills_at_once(tmp_path: Path) -> None:
    child = tmp_path / "child"
    process = a_supervisor_of(program("stubborn", child), grace=600)
    assert process.stderr
    eventually(all_alive(child))
    process.send_signal(signal.SIGINT)
    for line in process.stderr:
        if "stopping" in line:
            break
    assert alive(child)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    eventually(none_alive(child))


def test_a_second_ctrl_c_that_comes_while_the_first_is_told_kills_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "GRACE", 0.5)
    told: list[str] = []
    waiting = threading.Event()

    def interrupt(name: str, line: str) -> None:
        told.append(line)
        if name == "supervisor" and len(told) < 3:
            os.kill(os.getpid(), signal.SIGINT)
        elif line == "at work":
            waiting.wait()
            os.kill(os.getpid(), signal.SIGINT)

    with Supervisor([Child("deaf", program("stubborn", tmp_path / "child"))], on_line=interrupt) as supervisor:
        waiting.set()
        supervisor.wait()
    assert told == ["at work", "stopping; Ctrl-C once more kills", "killing"]


def test_sigterm_to_the_supervisor_ends_everything_in_order(tmp_path: Path) -> None:
    child, grandchild = tmp_path / "child", tmp_path / "grandchild"
    process = a_supervisor_of(program("polite", child, "polite", grandchild), grace=600)
    eventually(all_alive(child, grandchild))
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0
    eventually(none_alive(child, grandchild))


def test_ctrl_c_at_the_terminal_does_not_reach_the_children(tmp_path: Path) -> None:
    with Supervisor([Child("web", program("polite", tmp_path / "web"))], tmp_path) as supervisor:
        pid = supervisor.pids()["web"]
        assert os.getsid(pid) == os.getpgid(pid) == pid


def test_output_goes_to_files_or_to_the_listener(tmp_path: Path) -> None:
    speak = [sys.executable, "-c", "import sys; print('ñandú'); print('twice', file=sys.stderr)"]
    with Supervisor([Child("web", speak, restart=False)], log_dir=tmp_path / "logs") as supervisor:
        supervisor.wait()
    assert (tmp_path / "logs" / "web.log").read_text() == "ñandú\ntwice\n"

    heard: list[tuple[str, str]] = []
    with Supervisor([Child("web", speak, restart=False)], on_line=lambda *said: heard.append(said)) as supervisor:
        supervisor.wait()
    assert heard == [("web", "ñandú"), ("web", "twice")]


def test_its_environment_is_added_to_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "1")
    tell = [sys.executable, "-c", "import os; print(os.environ['OURS'], os.environ['ITS'])"]
    heard: list[str] = []
    child = Child("web", tell, env={"ITS": "2"}, restart=False)
    with Supervisor([child], on_line=lambda _, line: heard.append(line)) as supervisor:
        supervisor.wait()
    assert heard == ["1 2"]


def test_stopping_between_two_starts_leaves_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    failing = Child("web", [sys.executable, "-c", "raise SystemExit(3)"])
    with Supervisor([failing], on_line=lambda _, line: told.append(line)) as supervisor:
        eventually(lambda: told, message="Its end was not told")
    assert told == ["web ended with code 3; starting it again in 0.5 s"]
    assert supervisor.pids() == {}


def test_a_program_that_is_not_there_stops_those_that_are(tmp_path: Path) -> None:
    web = tmp_path / "web"
    children = [Child("web", program("polite", web)), Child("worker", [str(tmp_path / "absent")])]
    supervisor = Supervisor(children, log_dir=tmp_path)
    with pytest.raises(FileNotFoundError):
        supervisor.start()
    assert supervisor.pids() == {}
    assert none_alive(web)()


def test_signals_belong_to_their_owner_again_after_the_stop(tmp_path: Path) -> None:
    def ours(*_: object) -> None: ...

    before = signal.signal(signal.SIGTERM, ours)
    try:
        with Supervisor([Child("web", program("polite", tmp_path / "web"))], log_dir=tmp_path):
            assert signal.getsignal(signal.SIGTERM) is not ours
        assert signal.getsignal(signal.SIGTERM) is ours
    finally:
        signal.signal(signal.SIGTERM, before)


def test_another_program_can_hold_the_life_line_too() -> None:
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "config.supervisor", "http.server", "--bind", "127.0.0.1", "0"],
        cwd=ROOT,
        env=os.environ | {LIFELINE: str(reading)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        pass_fds=(reading,),
    )
    os.close(reading)
    with server:
        assert server.stdout
        assert server.stdout.readline().startswith("Serving HTTP")
        os.close(writing)
        assert server.wait(timeout=10) != 0


def test_pauses_double_from_half_a_second_to_ten_and_begin_again_after_half_a_minute() -> None:
    pauses = [0.0]
    while len(pauses) < 8:
        pauses.append(next_pause(pauses[-1], lived=1))
    assert pauses[1:] == [0.5, 1, 2, 4, 8, 10, 10]
    assert all(later >= earlier for earlier, later in pairwise(pauses))
    assert next_pause(10, lived=29.9) == 10
    assert next_pause(10, lived=30) == 0.5
