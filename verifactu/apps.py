from django.apps import AppConfig


class VerifactuConfig(AppConfig):
    name = "verifactu"
    verbose_name = "VERI*FACTU"

    def ready(self) -> None:
        from verifactu import submission  # noqa: F401, PLC0415 (registers its workflow, once the models are there)
