"""Processes to read, with three buttons: resume, cancel, resolve. Lanes to set, workers to see."""

from django.contrib import admin
from procrastinate.contrib.django.admin import ProcrastinateJobAdmin  # imported, it registers its page
from procrastinate.contrib.django.models import ProcrastinateJob

from workflows.admin.health import WorkerAdmin
from workflows.admin.lane import LaneAdmin
from workflows.admin.process import ProcessAdmin

__all__ = ["LaneAdmin", "ProcessAdmin", "WorkerAdmin"]

# Jobs are wake-ups: whoever retried or cancelled one there would believe to have moved a process.
if isinstance(admin.site._registry.get(ProcrastinateJob), ProcrastinateJobAdmin):
    admin.site.unregister(ProcrastinateJob)
