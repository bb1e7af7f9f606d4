"""The invented town of the demonstration: its shop, goods and customers."""

from dataclasses import dataclass
from decimal import Decimal

COMPANY = {
    "nif": "B12345674",
    "name": "Almacenes La Encina SL",
    "address": "Calle del Pósito 7",
    "postal_code": "37001",
    "city": "Salamanca",
    "province": "Salamanca",
    "email": "administracion@laencina.example",
    "simplified_activity": "venta al por menor",
}


@dataclass(frozen=True)
class Product:
    """A good with its gross price in euros and its rate in percent."""

    sku: str
    name: str
    price: Decimal
    rate: Decimal


PRODUCTS = tuple(
    Product(sku, name, Decimal(price), Decimal(rate))
    for sku, name, price, rate in (
        ("MANTA-LANA", "Manta de lana merina", "64.90", "21"),
        ("TAZA-BARRO", "Taza de barro esmaltado", "12.50", "21"),
        ("LAMPARA-MIM", "Lámpara de mimbre", "89.00", "21"),
        ("CUCHILLO-8", "Cuchillo de cocinero 20 cm", "37.95", "21"),
        ("DELANTAL", "Delantal de lino", "28.40", "21"),
        ("MIEL-ENC", "Miel de encina 500 g", "8.75", "10"),
        ("JAMON-LON", "Jamón ibérico loncheado 100 g", "11.90", "10"),
        ("CHOC-70", "Chocolate 70 % con almendra", "4.35", "10"),
        ("AGUA-MIN", "Agua mineral, caja de 6", "5.10", "10"),
        ("ACEITE-AOVE", "Aceite de oliva virgen extra 1 l", "9.95", "4"),
        ("PAN-CANDEAL", "Pan candeal", "2.20", "4"),
        ("QUESO-OVE", "Queso de oveja curado", "16.80", "4"),
        ("LIBRO-SETAS", "Guía de setas de la sierra", "21.00", "4"),
        ("HUEVOS-12", "Huevos camperos, docena", "3.60", "4"),
    )
)

FIRST = ("Lucía", "Andrés", "Carmen", "Iker", "Montserrat", "Álvaro", "Nuria", "Joaquín", "Begoña", "Íñigo")
LAST = ("Ferrer", "Molina", "Ortega", "Etxeberria", "Puig", "Núñez", "Castaño", "Ibáñez", "Muñoz", "Sáez")
CITIES = (
    ("28004", "Madrid", "M", "Madrid"),
    ("41001", "Sevilla", "SE", "Sevilla"),
    ("08012", "Barcelona", "B", "Barcelona"),
    ("46003", "València", "V", "Valencia"),
    ("48005", "Bilbao", "BI", "Vizcaya"),
    ("15003", "A Coruña", "C", "A Coruña"),
)
STREETS = ("Calle Mayor", "Avenida de la Constitución", "Plaza del Mercado", "Rúa Nova", "Carrer de Girona")
COMPANIES = ("Ferretería Soler SL", "Bar La Parada SL", "Hostal Río Tormes SL", "Talleres Duero SL")


def dni(number: int) -> str:
    """Return the DNI of a number (eight digits and the letter of its remainder by 23)."""
    return f"{number:08d}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def cif(letter: str, body: int) -> str:
    """Return the NIF of a limited company: letter, seven digits and their control digit."""
    digits = [int(digit) for digit in f"{body:07d}"]
    doubled = sum(sum(divmod(digit * 2, 10)) for digit in digits[0::2])
    control = (10 - (doubled + sum(digits[1::2])) % 10) % 10
    return f"{letter}{body:07d}{control}"
