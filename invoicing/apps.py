from django.apps import AppConfig


class InvoicingConfig(AppConfig):
    name = "invoicing"
    verbose_name = "Facturación"

    def ready(self) -> None:
        # These register the workflows, once the models are there.
        from invoicing import by_staff, corrections, exports, flows, reconciling, reporting  # noqa: F401, PLC0415
