"""The whole check, as one list: `make check`. Everything is run, also after something failed."""

import base64
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

PYTHON = sys.executable
MANAGE = [PYTHON, "manage.py"]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# What an operator in production sets (.env.example): `check --deploy` judges that, not a developer's settings.
PRODUCTION = {
    "AEAT_ENVIRONMENT": "production",
    "ALLOWED_HOSTS": "facturas.example.com",
    "BEHIND_TLS": "true",
    "CSRF_TRUSTED_ORIGINS": "https://facturas.example.com",
    "DATABASE_URL": "postgresql://encadena_app@db.example.com/encadena",
    "MIGRATION_DATABASE_URL": "postgresql://encadena_owner@db.example.com/encadena",
    "DEBUG": "false",
    "EMAIL_URL": "smtp+tls://mail.example.com:587",
    "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "DECLARATION_DATE": "2027-01-01",
    "DECLARATION_PLACE": "Madrid, España",
    "DECLARATION_VERSION": "0.1.0",
    "PRODUCER_ADDRESS": "Calle Mayor 1, 28013 Madrid, España",
    "PRODUCER_NAME": "Tienda de Ejemplo SL",
    "PRODUCER_NIF": "B12345674",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "SYSTEM_ID": "EN",
}

STEPS: list[tuple[str, list[str], dict[str, str]]] = [
    ("style", [PYTHON, "-m", "ruff", "check", "--quiet", "."], {}),
    ("format", [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."], {}),
    ("which way imports point", [PYTHON, "-c", LINT_IMPORTS, "--no-logo"], {}),
    ("no migration is missing", [*MANAGE, "makemigrations", "--check", "--dry-run"], {}),
    ("settings of production", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    ("types", [PYTHON, "-m", "mypy"], {}),
]


def main() -> int:
    failed = [name for name, command, environment in STEPS if not passes(name, command, environment)]
    print(f"{len(STEPS) - len(failed)} of {len(STEPS)} passed" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    """Run one step, show its output if it failed, and tell whether it passed."""
    begun = time.monotonic()
    done = subprocess.run(
        command,
        check=False,
        cwd=Path(__file__).resolve().parent.parent,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    passed = done.returncode == 0
    print(f"{'ok    ' if passed else 'FAILED'} {name} ({time.monotonic() - begun:.1f} s)", flush=True)
    if not passed:
        print(done.stdout, flush=True)
    return passed


if __name__ == "__main__":
    sys.exit(main())
