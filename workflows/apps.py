from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = _("Procesos")

    def ready(self) -> None:
        from workflows.checks import orphaned  # noqa: PLC0415 (needs the settings, and asks the database only when run)

        register(orphaned, Tags.database)
