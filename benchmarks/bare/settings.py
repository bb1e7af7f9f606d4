"""The least Django that can receive a webhook: one route, the product's own connection settings."""

import os
from pathlib import Path

from config.postgres.urls import databases

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # gives the answer its Content-Length
ROOT_URLCONF = "benchmarks.bare.urls"
DATABASES = databases(os.environ["DATABASE_URL"], Path(os.environ["DATA_DIR"]))
USE_TZ = True
WEBHOOK_SECRET = os.environ["WEBHOOK_SECRET"]
