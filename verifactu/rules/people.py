"""Who is named in a record: third party, recipients (VAL 1.2.2; verifactu.md 4.3, 4.6). Rules yield (code, element)."""

import re
from collections.abc import Iterator
from datetime import date

from verifactu.codes import IDType
from verifactu.records import IDOtro, PersonaFisicaJuridica, RegistroAlta, RegistroAnulacion
from verifactu.rules.facts import COMPLETE, reference_date
from verifactu.rules.nif import is_natural_person, nif_problem

# Bodies of the VAT numbers of other member states, prefix apart (VAL 1.2.2, "Validaciones NIF-IVA").
_VAT_BODY = {
    prefix: re.compile(body)
    for prefix, body in {
        "AT": "[0-9A-Z]{9}",
        "BE": "[0-9]{10}",
        "BG": "[0-9]{9,10}",
        "CY": "[0-9A-Z]{9}",
        "CZ": "[0-9]{8,10}",
        "DE": "[0-9]{9}",
        "DK": "[0-9]{8}",
        "EE": "[0-9]{9}",
        "EL": "[0-9]{9}",
        "FI": "[0-9]{8}",
        "FR": "[0-9A-Z]{11}",
        "GB": "[0-9A-Z]{5}|[0-9A-Z]{9}|[0-9A-Z]{12}",
        "HR": "[0-9]{11}",
        "HU": "[0-9]{8}",
        "IE": "[0-9A-Z]{8,9}",
        "IT": "[0-9]{11}",
        "LT": "[0-9]{9}|[0-9]{12}",
        "LU": "[0-9]{8}",
        "LV": "[0-9]{11}",
        "MT": "[0-9]{8}",
        "NL": "[0-9A-Z]{12}",
        "PL": "[0-9]{10}",
        "PT": "[0-9]{9}",
        "RO": "[1-9][0-9]{1,9}",
        "SE": "[0-9]{12}",
        "SI": "[0-9]{8}",
        "SK": "[0-9]{10}",
        "XI": "[0-9A-Z]{5}|[0-9A-Z]{9}|[0-9A-Z]{12}",
    }.items()
}


def issued_by_other(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1186, 1158, 1159, 1155: who issued the invoice in fact is named where the record says so, and only there."""
    who = r.EmitidaPorTerceroODestinatario
    if who == "T" and r.Tercero is None:
        yield "1186", "Tercero"
    if who == "D" and not r.Destinatarios:
        yield "1158", "Destinatarios"
    if who == "D" and r.Tercero is not None:
        yield "1159", "Tercero"
    if not who and r.Tercero is not None:
        yield "1155", "Tercero"


def third_party(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1178, 1283, 1123, 1188, 1211, 1232, 1111: a third party is someone else, known to the AEAT or abroad."""
    who = r.Tercero
    if who is None:
        return
    yield from one_identity(who, "Tercero", "1178")
    if who.NIF:
        yield from nif_findings(who.NIF, "Tercero/NIF", "1123")
        if r.IDFactura.IDEmisorFactura == who.NIF:
            yield "1188", "Tercero/NIF"
    if who.IDOtro:
        if who.IDOtro.IDType == IDType.NO_CENSADO:
            yield "1211", "Tercero/IDOtro/IDType"
        elif who.IDOtro.CodigoPais == "ES" and who.IDOtro.IDType != IDType.PASAPORTE:
            yield "1232", "Tercero/IDOtro/IDType"
        yield from foreign_findings(who.IDOtro, "Tercero/IDOtro", reference_date(r))


def recipients_by_kind(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1189, 1190: a complete invoice names its recipient, a simplified one does not."""
    if r.TipoFactura in COMPLETE and not r.Destinatarios:
        yield "1189", "Destinatarios"
    if r.TipoFactura in ("F2", "R5") and r.Destinatarios:
        yield "1190", "Destinatarios"


def recipients(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1239, 1283, 1123, 1111, 1126, 1234, 1131, 1290, 1156, 1103, 1122, 1254, 1255: how a recipient is identified."""
    for who, field in _recipients(r):
        yield from one_identity(who, field, "1239")
        if who.NIF:
            yield from nif_findings(who.NIF, f"{field}/NIF", "1123")
        if who.IDOtro is None:
            continue
        other, path = who.IDOtro, f"{field}/IDOtro"
        yield from _resident(other, path)
        if other.IDType == IDType.NIF_IVA and r.TipoFactura not in COMPLETE:
            yield "1156", f"{path}/IDType"
        yield from foreign_findings(other, path, reference_date(r))


def recipients_of_bad_debts(r: RegistroAlta, today: date) -> Iterator[tuple[str, str]]:
    """1191, 1192: R3 and R2 rest on a debtor whom the AEAT knows (ERR; VAL does not repeat it)."""
    admitted = {"R3": ("", IDType.NO_CENSADO), "R2": ("", IDType.NO_CENSADO, IDType.NIF_IVA)}.get(r.TipoFactura)
    if admitted is None:
        return
    for who, field in _recipients(r):
        if (who.IDOtro.IDType if who.IDOtro else "") not in admitted:
            yield "1191" if r.TipoFactura == "R3" else "1192", field


def doubtful_nifs(r: RegistroAlta | RegistroAnulacion) -> Iterator[tuple[str, str]]:
    """Yield 1123 for each entity's NIF whose control digit is not the expected one; a warning, not a rule."""
    if isinstance(r, RegistroAlta):
        named = [(r.IDFactura.IDEmisorFactura, "IDFactura/IDEmisorFactura")]
        named += [(who.NIF, f"{field}/NIF") for who, field in _recipients(r)]
        named += [(r.Tercero.NIF, "Tercero/NIF")] if r.Tercero else []
    else:
        named = [(r.IDFactura.IDEmisorFacturaAnulada, "IDFactura/IDEmisorFacturaAnulada")]
        named += [(r.Generador.NIF, "Generador/NIF")] if r.Generador else []
    for nif, field in named:
        if nif_problem(nif) == "doubtful":
            yield "1123", field


def one_identity(who: PersonaFisicaJuridica, field: str, code: str) -> Iterator[tuple[str, str]]:
    """Yield `code` unless exactly one of NIF and IDOtro is given, and 1283 for somebody without a name."""
    if bool(who.NIF) == (who.IDOtro is not None):
        yield code, field
    if not who.NombreRazon.strip():
        yield "1283", f"{field}/NombreRazon"


def nif_findings(nif: str, field: str, code: str) -> Iterator[tuple[str, str]]:
    """Yield `code` for a NIF whose shape or, for a person, letter is wrong."""
    if nif_problem(nif) in ("malformed", "letter"):
        yield code, field


def foreign_findings(other: IDOtro, field: str, when: date | None) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an IDOtro by itself: the country, or the structure of a VAT number."""
    if other.IDType != IDType.NIF_IVA:
        if not other.CodigoPais:
            yield "1111", f"{field}/CodigoPais"
        return
    prefix, body = other.ID[:2], other.ID[2:]
    if prefix not in _VAT_BODY or not _VAT_BODY[prefix].fullmatch(body):
        yield "1103", f"{field}/ID"
    if other.CodigoPais and other.CodigoPais != prefix:
        yield "1122", f"{field}/CodigoPais"
    if when and prefix == "XI" and when < date(2021, 1, 1):
        yield "1254", f"{field}/ID"
    if when and prefix == "GB" and when >= date(2021, 2, 1):
        yield "1255", f"{field}/ID"


def _resident(other: IDOtro, field: str) -> Iterator[tuple[str, str]]:
    """Whoever has a Spanish country has a NIF, but for a passport and for a person missing in the census."""
    if other.IDType == IDType.NO_CENSADO:
        if other.CodigoPais != "ES":
            yield "1126", f"{field}/CodigoPais"
        if nif_problem(other.ID) in ("malformed", "letter"):
            yield "1290", f"{field}/ID"
        elif not is_natural_person(other.ID):
            yield "1131", f"{field}/ID"
    elif other.CodigoPais == "ES" and other.IDType != IDType.PASAPORTE:
        yield "1234", f"{field}/IDType"


def _recipients(r: RegistroAlta) -> Iterator[tuple[PersonaFisicaJuridica, str]]:
    for number, who in enumerate(r.Destinatarios, start=1):
        yield who, f"Destinatarios/IDDestinatario[{number}]"


RULES = (issued_by_other, third_party, recipients_by_kind, recipients, recipients_of_bad_debts)
