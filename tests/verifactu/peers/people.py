"""People and companies drawn by a seed. Controls follow the published rules (verifactu.md 4.6, 4.8), not our code."""

from random import Random

from verifactu.records import IDOtro, PersonaFisicaJuridica

ISSUER = "B12345674"

_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_NAMES = ("Ferretería Soler & Cía SL", "Müller <Söhne> GmbH", "Zoë O'Brien", 'Bar "Pepe"', "Ana Núñez")
_DIGITS = "0123456789"
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# Prefix -> alphabet and lengths of the body (verifactu.md 4.6).
_VAT = {
    "DE": (_DIGITS, (9,)), "AT": (_ALNUM, (9,)), "BE": (_DIGITS, (10,)), "BG": (_DIGITS, (9, 10)),
    "CZ": (_DIGITS, (8, 9, 10)), "EL": (_DIGITS, (9,)), "FR": (_ALNUM, (11,)), "IE": (_ALNUM, (8, 9)),
    "IT": (_DIGITS, (11,)), "LT": (_DIGITS, (9, 12)), "NL": (_ALNUM, (12,)), "PT": (_DIGITS, (9,)),
    "SE": (_DIGITS, (12,)), "XI": (_ALNUM, (5, 9, 12)),
}  # fmt: skip
_NOT_COUNTRIES = ("EL", "XI")  # prefixes of VAT numbers that are no CodigoPais


def spanish(r: Random) -> PersonaFisicaJuridica:
    """Return someone with a NIF: a person, a foreign resident, or a company."""
    return PersonaFisicaJuridica(NombreRazon=r.choice(_NAMES), NIF=r.choice((_dni, _dni, _nie, _company))(r))


def public_body(r: Random) -> PersonaFisicaJuridica:
    """Return a body of the administration; its control is a letter."""
    kind = r.choice("PQS")
    digits = f"{r.randint(1, 9_999_999):07d}"
    return PersonaFisicaJuridica(NombreRazon="Ayuntamiento", NIF=kind + digits + "JABCDEFGHI"[_control(digits)])


def eu_company(r: Random) -> PersonaFisicaJuridica:
    """Return a company of another member state, by its VAT number, with or without its country."""
    prefix = r.choice(tuple(_VAT))
    alphabet, lengths = _VAT[prefix]
    number = prefix + "".join(r.choice(alphabet) for _ in range(r.choice(lengths)))
    country = prefix if prefix not in _NOT_COUNTRIES and r.random() < 0.5 else ""
    return _foreign(r, country, "02", number)


def abroad(r: Random) -> PersonaFisicaJuridica:
    """Return someone outside the EU, by a document of their own."""
    return _foreign(
        r, r.choice(("US", "GB", "MA", "CH")), r.choice(("03", "04", "05", "06")), f"X{r.randint(1, 10**8)}"
    )


def uncensored(r: Random) -> PersonaFisicaJuridica:
    """Return a Spanish person whom the AEAT's census lacks."""
    return _foreign(r, "ES", "07", _dni(r))


def foreigner(r: Random) -> PersonaFisicaJuridica:
    """Return anybody without a NIF of their own in the record."""
    return r.choice((eu_company, abroad, uncensored))(r)


def third_party(r: Random) -> PersonaFisicaJuridica:
    """Return somebody who issues or annuls for another: with NIF, or from abroad."""
    return r.choice((spanish, abroad, eu_company))(r)


def _foreign(r: Random, country: str, kind: str, number: str) -> PersonaFisicaJuridica:
    return PersonaFisicaJuridica(
        NombreRazon=r.choice(_NAMES), IDOtro=IDOtro(CodigoPais=country, IDType=kind, ID=number)
    )


def _dni(r: Random) -> str:
    number = r.randint(1, 99_999_999)
    return f"{number:08d}{_LETTERS[number % 23]}"


def _nie(r: Random) -> str:
    first, number = r.randint(0, 2), r.randint(1, 9_999_999)
    return f"{'XYZ'[first]}{number:07d}{_LETTERS[(first * 10_000_000 + number) % 23]}"


def _company(r: Random) -> str:
    digits = f"{r.randint(1, 9_999_999):07d}"
    return f"{r.choice('AB')}{digits}{_control(digits)}"


def _control(digits: str) -> int:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[::2])
    return (10 - (sum(map(int, digits[1::2])) + sum(doubled)) % 10) % 10
