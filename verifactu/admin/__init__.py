"""Taxpayers and their certificates; chains, records, submissions and answers to read."""

from verifactu.admin.ledger import AnswerAdmin, RecordAdmin, SubmissionAdmin
from verifactu.admin.taxpayers import InstallationAdmin, TaxpayerAdmin

__all__ = ["AnswerAdmin", "InstallationAdmin", "RecordAdmin", "SubmissionAdmin", "TaxpayerAdmin"]
