"""What this product is as a sistema informático de facturación: said once, for every record and for the declaration.

Whoever changes what it can do changes it here, and both say so.
"""

SOLO_VERIFACTU = "S"
"""TipoUsoPosibleSoloVerifactu: it has no NO VERI*FACTU mode (fiscal-policy.md, Producer)."""

MULTI_OT = "S"
"""TipoUsoPosibleMultiOT: one deployment serves as many taxpayers as are opened in it."""
