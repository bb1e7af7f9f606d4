from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app
from django.core.checks import CheckMessage, Tags, register


class HouseConfig(AppConfig):
    default = True
    name = "config"

    def ready(self) -> None:
        from config import alerts, door  # noqa: F401, PLC0415 (registers who is told, once the models are there)


class AdminConfig(SimpleAdminConfig):
    """The admin, whose pages are found when the routes are read: workers start without them, and sooner."""

    def ready(self) -> None:
        super().ready()
        register(_pages_and_all, Tags.admin)


def _pages_and_all(app_configs: Sequence[AppConfig] | None, **more: Any) -> list[CheckMessage]:
    """Check the pages of the admin, which are not there by themselves when a command begins."""
    autodiscover()
    return check_admin_app(app_configs, **more)
