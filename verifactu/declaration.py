"""The declaración responsable of this system (Orden HAC/1177/2024, art. 15; verifactu.md 1.7).

Made from the settings that fill SistemaInformatico in every record, so that both always say the same. One text per
version; what was shown is kept for ever.
"""

import hashlib
import textwrap
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import override

from verifactu.models import Declaration
from verifactu.system import MULTI_OT, SOLO_VERIFACTU

TITLE = "DECLARACIÓN RESPONSABLE DEL SISTEMA INFORMÁTICO DE FACTURACIÓN"

CONTACT = "Otros medios de contacto de la persona o entidad productora"
_YES = {"S": "Sí.", "N": "No."}


@dataclass(frozen=True)
class Datum:
    """One datum of the declaration: its letter, the text that describes it, and its value."""

    letter: str
    describes: str
    value: str


def data() -> list[Datum]:
    """Return the data a) to l) of the Orden, in its order."""
    return [
        Datum("a", "Nombre del sistema informático al que se refiere esta declaración", settings.SYSTEM_NAME),
        Datum("b", "Código identificador del sistema informático (IdSistemaInformatico)", settings.SYSTEM_ID),
        Datum("c", "Identificador completo de la versión concreta del sistema informático", settings.SYSTEM_VERSION),
        Datum(
            "d", "Componentes, hardware y software, de que consta el sistema informático, con una breve descripción "
            "de lo que hace y de sus principales funcionalidades", settings.SYSTEM_COMPONENTS,
        ),
        Datum(
            "e", "Si el sistema informático se ha producido de manera que, para cumplir el Reglamento, solo pueda "
            "funcionar como «VERI*FACTU»", _YES[SOLO_VERIFACTU],
        ),
        Datum(
            "f", "Si el sistema informático permite ser usado por varios obligados tributarios, o por un mismo "
            "usuario para dar soporte a la facturación de varios obligados tributarios", _YES[MULTI_OT],
        ),
        Datum(
            "g", "Tipos de firma utilizados para firmar los registros de facturación y de evento cuando el sistema "
            "informático no se utiliza como «VERI*FACTU»", "Ninguno: solo puede funcionar como «VERI*FACTU».",
        ),
        Datum(
            "h", "Razón social o nombre y apellidos de la persona o entidad productora del sistema informático",
            settings.PRODUCER_NAME,
        ),
        Datum("i", "Número de identificación fiscal (NIF) español de esa persona o entidad productora",
              settings.PRODUCER_NIF),
        Datum("j", "Dirección postal completa de contacto de esa persona o entidad productora",
              settings.PRODUCER_ADDRESS),
        Datum(
            "k", "Cumplimiento de la normativa",
            f"{settings.PRODUCER_NAME} hace constar que este sistema informático, en la versión indicada en esta "
            "declaración responsable, cumple con lo dispuesto en el artículo 29.2.j) de la Ley 58/2003, de 17 de "
            "diciembre, General Tributaria, en el Reglamento que establece los requisitos que deben adoptar los "
            "sistemas y programas informáticos o electrónicos que soporten los procesos de facturación de "
            "empresarios y profesionales, y la estandarización de formatos de los registros de facturación, aprobado "
            "por el Real Decreto 1007/2023, de 5 de diciembre, en la Orden HAC/1177/2024, de 17 de octubre, y en la "
            "sede electrónica de la Agencia Estatal de Administración Tributaria para todo aquello que complete las "
            "especificaciones de dicha orden.",
        ),
        Datum("l", "Fecha y lugar en que la persona o entidad productora suscribe esta declaración responsable",
              f"{_day()}, {settings.DECLARATION_PLACE}"),
    ]  # fmt: skip


def annex() -> list[str]:
    """Return the recommended annex: where else the producer is reached; empty when nothing is set."""
    return [settings.PRODUCER_CONTACT] if settings.PRODUCER_CONTACT else []


def warnings() -> list[str]:
    """Return what a reader must know before the text: a declaration of the simulator's made-up producer is none."""
    if settings.AEAT_ENVIRONMENT == "simulator":
        return ["Entorno de simulación: los datos pueden ser de prueba, y esta declaración no tiene validez."]
    return []


def declaration_text() -> str:
    """Return the declaration as plain text, in Spanish: its title, each datum behind what describes it."""
    lines = [TITLE, ""]
    for datum in data():
        lines += [*_wrapped(f"{datum.letter}) {datum.describes}:"), *_wrapped(datum.value, indent="   "), ""]
    for line in annex():
        lines += ["ANEXO", "", f"{CONTACT}:", *_wrapped(line, indent="   "), ""]
    return "\n".join([*lines, *warnings()]).rstrip() + "\n"


def declaration_html() -> str:
    """Return the declaration as a page of its own, in Spanish."""
    values = {
        "heading": TITLE,
        "producer": settings.PRODUCER_NAME,
        "data": data(),
        "annex": annex(),
        "warnings": warnings(),
    }
    return render_to_string("declaration/document.html", values)


def keep_declaration(*, now: datetime) -> bool:
    """Keep the declaration as it reads now, unless this text is kept already; return whether it was new."""
    text = declaration_text()
    digest = hashlib.sha256(text.encode()).hexdigest()
    if Declaration.objects.filter(sha256=digest).exists():
        return False
    # Two that keep the same text at once: one row, and no error of the other's transaction.
    row = Declaration(version=settings.SYSTEM_VERSION, sha256=digest, text=text, kept_at=now)
    return len(Declaration.objects.bulk_create([row], ignore_conflicts=True)) > 0


def _wrapped(text: str, indent: str = "") -> list[str]:
    return [
        line
        for paragraph in text.splitlines()
        for line in textwrap.wrap(paragraph, 100, initial_indent=indent, subsequent_indent=indent)
    ]


def _day() -> str:
    if settings.DECLARATION_DATE is None:
        return "—"
    with override("es"):
        return date_format(settings.DECLARATION_DATE, r"j \d\e F \d\e Y")
