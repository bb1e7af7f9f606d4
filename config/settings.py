"""Every setting of Encadena, read from the environment once; all mistakes are told together at start."""

from pathlib import Path

from environs import Env, EnvError, validate

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env(eager=False)
# A `.env` beside manage.py is for people who run without a process manager; the real environment wins.
env.read_env(str(BASE_DIR / ".env"), recurse=False)

DATA_DIR = env.path("DATA_DIR", BASE_DIR / ".data")
"""Everything that this installation writes outside PostgreSQL, and the embedded server itself."""

# --- who we are ------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "")
FIELD_KEYS = env.list("FIELD_KEYS", [])
"""Fernet keys of the encrypted columns, newest first. Their own keys: SECRET_KEY may change freely."""
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [])
BEHIND_TLS = env.bool("BEHIND_TLS", False)
"""True where a proxy speaks TLS to the world: secure cookies, HSTS, redirect."""

CLOCK_OFFSET_FILE = env.str("CLOCK_OFFSET_FILE", "")

# --- database --------------------------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", "")
MIGRATION_DATABASE_URL = env.str("MIGRATION_DATABASE_URL", "")

# --- AEAT ------------------------------------------------------------------------------------------------------

AEAT_ENVIRONMENT = env.str(
    "AEAT_ENVIRONMENT", "simulator", validate=validate.OneOf(["simulator", "test", "production"])
)
AEAT_ENDPOINT = env.str("AEAT_ENDPOINT", "")
AEAT_CA_FILE = env.str("AEAT_CA_FILE", "")
AEAT_CERTIFICATE_FILE = env.str("AEAT_CERTIFICATE_FILE", "")
AEAT_CERTIFICATE_PASSWORD = env.str("AEAT_CERTIFICATE_PASSWORD", "")

# --- the rest of the outside -----------------------------------------------------------------------------------

STORAGE_URL = env.str("STORAGE_URL", "")
EMAIL_URL = env.str("EMAIL_URL", "")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "facturas@localhost")
LOG_FORMAT = env.str("LOG_FORMAT", "text", validate=validate.OneOf(["text", "json"]))

try:
    env.seal()
except EnvError as error:
    raise SystemExit(f"Configuration: {error}") from error
