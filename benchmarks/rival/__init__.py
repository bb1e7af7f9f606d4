"""A shop of somebody who built on django-verifactu instead: its settings, its tables, its worker."""
