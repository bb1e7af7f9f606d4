"""Run processes: `manage.py worker --queues default --concurrency 6`."""

import asyncio
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params

from common import clock
from common.rotation import unreadable
from workflows import schedules, tracing
from workflows.api import DEFAULT_QUEUE
from workflows.checks import orphaned
from workflows.pulse import Pulse, forget_silent_workers


class Command(BaseCommand):
    """A worker: Procrastinate fetches, our engine executes, a pulse keeps the leases and the tick."""

    help = "Run processes from the given queues until SIGTERM or Ctrl-C."
    # They read the routes, and with them every page and the API: a second of every start, for what a worker never has.
    # Whoever starts the house runs them (`up`, `migrate`), and the two that concern a worker stand in `handle`.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queues", default=DEFAULT_QUEUE, help="comma separated (default: %(default)s)")
        parser.add_argument(
            "--concurrency", type=int, default=4, help="processes at a time; 1 for the pdf queue (default: %(default)s)"
        )
        parser.add_argument("--grace", type=float, default=8.0, help="seconds to finish in on SIGTERM")

    def handle(self, *, queues: str, concurrency: int, grace: float, **options: Any) -> None:
        connection.ensure_connection()  # starts the embedded server, when it is ours to start, before the pool does
        if wrong := [*orphaned(), *unreadable()]:
            raise CommandError("\n".join(f"{error.msg} {error.hint}" for error in wrong))
        forget_silent_workers()
        schedules.sync(clock.now())
        connection.close()
        tracing.start()
        names = [name.strip() for name in queues.split(",")]
        with Pulse(names, concurrency):
            asyncio.run(self._work(names, concurrency, grace))

    async def _work(self, queues: list[str], concurrency: int, grace: float) -> None:
        # Sync tasks run on the loop's default executor, which has but cpu + 4 threads unless it is replaced.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency, thread_name_prefix="run"))
        with app.replace_connector(_connector()) as worker_app:
            async with worker_app.open_async():
                await worker_app.run_worker_async(
                    queues=queues,
                    concurrency=concurrency,
                    delete_jobs="always",
                    fetch_job_polling_interval=2.0,
                    update_heartbeat_interval=3.0,
                    stalled_worker_timeout=10.0,
                    shutdown_graceful_timeout=grace,
                )


def _connector() -> PsycopgConnector:
    """Return Procrastinate's own connections, which need not wait for the disk: a job is a wake-up, and one that is
    lost or found again does no harm."""
    parameters = connector_params()
    parameters["options"] = f"{parameters.get('options', '')} -c synchronous_commit=off".strip()
    return PsycopgConnector(kwargs=parameters)
