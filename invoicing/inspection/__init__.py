"""The evidence of a period for an inspection, as one ZIP that explains itself (docs/decisions/0023-evidence.md).

- picture.py: what is inside, and how what may still change stood at one moment
- archive.py, names.py, cells.py: the ZIP with its manifest, names for any file system, cells for any spreadsheet
- records.py, sending.py: what was declared, what the AEAT answered
- invoices.py: the register, the invoices and their PDFs
- story.py, incidents.py: how each invoice came about, what went wrong, what people decided
- orders.py: what the shops sent, where that is asked for
- checks.py: what was verified on the way, and what did not hold
- making.py: all of it, one after another
"""
