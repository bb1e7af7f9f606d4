"""Processes with buttons that move them. Lanes and schedules to set; alerts, breakers and workers to see."""

from django.contrib import admin
from procrastinate.contrib.django.admin import ProcrastinateJobAdmin  # imported, it registers its page
from procrastinate.contrib.django.models import ProcrastinateJob

from workflows.admin.alert import AlertAdmin, BreakerAdmin
from workflows.admin.health import WorkerAdmin
from workflows.admin.lane import LaneAdmin
from workflows.admin.process import ProcessAdmin
from workflows.admin.schedule import ScheduleAdmin

__all__ = ["AlertAdmin", "BreakerAdmin", "LaneAdmin", "ProcessAdmin", "ScheduleAdmin", "WorkerAdmin"]

# Jobs are wake-ups: whoever retried or cancelled one there would believe to have moved a process.
if isinstance(admin.site._registry.get(ProcrastinateJob), ProcrastinateJobAdmin):
    admin.site.unregister(ProcrastinateJob)
