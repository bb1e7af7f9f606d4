"""Processes to read, with three buttons: resume, cancel, resolve. Lanes to set."""

from workflows.admin.lane import LaneAdmin
from workflows.admin.process import ProcessAdmin

__all__ = ["LaneAdmin", "ProcessAdmin"]
