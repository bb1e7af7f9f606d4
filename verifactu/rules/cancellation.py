"""What an anulación says for itself (VAL 1.2.2, anulación; verifactu.md 4.7). Each rule yields (code, element)."""

from collections.abc import Iterator

from verifactu.codes import GeneradoPor, IDType
from verifactu.records import RegistroAnulacion
from verifactu.rules.facts import day
from verifactu.rules.heading import number_findings
from verifactu.rules.nif import nif_problem
from verifactu.rules.people import foreign_findings, nif_findings, one_identity


def annulled_invoice(r: RegistroAnulacion) -> Iterator[tuple[str, str]]:
    """1219, 1104, 1130, 1287, 1105: the invoice is named as an alta would name it."""
    if nif_problem(r.IDFactura.IDEmisorFacturaAnulada) in ("malformed", "letter"):
        yield "1219", "IDFactura/IDEmisorFacturaAnulada"
    yield from number_findings(r.IDFactura.NumSerieFacturaAnulada, "IDFactura/NumSerieFacturaAnulada")
    if day(r.IDFactura.FechaExpedicionFacturaAnulada) is None:
        yield "1105", "IDFactura/FechaExpedicionFacturaAnulada"


def generator_named(r: RegistroAnulacion) -> Iterator[tuple[str, str]]:
    """1224: GeneradoPor and Generador go together."""
    if bool(r.GeneradoPor) != (r.Generador is not None):
        yield "1224", "Generador"


def generator(r: RegistroAnulacion) -> Iterator[tuple[str, str]]:
    """1228, 1283, 1258, 1259, 1227, 1229, 1230, 1232: how whoever made the anulación is identified."""
    who = r.Generador
    if who is None:
        return
    yield from one_identity(who, "Generador", "1228")
    if who.NIF:
        yield from nif_findings(who.NIF, "Generador/NIF", "1258")
        # Said without exception, for E too: the taxpayer's own anulación simply carries no Generador.
        if r.IDFactura.IDEmisorFacturaAnulada == who.NIF:
            yield "1259", "Generador/NIF"
    if r.GeneradoPor == GeneradoPor.E and not who.NIF:
        yield "1227", "Generador/NIF"
    if who.IDOtro is None:
        return
    kind, spanish = who.IDOtro.IDType, who.IDOtro.CodigoPais == "ES"
    if r.GeneradoPor == GeneradoPor.T:
        if kind == IDType.NO_CENSADO:
            yield "1229", "Generador/IDOtro/IDType"
        elif spanish and kind != IDType.PASAPORTE:
            yield "1232", "Generador/IDOtro/IDType"
    if r.GeneradoPor == GeneradoPor.D and spanish and kind not in (IDType.PASAPORTE, IDType.NO_CENSADO):
        yield "1230", "Generador/IDOtro/IDType"
    yield from foreign_findings(who.IDOtro, "Generador/IDOtro", None)


RULES = (annulled_invoice, generator_named, generator)
