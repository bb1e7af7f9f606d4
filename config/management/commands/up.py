"""Run Encadena in one terminal: web, workers and, in the simulator environment, the stand-in AEAT."""

import os
import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config import house
from config.ready import await_simulator
from config.supervisor import Supervisor


class Command(BaseCommand):
    """Migrate, make a first administrator where there is none, then keep the processes running until Ctrl-C."""

    help = "Web, workers and (AEAT_ENVIRONMENT=simulator, no AEAT_ENDPOINT) the AEAT simulator, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the web server (default: %(default)s)")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--wait", type=int, default=60, help="seconds the simulator asks for between submissions")

    def handle(self, *, port: int, host: str, wait: int, **options: Any) -> None:
        if settings.AEAT_ENVIRONMENT != "simulator" and not settings.DATABASE_URL:
            raise CommandError("outside the simulator, name a database that is backed up: DATABASE_URL")
        call_command("migrate", verbosity=0, interactive=False)
        self._first_administrator()
        env = {"PUBLIC_URL": os.environ.get("PUBLIC_URL", f"http://{host}:{port}")}
        children = []
        simulated = settings.AEAT_ENVIRONMENT == "simulator" and not settings.AEAT_ENDPOINT
        folder = settings.DATA_DIR / "simulator"
        ready_file = folder / f"ready-{os.getpid()}.json"
        if simulated:
            children.append(house.simulator(folder, ready_file, wait=wait, env={}))
        with Supervisor(children) as aeat:
            if simulated:
                addresses = await_simulator(ready_file)
                env |= {"AEAT_ENDPOINT": addresses["endpoint"], "AEAT_CA_FILE": addresses["ca_file"]}
                self.stdout.write(f"AEAT simulator  {addresses['endpoint']}")
            with Supervisor([house.web(port, env, host=host), *house.workers(env)]) as processes:
                self.stdout.write(f"Encadena        http://{host}:{port}/admin/")
                self.stdout.write("Ctrl-C stops everything.")
                processes.wait()
            aeat.stop()

    def _first_administrator(self) -> None:
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(9)
        users.create_superuser("admin", "", password)
        self.stdout.write(f"First administrator: admin / {password} (shown once; change it in the admin)")
