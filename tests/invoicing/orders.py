"""The orders of the invoicing tests: one shop, three buyers everyone knows, and lines by rate.

Lucía is a consumer without NIF; Ferretería Soler SL a company with one; Nayra lives in Gran Canaria.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from invoicing.issued import Issued, IssuedDocument
from invoicing.money import price
from invoicing.policy import CompanyPolicy, ConnectionPolicy, Decision, decide
from invoicing.values import Address, DeclaredTax, LineKind, OrderContent, OrderLine, Party

PAYLOADS = Path(__file__).parent / "payloads"
SHARED = Path(__file__).parents[2].parent / "shared" / "storefronts"

TODAY = date(2026, 11, 2)
PAID_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LIVE = ConnectionPolicy(invoice_from=datetime(2026, 10, 1, tzinfo=UTC))
SHOP = CompanyPolicy()
RETAIL_SHOP = CompanyPolicy(f2_limit=Decimal(3000), f2_activity="venta al por menor")

MADRID = Address(
    lines=("Calle de la Palma 18",),
    postal_code="28004",
    city="Madrid",
    province="Madrid",
    province_code="M",
    country="ES",
)
LAS_PALMAS = Address(
    lines=("Calle Triana 90",), postal_code="35002", city="Las Palmas", province_code="GC", country="ES"
)
KOELN = Address(lines=("Lindenstraße 44",), postal_code="50674", city="Köln", province_code="NW", country="DE")

LUCIA = Party(name="Lucía Ferrer Ocaña", email="lucia@example.com", address=MADRID)
SOLER = Party(name="Marta Soler", company="Ferretería Soler SL", tax_id="B12345674", address=MADRID)
NAYRA = Party(name="Nayra Santana", address=LAS_PALMAS)


def line(amount: str, rate: str | None = "21", *, declared: str | None = None, **changes: Any) -> OrderLine:
    """A line of one piece; `declared` is the tax in euros that the shop states, if it states one."""
    taxes = (
        ()
        if rate is None
        else (DeclaredTax(rate=Decimal(rate), amount=None if declared is None else Decimal(declared)),)
    )
    values: dict[str, Any] = {
        "kind": LineKind.GOODS,
        "description": "Taza",
        "quantity": Decimal(1),
        "unit_price": Decimal(amount),
        "amount": Decimal(amount),
        "taxes": taxes,
    }
    return OrderLine(**values | changes)


def order(*lines: OrderLine, total: str | None = None, **changes: Any) -> OrderContent:
    """A paid order of Lucía's at tax-inclusive prices; its total is the sum of its lines unless said."""
    lines = lines or (line("12.10"),)
    values: dict[str, Any] = {
        "platform": "shopify",
        "external_id": "1501",
        "number": "#1501",
        "currency": "EUR",
        "prices_include_tax": True,
        "total": Decimal(total) if total else sum((each.amount for each in lines), Decimal(0)),
        "total_tax": None,
        "paid": True,
        "paid_at": PAID_AT,
        "placed_at": PAID_AT,
        "buyer": LUCIA,
        "ship_to": changes["buyer"].address if "buyer" in changes else MADRID,
        "lines": lines,
    }
    return OrderContent(**values | changes)


def decided(content: OrderContent, **changes: Any) -> Decision:
    """The decision for a live shop up to 400 euros, with nothing issued, unless said."""
    values: dict[str, Any] = {"company": SHOP, "connection": LIVE, "issued": None, "today": TODAY}
    return decide(content, **values | changes)


def invoiced(content: OrderContent, tipo: str = "F2") -> Issued:
    """The invoice of this very version, at 21 % where the version says nothing else."""
    priced = price(content, on=TODAY)
    sale = IssuedDocument(
        id=UUID(int=1),
        purpose="sale",
        tipo=tipo,
        nif="B12345674",
        num_serie="S2026-000001" if tipo == "F2" else "F2026-000001",
        issue_date=TODAY,
        shares=priced.shares,
        mentions=priced.mentions,
        recipient=None if tipo == "F2" else content.buyer,
    )
    return Issued(documents=(sale,), settled=content, versions=(1,))


def payload(platform: str, name: str) -> bytes:
    """One of the stored bodies, by the start of its name."""
    (found,) = sorted((PAYLOADS / platform).glob(f"{name}*.json"))
    return found.read_bytes()
