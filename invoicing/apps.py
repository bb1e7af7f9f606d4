from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvoicingConfig(AppConfig):
    name = "invoicing"
    verbose_name = _("Facturación")

    def ready(self) -> None:
        # These register the workflows, once the models are there.
        from invoicing import (  # noqa: F401, PLC0415
            by_staff,
            corrections,
            exports,
            flows,
            purging,
            rates_feed,
            reconciling,
            reporting,
        )
        from invoicing.customers import asking  # noqa: F401, PLC0415
        from invoicing.outgoing import sending  # noqa: F401, PLC0415
        from invoicing.privacy import ageing, requests  # noqa: F401, PLC0415
