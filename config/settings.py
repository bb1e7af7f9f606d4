"""Every setting of Encadena, read from the environment once; all mistakes are told together at start."""

from datetime import date, timedelta
from pathlib import Path

from environs import Env, EnvError, validate

from config.keys import field_keys, local_keys
from config.postgres.urls import databases
from invoicing.mail import email_settings

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env(eager=False)
# A `.env` beside manage.py is for people who run without a process manager; the real environment wins.
env.read_env(str(BASE_DIR / ".env"), recurse=False)

# --- what an operator sets (docs/reference/settings.md) --------------------------------------------------------

DATA_DIR: Path = env.path("DATA_DIR", BASE_DIR / ".data")
"""Everything that this installation writes outside PostgreSQL, and the embedded server itself."""
FILES_DIR: Path = env.path("FILES_DIR", DATA_DIR)
"""Where documents and, without EMAIL_URL, mails are written; a demo has a folder of its own."""
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "")
FIELD_KEYS: list[str] = env.list("FIELD_KEYS", [], validate=field_keys)
"""Fernet keys of the encrypted columns, newest first. Their own keys: SECRET_KEY may change freely."""
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000")
"""Where people open this installation: what links in mails begin with."""
BEHIND_TLS = env.bool("BEHIND_TLS", False)
"""True where a proxy speaks TLS to the world: secure cookies, HSTS, redirect."""
DATABASE_URL = env.str("DATABASE_URL", "")
MIGRATION_DATABASE_URL = env.str("MIGRATION_DATABASE_URL", "")
AEAT_ENVIRONMENT = env.str(
    "AEAT_ENVIRONMENT", "simulator", validate=validate.OneOf(["simulator", "test", "production"])
)
AEAT_ENDPOINT = env.str("AEAT_ENDPOINT", "")
AEAT_CENSUS_URL = env.str("AEAT_CENSUS_URL", "")
"""Where companies that wish so ask about NIFs and names; empty: beside AEAT_ENDPOINT, else the AEAT's own."""
AEAT_CA_FILE = env.str("AEAT_CA_FILE", "")
AEAT_CERTIFICATE_FILE = env.str("AEAT_CERTIFICATE_FILE", "")
AEAT_CERTIFICATE_PASSWORD = env.str("AEAT_CERTIFICATE_PASSWORD", "")
VIES_URL = env.str("VIES_URL", "")
"""The Commission's VIES, or a stand-in; nobody is asked while it is empty, which it is by default in the simulator."""
ECB_RATES_URL = env.str("ECB_RATES_URL", "")
"""Where the ECB's reference rates are fetched from every afternoon; empty by default in the simulator."""
WEBHOOK_PRIVATE_HOSTS: list[str] = env.list("WEBHOOK_PRIVATE_HOSTS", [])
"""Hosts that events may be sent to although they lie in a private network, and without TLS."""
EMAIL_URL = env.str("EMAIL_URL", "")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "facturas@localhost")
ALERT_EMAIL: list[str] = env.list("ALERT_EMAIL", [])
"""Who is mailed when something needs an operator; without one, alerts are rows and errors in the log."""
LOG_FORMAT = env.str("LOG_FORMAT", "text", validate=validate.OneOf(["text", "json"]))
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
"""Who asks for /metrics must bear it; without, only this machine is answered."""
IDEMPOTENCY_DAYS = env.int("IDEMPOTENCY_DAYS", 90, validate=validate.Range(min=1))
FISCAL_YEARS = env.int(
    "FISCAL_YEARS",
    6,
    validate=validate.Range(
        min=6, max=100, error="invoices and their books are kept for 6 whole years at least (Commerce Code, art. 30)"
    ),
)
"""Whole years, after the one of its issue, for which an invoice and what it rests on is promised to be kept."""
CLOCK_OFFSET_FILE = env.str("CLOCK_OFFSET_FILE", "")
"""For tests only: a file with the seconds by which every process's clock is moved."""

# The producer of this software (fiscal-policy: identity and declaration are settings without default outside the
# simulator). Whoever runs a changed Encadena is its producer and says so here.
PRODUCER_NAME = env.str("PRODUCER_NAME", "")
PRODUCER_NIF = env.str("PRODUCER_NIF", "")
PRODUCER_ADDRESS = env.str("PRODUCER_ADDRESS", "")
PRODUCER_CONTACT = env.str("PRODUCER_CONTACT", "")
SYSTEM_ID = env.str("SYSTEM_ID", "", validate=validate.Regexp("^([A-Z0-9]{2})?$", error="two of A-Z and 0-9"))
SYSTEM_COMPONENTS = env.str(
    "SYSTEM_COMPONENTS",
    "Software: aplicación web Encadena (servidor web, procesos de trabajo y representación de facturas en PDF) sobre "
    "una base de datos PostgreSQL. Hardware: ninguno propio; funciona en un ordenador o servidor de uso general. "
    "Recibe los pedidos de tiendas en línea, expide con ellos facturas completas, simplificadas y rectificativas con "
    "su código QR, genera y encadena sus registros de facturación de alta y de anulación, los remite a la Agencia "
    "Estatal de Administración Tributaria y conserva facturas, registros y respuestas.",
)
DECLARATION_DATE: date | None = env.date("DECLARATION_DATE", None)
DECLARATION_PLACE = env.str("DECLARATION_PLACE", "")
"""Where the producer signs: town and country."""
DECLARATION_VERSION = env.str("DECLARATION_VERSION", "")
"""The version that the producer has declared: a new one asks for a new declaration."""

try:
    env.seal()
except EnvError as error:
    raise SystemExit(f"Configuration: {error}") from error

SYSTEM_NAME = "Encadena"
SYSTEM_VERSION = "0.1.0"

if AEAT_ENVIRONMENT == "simulator":
    if not (SECRET_KEY and FIELD_KEYS):
        local_secret, local_fields = local_keys(DATA_DIR)
        SECRET_KEY = SECRET_KEY or local_secret
        FIELD_KEYS = FIELD_KEYS or local_fields
    PRODUCER_NAME = PRODUCER_NAME or "PRODUCTOR DE PRUEBAS SL"
    PRODUCER_NIF = PRODUCER_NIF or "B12345674"
    PRODUCER_ADDRESS = PRODUCER_ADDRESS or "Calle de las Pruebas 1, 28001 Madrid, España"
    SYSTEM_ID = SYSTEM_ID or "EN"
    DECLARATION_DATE = DECLARATION_DATE or date(2026, 1, 1)
    DECLARATION_PLACE = DECLARATION_PLACE or "Madrid, España"
else:
    required = (
        "SECRET_KEY", "FIELD_KEYS", "PRODUCER_NAME", "PRODUCER_NIF", "PRODUCER_ADDRESS", "SYSTEM_ID",
        "DECLARATION_DATE", "DECLARATION_PLACE", "DECLARATION_VERSION",
    )  # fmt: skip
    if missing := [name for name in required if not globals()[name]]:
        raise SystemExit(f"Configuration: AEAT_ENVIRONMENT={AEAT_ENVIRONMENT} needs {', '.join(missing)}")
    VIES_URL = VIES_URL or "https://ec.europa.eu/taxation_customs/vies/rest-api"
    ECB_RATES_URL = ECB_RATES_URL or "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist-90d.xml"
    if DECLARATION_VERSION != SYSTEM_VERSION:
        raise SystemExit(
            f"Configuration: this is {SYSTEM_NAME} {SYSTEM_VERSION}, and the declaración responsable is of "
            f"{DECLARATION_VERSION}: declare this version (AEAT_ENVIRONMENT=simulator manage.py "
            "declaracion_responsable shows its text), then set DECLARATION_DATE and DECLARATION_VERSION"
        )

# --- Django ----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "common",
    "invoicing",
    "verifactu",
    "workflows",
    "unfold",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "pgtrigger",
    "procrastinate.contrib.django",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last, as its guide says
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DATABASES = databases(DATABASE_URL, DATA_DIR)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "es"
LANGUAGES = [("es", "Español"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Madrid"
USE_TZ = True
STATIC_URL = "/static/"
# Static files are served from the apps themselves, so that a fresh checkout needs no collectstatic.
WHITENOISE_USE_FINDERS = True
DOCUMENTS_DIR = FILES_DIR / "documents"

globals().update(email_settings(EMAIL_URL, FILES_DIR))

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# The admin's own scripts stand in its pages and are put together at run time (Alpine); nothing else may be loaded, sent
# to, framed or based anywhere but here.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
# Five wrong passwords for one name from one address close that door to both for a quarter of an hour: nobody can lock
# another out by knowing the name.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "common.address.address_of"
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# --- what we build on ------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["invoicing.api.keys.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "invoicing.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Encadena",
    "VERSION": SYSTEM_VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "OAS_VERSION": "3.1.0",
}

UNFOLD = {
    "SITE_TITLE": "Encadena",
    "SITE_HEADER": "Encadena",
    "SITE_SUBHEADER": "VERI*FACTU",
    "SITE_SYMBOL": "link",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "invoicing.admin.site.environment",
    "DASHBOARD_CALLBACK": "invoicing.admin.site.dashboard",
    "SIDEBAR": {"navigation": "invoicing.admin.site.navigation"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s%(context)s"},
        "json": {"()": "common.logs.JsonFormatter"},
    },
    "filters": {"context": {"()": "common.logs.ContextFilter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["context"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {"procrastinate": {"level": "WARNING"}, "weasyprint": {"level": "ERROR"}},
}
