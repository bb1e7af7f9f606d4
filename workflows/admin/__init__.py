"""Processes to read, with three buttons: resume, cancel, resolve. Lanes to set."""

import procrastinate.contrib.django.admin  # registers its page, so that it can be taken away
from django.contrib import admin
from procrastinate.contrib.django.models import ProcrastinateJob

from workflows.admin.lane import LaneAdmin
from workflows.admin.process import ProcessAdmin

__all__ = ["LaneAdmin", "ProcessAdmin"]

# Jobs are wake-ups: whoever retried or cancelled one there would believe to have moved a process.
admin.site.unregister(ProcrastinateJob)
