"""The product's worker with the workflows of the measurements: `python -m benchmarks.worker worker --queues ...`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import django
from django.core.management import execute_from_command_line

from config import house
from config.supervisor import Child, Supervisor, hold_lifeline
from tests.databases import Database


@contextmanager
def a_worker(database: Database) -> Iterator[None]:
    """Run one worker process of the default queue on `database`, set up as the house sets up each of its own."""
    with _running(house.worker("worker", "default", 4, database.env)):
        yield


@contextmanager
def workers_of_the_house(database: Database) -> Iterator[None]:
    """Run all the workers that the house starts, renderers too, on `database`."""
    with _running(*house.workers(database.env)):
        yield


@contextmanager
def _running(*as_in_house: Child) -> Iterator[None]:
    children = [
        Child(child.name, [house.PYTHON, "-m", "benchmarks.worker", *child.argv[2:]], child.env)
        for child in as_in_house
    ]
    with TemporaryDirectory() as logs, Supervisor(children, log_dir=Path(logs)):
        yield


def main() -> None:
    """Be the worker."""
    hold_lifeline()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    import_module("benchmarks.workflows")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
