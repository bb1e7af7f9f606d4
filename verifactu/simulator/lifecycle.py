"""Which record may follow what is held of its invoice: the table of verifactu.md 8.1, cell by cell."""

from verifactu.records import Registro, RegistroAlta

# Each row ends with the code of the rejection, or nothing, for an invoice of which the AEAT holds
#                        nothing, an alta, an anulación
_ALTA = {  # Subsanacion, RechazoPrevio
    ("N", "N"): ("", "3000", "3000"),
    ("S", "N"): ("3002", "", ""),
    ("S", "S"): ("3002", "", ""),
    ("S", "X"): ("", "3000", "3000"),
    # No such operation exists ("Validaciones y errores" 1.2.2).
    ("N", "S"): ("1161", "1161", "1161"),
    ("N", "X"): ("1153", "1153", "1153"),
}
_ANULACION = {  # SinRegistroPrevio, RechazoPrevio
    ("N", "N"): ("3002", "", ""),
    ("N", "S"): ("3002", "", ""),
    # The table says "error" without a code for what is there already: the natural ones.
    ("S", "N"): ("", "3000", "3001"),
    ("S", "S"): ("", "3000", "3001"),
}
_HELD = {"": 0, "Correcta": 1, "AceptadaConErrores": 1, "Anulada": 2}


def objection(registro: Registro, held: str) -> str:
    """Return the code for which the record is rejected; empty when it may follow.

    :param held: the state of the invoice (Correcta, AceptadaConErrores, Anulada), or empty for one that is not held.
    """
    if isinstance(registro, RegistroAlta):
        row = _ALTA[registro.Subsanacion or "N", registro.RechazoPrevio or "N"]
    else:
        row = _ANULACION[registro.SinRegistroPrevio or "N", registro.RechazoPrevio or "N"]
    return row[_HELD[held]]


def state_after(registro: Registro, *, with_errors: bool) -> str:
    """Return the state of an invoice once this record of it is stored."""
    if not isinstance(registro, RegistroAlta):
        return "Anulada"
    return "AceptadaConErrores" if with_errors else "Correcta"
