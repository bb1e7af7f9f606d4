"""The keys of a trial installation.

Whoever runs Encadena against the simulator should not have to invent keys first: the first start writes them into
the data folder, readable by its owner alone. Against the AEAT's own services nothing is invented: the settings
refuse to start without SECRET_KEY and FIELD_KEYS from the environment.
"""

import json
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet
from environs import ValidationError


def local_keys(folder: Path) -> tuple[str, list[str]]:
    """Return (SECRET_KEY, FIELD_KEYS) of this data folder, made on the first call and the same ever after."""
    file = folder / "keys.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".keys.{os.getpid()}.{secrets.token_hex(4)}"
        keys = {"secret_key": secrets.token_urlsafe(64), "field_keys": [Fernet.generate_key().decode()]}
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
            json.dump(keys, out)
        try:
            os.link(draft, file)  # atomic, and the first of several starters wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    keys = json.loads(file.read_text())
    return keys["secret_key"], keys["field_keys"]


def field_keys(keys: list[str]) -> None:
    """Refuse what is no Fernet key, without repeating it.

    :raises ValidationError: naming its place.
    """
    for place, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError as error:
            raise ValidationError(
                f"key {place} is none: 32 random bytes in URL-safe base64, as made by "
                'python3 -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'
            ) from error
