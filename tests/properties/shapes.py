"""The shops and goods that lives are about: which platform, where the order goes, what is taken off, in which money."""

from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import strategies as st

from config.demo.catalogue import Product
from config.demo.payloads import Buyer

EDITED = ("shopify", "woocommerce", "prestashop", "bigcommerce", "api", "generic")
"""Platforms on which an order can be changed after it was placed; Magento makes a new one, Stripe's are final."""
CANCELLED = (*EDITED, "magento")
DELETED = ("woocommerce", "bigcommerce")
"""Those that tell of an order that was put into the bin."""
IN_PARTS = ("shopify", "prestashop", "magento", "api", "generic")
"""Those that tell how much was received of an order that is paid in part."""
BEFORE_PAYMENT = ("woocommerce", "prestashop", "api", "generic")
"""Those that can tell of a refund before they tell of a payment; with the others a refund means that it was paid."""
NET = ("woocommerce", "api", "generic")
"""Those whose prices may be without tax here."""
ON_THE_WHOLE = ("prestashop",)
"""Those on which a discount stands on the order and in no line."""
EITHER = ("bigcommerce", "api", "generic")
"""Those on which it may stand there too."""
IN_TWO_MONEYS = ("shopify", "magento", "bigcommerce")
"""Those that state the shop's own euros beside what the buyer saw."""
HINTS_ONLY = ("prestashop", "magento", "stripe", "bigcommerce")
"""Those whose webhooks only name the order: the shop must be asked."""
OWN = ("api", "generic")
"""Our own formats: there is nobody to ask."""
PLATFORMS = ("shopify", "woocommerce", "prestashop", "magento", "stripe", "bigcommerce", "api", "generic")

LUCIA = Buyer("Lucía", "Ferrer", "Calle de la Palma 18", "28004", "Madrid", "M", "Madrid")
BUYERS = (
    LUCIA,
    replace(LUCIA, nif="12345678Z"),
    replace(LUCIA, first="Jordi", last="Soler", company="Ferretería Soler SL", nif="B12345674"),
    replace(LUCIA, first="Jordi", last="Soler", company="Ferretería Soler SL", nif="B12345674", street="Plaza Mayor 1"),
)
NAYRA = Buyer("Nayra", "Santana", "Calle Triana 90", "35002", "Las Palmas", "GC", "Las Palmas")
CLAIRE = Buyer("Claire", "Moreau", "Rue des Lilas 5", "75011", "Paris", "", "", country="FR")
ANNA = Buyer("Anna", "Weber", "Lindenstraße 44", "50674", "Köln", "", "", country="DE")
JOAN = Buyer("Joan", "Miller", "12 Elm Street", "10001", "New York", "", "", country="US")


@dataclass(frozen=True)
class Destination:
    """Where an order goes: who buys there, and the rates of goods (and shipping) that are charged; none is no tax."""

    buyers: tuple[Buyer, ...]
    rates: tuple[Decimal, ...] = ()


def _with_nif(buyer: Buyer) -> tuple[Buyer, ...]:
    """Return a buyer from elsewhere: as a guest, after moving house, and with a Spanish NIF."""
    return buyer, replace(buyer, street="Calle Nueva 2"), replace(buyer, nif="12345678Z")


DESTINATIONS = {
    "home": Destination(BUYERS, (Decimal(21), Decimal(10), Decimal(4))),
    "FR": Destination(_with_nif(CLAIRE), (Decimal(20), Decimal("5.5"))),
    "DE": Destination(_with_nif(ANNA), (Decimal(19), Decimal(7))),
    "Canarias": Destination(_with_nif(NAYRA)),
    "US": Destination(_with_nif(JOAN)),
}
"""Consumers of other member states are under OSS; goods that leave the territory of the IVA bear no tax."""


@dataclass(frozen=True)
class Shape:
    """What does not change in an order's life."""

    platform: str
    pulls: bool
    """Whether the shop may be asked."""
    net: bool
    """Whether prices are without tax."""
    assortment: tuple[Product, ...]
    """The goods, each in its place on the order; those at the end may be added later."""
    destination: Destination = DESTINATIONS["home"]
    shipping_rate: Decimal = Decimal(21)
    discounts: tuple[Decimal, ...] = ()
    """Euros off each piece, in the assortment's order."""
    whole: bool = False
    """Whether the discount stands on the order as a whole."""
    credit_notes: bool = False
    """Whether Stripe's refunds have credit notes."""
    parts: bool = False
    """Whether what is received before the rest has invoices of its own."""
    shown: tuple[str, Decimal] | None = None
    """The currency of the buyer, and how many of it are a euro of the shop's."""


PRICES = st.one_of(
    st.sampled_from(("12.10", "11.00", "0.00", "9.99", "19.95")),
    st.integers(20, 9000).map(lambda cents: f"{Decimal(cents) / 100:.2f}"),
)
"""Something free, or dear enough that its tax is a cent, also with a third off: a line without tax is for a person."""
MONEYS = (None, None, ("USD", Decimal("1.0837")), ("GBP", Decimal("0.8641")))


@st.composite
def shapes(draw: st.DrawFn, platforms: tuple[str, ...] = PLATFORMS) -> Shape:
    """Draw the shop and the goods."""
    platform = draw(st.sampled_from(platforms))
    pulls = platform in HINTS_ONLY or (platform not in OWN and draw(st.booleans()))
    destination = DESTINATIONS[draw(st.sampled_from(("home", "home", "home", *DESTINATIONS)))]
    rates = destination.rates or (Decimal(0),)
    percent = draw(st.sampled_from((0, 0, 10, 25, 33)))
    whole = bool(percent) and (platform in ON_THE_WHOLE or (platform in EITHER and draw(st.booleans())))
    # PrestaShop's slips do not say whether they are without tax or after a discount: of a few cents nobody can tell.
    least = Decimal(1) if whole else Decimal(0)
    first, step = draw(st.integers(0, len(rates) - 1)), draw(st.sampled_from((1, 1, 0)))
    assortment = tuple(
        Product(f"P{place}", f"Género {place}", Decimal(draw(PRICES)) + (least if place else Decimal(1)),
                rates[(first + step * place) % len(rates)])
        for place in range(4)
    )  # fmt: skip
    off = [percent if whole or draw(st.booleans()) else 0 for _ in assortment] if percent else []
    moneys = MONEYS if platform in IN_TWO_MONEYS else (None,)
    return Shape(
        platform,
        pulls=pulls,
        net=platform in NET and not whole and draw(st.booleans()),
        assortment=assortment,
        destination=destination,
        shipping_rate=rates[0],
        discounts=tuple(round(product.price * each / 100, 2) for product, each in zip(assortment, off, strict=False)),
        whole=whole,
        credit_notes=platform == "stripe" and draw(st.booleans()),
        parts=platform in IN_PARTS and draw(st.sampled_from((True, True, False))),
        shown=draw(st.sampled_from(moneys)),
    )
