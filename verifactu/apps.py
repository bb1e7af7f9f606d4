from django.apps import AppConfig


class VerifactuConfig(AppConfig):
    name = "verifactu"
    verbose_name = "VERI*FACTU"

    def ready(self) -> None:
        # These register the workflows, once the models are there.
        from verifactu import going_live, submission, watch  # noqa: F401, PLC0415
