from django.apps import AppConfig
from django.core.checks import Tags, register


class CommonConfig(AppConfig):
    default = True
    name = "common"

    def ready(self) -> None:
        from common.rotation import unreadable  # noqa: PLC0415 (asks the database only when run)

        register(unreadable, Tags.database)
