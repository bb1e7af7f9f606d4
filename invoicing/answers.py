"""What each action of a hold asks for, declared once: form, API and reference are made of it.

A new action is a name in `holds.Action`, the fields that it needs in `holds.Resolution`, and its `Ask` here.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from common.words import Words
from invoicing.holds import CATALOGUE, Action, Hold
from invoicing.treatments import REGIMES, codes, named


class Shape(StrEnum):
    """How a field is typed in, and what it becomes in the resolution."""

    LINE = "line"
    TEXT = "text"
    EMAIL = "email"
    DATE = "date"
    CHOICE = "choice"
    ADDRESS = "address"
    """Street, postcode, town and province of an address in Spain."""
    CODING = "coding"
    """The corrected coding of a record; by API the record has an address of its own."""
    YES = "yes"
    """A box to tick."""
    GROUP = "group"
    """Several fields that make one struct: its `parts`."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a Resolution, as a person and a client are asked for it."""

    name: str
    label: Words
    help: Words = Words()
    shape: Shape = Shape.LINE
    limit: int = 120
    choices: tuple[tuple[str, Words], ...] = ()
    required: bool = False
    parts: tuple["Field", ...] = ()


class Ask(msgspec.Struct, frozen=True):
    """One action: what it is called, the fields that it takes, and whether one answer may serve many orders."""

    label: Words
    use: Words
    """When it is the right one."""
    fields: tuple[Field, ...] = ()
    in_bulk: bool = False


REASON = Field(
    name="reason", label=Words("Motivo", "Reason"), shape=Shape.TEXT, limit=500, required=True,
    help=Words("Queda guardado con la decisión.", "Kept with the decision."),
)  # fmt: skip
ADDRESS = Field(
    name="address", label=Words("Dirección", "Address"), shape=Shape.ADDRESS,
    help=Words("Vacía: la que trae el pedido.", "Empty: the one on the order."),
)  # fmt: skip
NAME = Field(
    name="name", label=Words("Nombre o razón social", "Name or company name"),
    help=Words("Vacío: el que trae el pedido.", "Empty: the one on the order."),
)  # fmt: skip
NIF = Field(
    name="nif", label=Words("NIF", "NIF"), limit=20, required=True,
    help=Words("Del comprador: DNI, NIE o NIF de la entidad.", "The buyer's: DNI, NIE or the NIF of the entity."),
)  # fmt: skip
EMAIL = Field(
    name="email", label=Words("Correo del cliente", "Customer's mail address"), shape=Shape.EMAIL, limit=254,
    help=Words("Vacío: el que trae el pedido.", "Empty: the one on the order."),
)  # fmt: skip
ORIGINAL = Field(
    name="original", label=Words("La factura original", "The original invoice"), shape=Shape.GROUP, required=True,
    parts=(
        Field(name="number", label=Words("Número de la factura original", "Number of the original invoice"), limit=60,
              required=True, help=Words("Con su serie, tal como está impreso.", "With its series, as it is printed.")),
        Field(name="date", label=Words("Fecha de expedición", "Date of issue"), shape=Shape.DATE, required=True),
        Field(name="simplified", label=Words("Era simplificada", "It was a simplified one"), shape=Shape.YES),
    ),
)  # fmt: skip
TREATMENT = Field(
    name="treatment", label=Words("Qué es", "What it is"), shape=Shape.CHOICE, required=True, limit=10,
    choices=tuple(
        (code, Words(named(code, "es"), named(code, "en")))
        for code in dict.fromkeys(code for tax in REGIMES for code in codes(tax))
    ),
    help=Words("Vale para todas las líneas del pedido que llegaron sin impuesto.",
               "It counts for every line of the order that came untaxed."),
)  # fmt: skip
CODING = Field(name="coding", label=Words("Codificación", "Coding"), shape=Shape.CODING)

ASKS: dict[Action, Ask] = {
    Action.GIVE_NIF: Ask(
        Words("Dar el NIF del comprador (y su nombre y dirección, si faltan)",
              "Give the buyer's NIF (and name and address, where missing)"),
        Words("El comprador se lo dio. Nombre y dirección, solo si los del pedido faltan o están mal.",
              "The buyer gave it to you. Name and address only where the order's are missing or wrong."),
        (NIF, NAME, ADDRESS),
    ),
    Action.ASK_CUSTOMER: Ask(
        Words("Preguntar al cliente, con un enlace por correo", "Ask the customer, by a link in a mail"),
        Words("Nadie aquí lo sabe. El pedido sigue retenido hasta que el cliente responda, o alguien por él.",
              "Nobody here knows. The order stays held until the customer answers, or somebody does."),
        (EMAIL,),
        in_bulk=True,
    ),
    Action.ISSUE_SIMPLIFIED: Ask(
        Words("Expedir una factura simplificada, sin NIF", "Issue a simplified invoice, without NIF"),
        Words("El comprador no necesita la completa; solo hasta el límite legal.",
              "The buyer needs no complete invoice; offered only up to the legal limit."),
        in_bulk=True,
    ),
    Action.ISSUE_ANYWAY: Ask(
        Words("Expedir de todos modos", "Issue anyway"),
        Words("Ha comprobado lo que la frase pone en duda.", "You have checked what the sentence doubts."),
        in_bulk=True,
    ),
    Action.DECIDE_AGAIN: Ask(
        Words("Volver a decidir: la causa ya está corregida", "Decide again: the cause is already put right"),
        Words("Corrigió la causa en la tienda o en Encadena; el pedido se mira de nuevo.",
              "You have corrected the cause in the shop or in Encadena; the order is looked at anew."),
        in_bulk=True,
    ),
    Action.IGNORE: Ask(
        Words("No facturar este pedido", "Do not invoice this order"),
        Words("No hay nada que facturar; se guarda el motivo.", "There is nothing to invoice; the reason is kept."),
        (REASON,),
        in_bulk=True,
    ),
    Action.CORRECTED_BY_HAND: Ask(
        Words("Ya está corregido a mano, fuera de aquí", "Already corrected by hand, outside"),
        Words("Hizo la corrección en otro sitio; se guarda el motivo.",
              "You made the correction outside; the reason is kept."),
        (REASON,),
        in_bulk=True,
    ),
    Action.RESEND_CORRECTED: Ask(
        Words("Registrar la factura de nuevo, con la codificación que diga abajo",
              "Record the invoice again, with the coding given below"),
        Words("La factura está bien y su registro no.", "The invoice is right and its record is not."),
        (CODING, REASON),
    ),
    Action.ANNUL: Ask(
        Words("Anular la factura: no hubo operación ni cobro",
              "Annul the invoice: there was neither operation nor payment"),
        Words("La factura no debió existir.", "The invoice should not exist."),
        (REASON,),
    ),
    Action.CHOOSE_REGIME: Ask(
        Words("Decir qué es lo que no lleva impuesto", "Say what it is that bears no tax"),
        Words("Sabe por qué la tienda no cobró impuesto.", "You know why the shop charged no tax."),
        (TREATMENT, REASON),
        in_bulk=True,
    ),
    Action.ACCEPT_VAT_NUMBER: Ask(
        Words("Dar por bueno el NIF-IVA sin VIES, con otra prueba",
              "Take the VAT number without VIES, on other evidence"),
        Words("Tiene otra prueba de que el número vale; se guarda con el motivo.",
              "You have other evidence that the number is valid; it is kept with the reason."),
        (REASON,),
    ),
    Action.ACCEPT_NIF: Ask(
        Words("Dar por buenos NIF y nombre sin el censo, con otra prueba",
              "Take NIF and name without the census, on other evidence"),
        Words("Tiene otra prueba de que el NIF es suyo; se guarda con el motivo.",
              "You have other evidence that the NIF is theirs; it is kept with the reason."),
        (REASON,),
    ),
    Action.NAME_ORIGINAL: Ask(
        Words("Dar la factura original, de otro sistema", "Give the original invoice, of another system"),
        Words("Lo devuelto se facturó antes, en otro programa: se rectifica aquella factura.",
              "What was refunded was invoiced before, by another program: that invoice is rectified."),
        (ORIGINAL,),
    ),
}  # fmt: skip


def fields_of(actions: Iterable[Action]) -> dict[str, tuple[Field, list[Action]]]:
    """Return each field that the actions take, by name, with those of the actions that take it."""
    found: dict[str, tuple[Field, list[Action]]] = {}
    for action in actions:
        for field in ASKS[action].fields:
            found.setdefault(field.name, (field, []))[1].append(action)
    return found


def in_common(holds: Iterable[Hold]) -> list[Action]:
    """Return the actions that one answer may give to all of these holds, in the order of the first one's."""
    held = list(holds)
    first = held[0].actions if held else ()
    return [action for action in first if ASKS[action].in_bulk and all(action in one.actions for one in held)]


def outline(code: str, language: str = "") -> str:
    """Return the sentence of a reason with an ellipsis for each of its facts; without `language` the reader's own."""
    known = CATALOGUE.get(code)
    if known is None:
        return code
    said = Words(known.es, known.en)
    text = (said.en if language == "en" else said.es) if language else str(said)
    return text.format_map(_Ellipses())


class _Ellipses(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"
