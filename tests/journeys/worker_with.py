"""The ordinary worker with workflows of a test's own: `python -m tests.journeys.worker_with MODULE worker ...`."""

import importlib
import os
import sys

from config.supervisor import hold_lifeline


def main() -> None:
    """Do what manage.py does, with one more module imported."""
    hold_lifeline()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.management import execute_from_command_line

    django.setup()
    importlib.import_module(sys.argv[1])
    execute_from_command_line(["manage.py", *sys.argv[2:]])


if __name__ == "__main__":
    main()
