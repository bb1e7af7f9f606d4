"""The processes of a running installation, as `up` and `demo` start them."""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from config.supervisor import Child

PYTHON = sys.executable
MANAGE = str(Path(__file__).resolve().parent.parent / "manage.py")


def free_port() -> int:
    """Return a port of this machine that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def web(port: int, env: Mapping[str, str], *, host: str = "127.0.0.1") -> Child:
    """Return the web server: threads with connections of their own, kept open."""
    argv = [PYTHON, "-m", "config.supervisor", "gunicorn", "config.wsgi", "--bind", f"{host}:{port}",
            "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--keep-alive", "30",
            "--limit-request-line", "8190", "--graceful-timeout", "8", "--log-level", "warning"]  # fmt: skip
    return Child("web", argv, env)


def worker(name: str, queues: str, concurrency: int, env: Mapping[str, str]) -> Child:
    """Return a worker of the given queues."""
    argv = [PYTHON, MANAGE, "worker", "--queues", queues, "--concurrency", str(concurrency)]
    return Child(name, argv, env)


def workers(env: Mapping[str, str]) -> list[Child]:
    """Return the workers of a small machine: two for everything, and one renderer for each core but at most two."""
    renderers = [worker(f"pdf-{n}", "pdf", 1, env) for n in range(1, min(os.cpu_count() or 1, 2) + 1)]
    return [worker("worker-1", "default", 4, env), worker("worker-2", "default", 4, env), *renderers]


def simulator(folder: Path, ready_file: Path, *, wait: int, env: Mapping[str, str]) -> Child:
    """Return the stand-in AEAT, with its ledger in `folder`; it writes its addresses to `ready_file`."""
    # A port of our choice, not its own: started again after a crash it must be where the workers know it.
    argv = [
        PYTHON, MANAGE, "aeat_simulator", "--directory", str(folder), "--wait", str(wait),
        "--port", str(free_port()), "--ready-file", str(ready_file), "--json",
    ]  # fmt: skip
    return Child("aeat", argv, env)
