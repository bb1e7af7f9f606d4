#!/usr/bin/env python3
"""Encadena's command line."""

import os
import sys

from config.supervisor import hold_lifeline


def main() -> None:
    hold_lifeline()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 (after the settings are named)

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
