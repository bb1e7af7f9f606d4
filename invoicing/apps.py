from django.apps import AppConfig


class InvoicingConfig(AppConfig):
    name = "invoicing"
    verbose_name = "Facturación"

    def ready(self) -> None:
        # These register the workflows, once the models are there.
        from invoicing import (  # noqa: PLC0415
            by_staff,  # noqa: F401
            corrections,  # noqa: F401
            exports,  # noqa: F401
            flows,  # noqa: F401
            rates_feed,  # noqa: F401
            reconciling,  # noqa: F401
            reporting,  # noqa: F401
        )
