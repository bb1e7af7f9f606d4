"""A morning's orders, and the deliveries that tell of them: twice, late, out of order, as shops do."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from config.demo.catalogue import CITIES, COMPANIES, FIRST, LAST, PRODUCTS, STREETS, cif, dni
from config.demo.payloads import Buyer, Sale

TOPICS = {
    "shopify": ("orders/create", "orders/updated", "orders/paid"),
    "woocommerce": ("order.created", "order.updated", "order.updated"),
    "api": ("order", "order", "order"),
}


@dataclass(frozen=True)
class Post:
    """One delivery to be posted: the version of the order, under which topic, and its identity."""

    sale: Sale
    topic: str
    key: str


def morning(count: int, *, now: datetime, seed: int) -> list[list[Post]]:
    """Return the deliveries of `count` orders, grouped by order, each group in the order in which it is posted."""
    dice = random.Random(seed)  # noqa: S311 (a play, not a secret)
    return [_deliveries(_sale(index, now, dice), dice) for index in range(count)]


def _sale(index: int, now: datetime, dice: random.Random) -> Sale:
    platform = dice.choices(("shopify", "woocommerce", "api"), (45, 35, 20))[0]
    items = tuple((product, dice.randint(1, 3)) for product in dice.sample(PRODUCTS, dice.randint(1, 4)))
    sale = Sale(
        platform=platform,
        id=7_000_000 + index,
        number=f"#{2001 + index}" if platform == "shopify" else str(2001 + index),
        buyer=_buyer(dice),
        items=items,
        shipping=Decimal("4.95") if dice.random() < 0.7 else Decimal(0),
        placed_at=(now - timedelta(seconds=dice.randint(30, 600))).replace(microsecond=0),
        discount_percent=dice.choice((0, 0, 0, 10)),
    )
    return _troublesome(sale, index, dice)


def _troublesome(sale: Sale, index: int, dice: random.Random) -> Sale:
    """Make every twenty-fifth order one that a person must look at, each of another kind in turn."""
    if index % 25 != 7:
        return sale
    match index // 25 % 4:
        case 0:  # no NIF above the limit of a simplified invoice
            return replace(sale, items=((PRODUCTS[2], 40),), buyer=replace(sale.buyer, nif="", company=""))
        case 1:  # a NIF with the wrong letter
            return replace(sale, buyer=replace(sale.buyer, nif="12345678A"))
        case 2:  # sold without tax, nobody knows why
            return replace(sale, taxed=False)
        case _:  # a buyer in France
            abroad = replace(
                sale.buyer, country="FR", postal_code="64000", city="Pau", province="", province_code="", nif=""
            )
            return replace(sale, buyer=abroad, taxed=False)


def _buyer(dice: random.Random) -> Buyer:
    postal_code, city, province_code, province = dice.choice(CITIES)
    buyer = Buyer(
        first=dice.choice(FIRST),
        last=f"{dice.choice(LAST)} {dice.choice(LAST)}",
        street=f"{dice.choice(STREETS)} {dice.randint(1, 90)}",
        postal_code=postal_code,
        city=city,
        province_code=province_code,
        province=province,
    )
    if dice.random() < 0.2:
        name = dice.choice(COMPANIES)
        return replace(buyer, company=name, nif=_as_people_type(cif("B", dice.randint(1_000_000, 9_999_999)), dice))
    if dice.random() < 0.15:
        return replace(buyer, nif=_as_people_type(dni(dice.randint(10_000_000, 79_999_999)), dice))
    return buyer


def _as_people_type(nif: str, dice: random.Random) -> str:
    return dice.choice((nif, nif.lower(), f"ES{nif}", f"{nif[:-1]}-{nif[-1]}", f" {nif} "))


def _deliveries(sale: Sale, dice: random.Random) -> list[Post]:
    created, updated, paid = TOPICS[sale.platform]
    last = Post(sale.at(20), paid, f"{sale.id}-paid")
    if sale.platform == "api":
        posts = [last]
    else:
        moved = replace(sale, buyer=replace(sale.buyer, street="Dirección anterior 1"))
        posts = [Post(moved.at(0, paid=False), created, f"{sale.id}-created")]
        if dice.random() < 0.4:
            posts.append(Post(sale.at(8, paid=False), updated, f"{sale.id}-updated"))
        posts.append(last)
        if dice.random() < 0.3:
            dice.shuffle(posts)  # out of order
    if dice.random() < 0.25:
        posts.append(dice.choice(posts))  # the same delivery again
    if sale.platform == "shopify" and dice.random() < 0.1:
        posts.append(Post(sale.at(4, paid=False), updated, f"{sale.id}-late"))  # a retry that carries old content
    return posts
