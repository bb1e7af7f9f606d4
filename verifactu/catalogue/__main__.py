"""`python -m verifactu.catalogue`: the page of all codes, on stdout."""

import sys

from verifactu.catalogue.page import page

sys.stdout.write(page())
