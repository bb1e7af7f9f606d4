from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import alerts  # noqa: F401, PLC0415 (registers who is told, once the models are there)
