from django.apps import AppConfig


class InvoicingConfig(AppConfig):
    name = "invoicing"
    verbose_name = "Facturación"

    def ready(self) -> None:
        from invoicing import flows  # noqa: F401, PLC0415 (registers the workflows, once the models are there)
