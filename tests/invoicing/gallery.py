"""Fifty invoices, of every kind and in every language: what is looked at, and what the contents' tests read."""

# ruff: noqa: E501, RUF001 (a drawing on its lines; Cyrillic letters are what is meant)

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import msgspec
from PIL import Image, ImageDraw

from invoicing.pdf import logo
from invoicing.values import (
    Deduction,
    Exchange,
    ForeignTax,
    Letterhead,
    PricedLine,
    PrintedInvoice,
    PrintedParty,
    PrintedReference,
    Replaced,
    TaxShare,
)

LANGUAGES = ("es", "en", "ca", "fr", "de")
ISSUER = PrintedParty(
    name="Papelería La Encina SL", tax_id="B12345674", address=("Calle Mayor 3", "37001 Salamanca"),
    email="hola@laencina.example",
)  # fmt: skip
BUSINESS = PrintedParty(name="Ferretería Soler SL", tax_id="B87654321", address=("Rambla Nova 7", "43004 Tarragona"))
FRENCH = PrintedParty(
    name="Papeterie du Chêne SARL", tax_id="FR40303265045", address=("8 rue Royale", "75008 Paris", "FR")
)
CONSUMER = PrintedParty(name="Lucía Ferrer Peña", tax_id="12345678Z", address=("Plaza del Sol 1", "28013 Madrid"))
FOOTER = (
    "Papelería La Encina SL. Inscrita en el Registro Mercantil de Salamanca, tomo 1234, folio 56, hoja SA-7890.",
    "Encontrará cómo tratamos sus datos en laencina.example/privacidad.",
)
SVG_LOGO = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 80"><style>.a{fill:#7a3b10}</style>
<g transform="translate(8 8)"><circle class="a" cx="32" cy="32" r="32"/><path fill="#fff" d="M32 12q14 20 0 40q-14-20 0-40z"/></g>
<rect x="90" y="22" width="140" height="12" rx="6" fill="rgb(22,32,42)"/><rect x="90" y="46" width="96" height="12"
 rx="6" style="fill:teal;opacity:.5"/></svg>"""


def png_logo() -> bytes:
    """Return an uploaded picture with transparent corners."""
    picture = Image.new("RGBA", (600, 200), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((4, 4, 596, 196), 60, fill=(11, 60, 140, 255))
    draw.ellipse((40, 50, 140, 150), fill=(255, 200, 0, 255))
    data = BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def line(
    description: str, base: str, rate: str | None, *, quantity: str = "1", sku: str = "", discount: str = "0"
) -> PricedLine:
    net, count = Decimal(base), Decimal(quantity)
    percent = Decimal(rate) if rate else None
    return PricedLine(
        description=description,
        sku=sku,
        quantity=count,
        unit_price=((net + Decimal(discount)) / count).quantize(Decimal("0.000001")),
        discount=Decimal(discount),
        rate=percent,
        base=net,
        gross=net + (net * (percent or 0) / 100).quantize(Decimal("0.01")),
    )


def share(base: str, rate: str, tax: str, **more: Any) -> TaxShare:
    return TaxShare(calificacion="S1", rate=Decimal(rate), base=Decimal(base), tax=Decimal(tax), **more)


def address(number: str, importe: str) -> str:
    return (
        "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR"
        f"?nif=B12345674&numserie={number}&fecha=14-10-2026&importe={importe}"
    )


COMPLETE = PrintedInvoice(
    title="Factura",
    number="F2026-000124",
    series="F2026",
    tipo="F1",
    issue_date=date(2026, 10, 14),
    operation_date=date(2026, 10, 12),
    issuer=ISSUER,
    recipient=BUSINESS,
    order_number="#1501",
    lines=(
        line("Archivador «Ñandú» de cartón", "49.00", "21", quantity="4", sku="ARC-4", discount="1.00"),
        line("Miel de encina 500 g", "14.55", "10", quantity="2"),
        line("Cuaderno de caligrafía", "11.49", "4", quantity="5"),
    ),
    shares=(share("49.00", "21", "10.29"), share("14.55", "10", "1.45"), share("11.49", "4", "0.46")),
    tax_total=Decimal("12.20"),
    total=Decimal("87.24"),
    qr_url=address("F2026-000124", "87.24"),
    environment="production",
    issued_at=datetime(2026, 10, 14, 9, 30, tzinfo=UTC),
    record_xml="<sf:RegistroAlta xmlns:sf='urn:x'>Ñandú</sf:RegistroAlta>",
)


def changed(invoice: PrintedInvoice = COMPLETE, **changes: Any) -> PrintedInvoice:
    return msgspec.structs.replace(invoice, **changes)


def one_line(description: str, base: str, rate: str, tax: str, **changes: Any) -> PrintedInvoice:
    """Return an invoice of one line; its total is base and tax."""
    total = Decimal(base) + Decimal(tax)
    return changed(
        **{
            "lines": (line(description, base, rate),),
            "shares": (share(base, rate, tax),),
            "tax_total": Decimal(tax),
            "total": total,
            "qr_url": address(str(changes.get("number", COMPLETE.number)), str(total)),
            "operation_date": None,
            **changes,
        }
    )


def untaxed(description: str, base: str, **changes: Any) -> PrintedInvoice:
    shares = changes.pop("shares")
    return changed(
        lines=(line(description, base, None),), shares=shares, tax_total=Decimal(0), total=Decimal(base),
        qr_url=address(COMPLETE.number, base), operation_date=None, **changes,
    )  # fmt: skip


SIMPLIFIED = changed(
    title="Factura simplificada", tipo="F2", number="S2026-000009", series="S2026", recipient=None,
    qr_url=address("S2026-000009", "87.24"),
)  # fmt: skip
QUALIFIED = changed(SIMPLIFIED, tipo="F1", recipient=CONSUMER, qualified=True)
BY_DIFFERENCES = one_line(
    "Devolución: archivador «Ñandú»", "-24.50", "21", "-5.15", title="Factura rectificativa", tipo="R1",
    number="R2026-000003", series="R2026", method="I", cause="Devolución de mercancía",
    references=(PrintedReference(number="F2026-000124", issue_date=date(2026, 10, 14)),),
)  # fmt: skip
BY_SUBSTITUTION = one_line(
    "Archivador «Ñandú» de cartón", "90.00", "21", "18.90", title="Factura rectificativa", tipo="R4",
    number="R2026-000004", series="R2026", method="S", cause="Corrección del NIF del destinatario",
    references=(
        PrintedReference(number="F2026-000120", issue_date=date(2026, 10, 1)),
        PrintedReference(number="F2026-000121", issue_date=date(2026, 10, 2)),
    ),
    replaced=Replaced(base=Decimal("100.00"), tax=Decimal("21.00")),
)  # fmt: skip
OF_SIMPLIFIED = changed(
    BY_DIFFERENCES, tipo="R5", number="RS2026-000001", series="RS2026", recipient=None,
    references=(PrintedReference(number="S2026-000009", issue_date=date(2026, 10, 14)),),
)  # fmt: skip
EXCHANGED = changed(
    title="Factura en sustitución de simplificadas", tipo="F3", number="C2026-000001", series="C2026", recipient=CONSUMER,
    qr_url=address("C2026-000001", "87.24"),
    references=(
        PrintedReference(number="S2026-000009", issue_date=date(2026, 10, 14)),
        PrintedReference(number="S2026-000011", issue_date=date(2026, 10, 15)),
    ),
)  # fmt: skip
EXPORTED = untaxed(
    "Archivador de cartón", "49.00", shares=(TaxShare(clave_regimen="02", exencion="E2", base=Decimal("49.00")),),
    mentions=("Operación exenta de IVA: entrega con destino a Canarias (art. 21 de la Ley 37/1992).",),
)  # fmt: skip
INTRA_COMMUNITY = untaxed(
    "Archivador de cartón", "490.00", recipient=FRENCH, shares=(TaxShare(exencion="E5", base=Decimal("490.00")),),
    mentions=("Operación exenta de IVA: entrega intracomunitaria (art. 25 de la Ley 37/1992).",),
)  # fmt: skip
REVERSED = untaxed(
    "Chatarra de papel", "300.00",
    shares=(TaxShare(calificacion="S2", base=Decimal("300.00"), rate=Decimal(0), tax=Decimal(0)),),
    mentions=("Inversión del sujeto pasivo (art. 84.Uno.2.º de la Ley 37/1992).",),
)  # fmt: skip
SURCHARGED = changed(
    one_line("Archivador de cartón", "100.00", "21", "26.20"),
    shares=(share("100.00", "21", "21.00", surcharge_rate=Decimal("5.2"), surcharge=Decimal("5.20")),),
)
SHOP_OF_EUROPE = untaxed(
    "Archivador de cartón", "100.00", recipient=PrintedParty(name="Jeanne Moreau", address=("2 rue Verte", "69001 Lyon", "FR")),
    shares=(TaxShare(calificacion="N2", clave_regimen="17", base=Decimal("100.00")),),
    foreign=(ForeignTax(country="FR", rate=Decimal(20), base=Decimal("100.00"), tax=Decimal("20.00")),),
)  # fmt: skip
IN_DOLLARS = changed(
    exchange=Exchange(
        currency="USD", total=Decimal("94.31"), rate=Decimal("1.081"), day=date(2026, 10, 13), source="BCE"
    )
)
WITHHELD = changed(
    one_line("Ilustración de la cubierta", "1000.00", "21", "210.00", number="F2026-000130"),
    deductions=(
        Deduction(kind="withholding", rate=Decimal(15), amount=Decimal("-150.00")),
        Deduction(kind="outlay", amount=Decimal("32.50")),
        Deduction(kind="advance", amount=Decimal("-500.00")),
    ),
)
USED = untaxed(
    "Escritorio de roble, hacia 1920", "350.00",
    shares=(TaxShare(clave_regimen="03", calificacion="S1", base=Decimal("350.00")),),
    mentions=("Régimen especial de los bienes usados.",),
)  # fmt: skip
CANARIAN = changed(
    one_line("Archivador de cartón", "100.00", "7", "7.00"),
    shares=(share("100.00", "7", "7.00", impuesto="03"),),
)


def long(count: int = 120) -> PrintedInvoice:
    lines = tuple(
        line(f"Artículo {n} del catálogo de otoño", "1.00", "21", sku=f"ART-{n:04}") for n in range(1, count + 1)
    )
    tax = Decimal(count) * Decimal("0.21")
    return changed(
        lines=lines, shares=(share(f"{count}.00", "21", str(tax)),), tax_total=tax, total=Decimal(count) + tax,
        qr_url=address(COMPLETE.number, str(Decimal(count) + tax)),
    )  # fmt: skip


def dressed(uploaded: bytes, accent: str) -> Letterhead:
    return Letterhead(
        accent=accent, logo=logo.judge(uploaded), footer=FOOTER, iban="ES9121000418450200051332", bank="CaixaBank"
    )


KINDS: dict[str, PrintedInvoice] = {
    "complete": COMPLETE,
    "simplified": SIMPLIFIED,
    "qualified": QUALIFIED,
    "by differences": BY_DIFFERENCES,
    "by substitution": BY_SUBSTITUTION,
    "of simplified": OF_SIMPLIFIED,
    "exchanged": EXCHANGED,
    "exported": EXPORTED,
    "intra-community": INTRA_COMMUNITY,
    "reversed": REVERSED,
    "surcharged": SURCHARGED,
    "shop of Europe": SHOP_OF_EUROPE,
    "in dollars": IN_DOLLARS,
    "withheld": WITHHELD,
    "used": USED,
    "canarian": CANARIAN,
}


def fifty() -> dict[str, PrintedInvoice]:
    """Return the invoices that are looked at, each with its name."""
    all_ = {f"{name}, {kind.language}": kind for name, kind in KINDS.items()}
    for number, (name, kind) in enumerate(KINDS.items()):
        language = LANGUAGES[1 + number % 4]
        all_[f"{name}, {language}"] = changed(kind, language=language)
    drawn, pictured = dressed(SVG_LOGO, "#7a3b10"), dressed(png_logo(), "#0b3c8c")
    for language in LANGUAGES[1:]:
        all_[f"substitution with logo, {language}"] = changed(BY_SUBSTITUTION, language=language, letterhead=drawn)
    all_ |= {
        "SVG logo": changed(letterhead=drawn),
        "PNG logo": changed(letterhead=pictured),
        "logo and withholding": changed(WITHHELD, letterhead=pictured),
        "test": changed(environment="test", letterhead=drawn),
        "simulator, de": changed(SIMPLIFIED, environment="simulator", language="de"),
        "duplicate": changed(duplicate=True),
        "duplicate, fr": changed(BY_DIFFERENCES, duplicate=True, language="fr", letterhead=pictured),
        "long": long(),
        "long, de": changed(long(60), language="de", letterhead=drawn, environment="test"),
        "twenty-three lines": long(23),
        "long words": changed(
            recipient=PrintedParty(
                name="Donaudampfschifffahrtsgesellschaft" * 3, tax_id="DE123456789", address=("x" * 140,)
            ),
            lines=(line("Supercalifragilisticoespialidoso" * 6, "123456789.01", "21", quantity="12345.6789"),),
        ),
        "Cyrillic and Greek": changed(recipient=PrintedParty(name="ООО «Дуб» Αθήνα Łódź", tax_id="B87654321")),
        "Chinese": changed(recipient=PrintedParty(name="北京文具有限公司", tax_id="B87654321"), letterhead=drawn),
        "surcharged with logo, ca": changed(SURCHARGED, language="ca", letterhead=drawn),
    }
    return all_
