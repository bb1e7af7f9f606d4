"""The renderer's child process: stuck, killed, old, without its libraries."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from invoicing.pdf import LibraryMissing, Renderer, RenderFailed, RenderTimeout
from tests.deadline import eventually
from tests.invoicing.paper import CHINESE, text_of, with_lines

pytestmark = pytest.mark.usefixtures("foreign_letters")


def ticks(pid: int) -> int:
    """Return the processor time that a process has used (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def alive(pid: int) -> bool:
    """Return whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class TestLife:
    """Stuck, dead, old: the next document is rendered all the same."""

    def test_a_stuck_child_is_killed_at_the_timeout_and_replaced(self, own_renderer: Renderer, tmp_path: Path) -> None:
        own_renderer.render(CHINESE, timeout=60)
        stuck = own_renderer.pid
        assert stuck
        os.kill(stuck, signal.SIGSTOP)
        with pytest.raises(RenderTimeout) as caught:
            own_renderer.render(CHINESE, timeout=0.5)
        assert caught.value.retryable
        assert not alive(stuck)
        assert list(tmp_path.iterdir()) == []
        assert own_renderer.render(CHINESE, timeout=60).startswith(b"%PDF")

    def test_a_document_that_takes_too_long_is_given_up(self, own_renderer: Renderer) -> None:
        with pytest.raises(RenderTimeout):
            own_renderer.render(with_lines(3000, CHINESE), timeout=0.2)
        assert own_renderer.render(CHINESE, timeout=60).startswith(b"%PDF")

    def test_a_child_killed_over_a_document_is_a_failure_and_the_next_works(
        self, own_renderer: Renderer, tmp_path: Path
    ) -> None:
        own_renderer.render(CHINESE, timeout=60)
        pid = own_renderer.pid
        assert pid
        before = ticks(pid)
        with ThreadPoolExecutor(1) as pool:
            rendering = pool.submit(own_renderer.render, with_lines(3000, CHINESE), timeout=60)
            # A tenth of a second of work: it is in the middle of it.
            eventually(lambda: ticks(pid) > before + 10, message="The child did not begin")
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(RenderFailed, match="exit status -9") as caught:
                rendering.result(timeout=30)
        assert caught.value.retryable
        assert not isinstance(caught.value, RenderTimeout)
        assert list(tmp_path.iterdir()) == []
        assert own_renderer.render(CHINESE, timeout=60).startswith(b"%PDF")

    def test_a_child_that_died_between_documents_is_replaced_unseen(self, own_renderer: Renderer) -> None:
        own_renderer.render(CHINESE, timeout=60)
        pid = own_renderer.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not alive(pid))
        assert own_renderer.render(CHINESE, timeout=60).startswith(b"%PDF")

    def test_a_child_is_replaced_after_its_share_of_documents(self, own_renderer: Renderer, tmp_path: Path) -> None:
        own_renderer.render(CHINESE, timeout=60)
        first = own_renderer.pid
        own_renderer.render(CHINESE, timeout=60)
        assert first
        assert not alive(first)
        assert list(tmp_path.iterdir()) == []
        own_renderer.render(CHINESE, timeout=60)
        assert own_renderer.pid != first

    def test_threads_take_turns_and_each_gets_its_own(self, renderer: Renderer) -> None:
        numbers = [f"F2026-{n:06}" for n in range(12)]
        together = threading.Barrier(4)

        def one(number: str) -> bytes:
            together.wait(timeout=60)
            return renderer.render(msgspec.structs.replace(CHINESE, number=number), timeout=60)

        with ThreadPoolExecutor(4) as pool:
            for number, pdf in zip(numbers, pool.map(one, numbers), strict=True):
                assert f"Factura {number}" in text_of(pdf)

    def test_the_child_does_not_outlive_a_killed_parent(self, tmp_path: Path) -> None:
        script = """
from invoicing.pdf import Renderer
from tests.invoicing.paper import CHINESE, with_lines
renderer = Renderer()
renderer.render(CHINESE, timeout=60)
print(renderer.pid, flush=True)
renderer.render(with_lines(5000, CHINESE), timeout=600)
"""
        parent = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
        with parent:
            assert parent.stdout
            pid = int(parent.stdout.readline())
            before = ticks(pid)
            eventually(lambda: ticks(pid) > before + 10, message="The child did not begin")
            parent.kill()
        eventually(lambda: not alive(pid), message="The child lives on")
        eventually(lambda: not list(tmp_path.iterdir()), message="Its temporary files are left")

    def test_a_machine_without_pango_is_told_what_to_install(
        self, own_renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = tmp_path / "libraries"
        broken.mkdir()
        (broken / "libpango-1.0.so.0").write_bytes(b"")
        monkeypatch.setenv("LD_LIBRARY_PATH", str(broken))
        with pytest.raises(LibraryMissing) as caught:
            own_renderer.render(CHINESE, timeout=60)
        for command in ("apt-get install libpango-1.0-0", "dnf install pango", "brew install pango"):
            assert command in str(caught.value)
        assert not caught.value.retryable
        assert own_renderer.pid is None
