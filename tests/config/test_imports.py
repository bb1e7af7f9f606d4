"""What a process loads before it does anything: a worker that was killed is back after this, and no sooner."""

import subprocess
import sys

SEEN = "import sys; print(*sorted(sys.modules))"
START = "import django; django.setup(); from django.core.management import call_command, load_command_class;"


def loaded(code: str) -> set[str]:
    """Run code in an interpreter of its own and return the modules that it has at its end."""
    ran = subprocess.run([sys.executable, "-c", f"{START}{code};{SEEN}"], capture_output=True, text=True, check=True)
    return set(ran.stdout.splitlines()[-1].split())


def test_a_worker_starts_without_pages_routes_and_what_only_some_of_its_work_needs() -> None:
    had = loaded("command = load_command_class('workflows', 'worker'); assert not command.requires_system_checks")
    assert {"invoicing.flows", "verifactu.submission", "workflows.engine"} <= had
    assert not had & {
        "config.urls", "invoicing.admin", "invoicing.api.urls", "rest_framework.views", "weasyprint", "xlsxwriter",
        "zeep",
    }  # fmt: skip


def test_the_pages_of_the_admin_are_checked_all_the_same() -> None:
    assert "invoicing.admin" in loaded("call_command('check', '--tag', 'admin')")
