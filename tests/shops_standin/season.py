"""A season of sales in a stand-in shop: what was ordered, paid and given back, and the webhooks that told of it."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from config.demo.catalogue import CITIES, COMPANIES, FIRST, LAST, PRODUCTS, STREETS, cif
from config.demo.payloads import Buyer, Sale
from tests.shops_standin.posting import Post, told_of_order, told_of_refund
from tests.shops_standin.server import Shop
from tests.shops_standin.sold import GivenBack, Sold

UNPAID, WITH_NIF, GIVES_BACK = 0.10, 0.2, 0.35


def season(shop: Shop, count: int, *, first: int, start: datetime, seed: int) -> list[Post]:
    """Sell `count` orders, a minute apart, and give some back; return the webhooks in the order in which they left."""
    dice = random.Random(seed)
    posts: list[Post] = []
    for number in range(first, first + count):
        order = an_order(number, start + timedelta(minutes=number - first), dice)
        shop.add([order])
        posts += told_of_order(shop, order, created=True)
        if dice.random() < UNPAID:
            continue
        order.pay(20)
        posts += told_of_order(shop, order)
        for refund in _refunds(order, dice):
            order.give_back(refund)
            posts += told_of_refund(shop, order, refund)
    return posts


def an_order(number: int, placed_at: datetime, dice: random.Random) -> Sold:
    """Return an unpaid order of a few goods, under 400 euros, some of it for a company."""
    items = tuple((product, dice.randint(1, 2)) for product in dice.sample(PRODUCTS, dice.randint(1, 3)))
    shipping = Decimal("4.95") if dice.random() < 0.7 else Decimal("0.00")
    sale = Sale(
        platform="",
        id=number,
        number=f"#{number}",
        buyer=_buyer(dice),
        items=items,
        shipping=shipping,
        placed_at=placed_at.replace(microsecond=0),
        paid=False,
    )
    return Sold(sale, sale.placed_at)


def _buyer(dice: random.Random) -> Buyer:
    postal_code, city, province_code, province = dice.choice(CITIES)
    buyer = Buyer(dice.choice(FIRST), dice.choice(LAST), f"{dice.choice(STREETS)} {dice.randint(1, 90)}", postal_code,
                  city, province_code, province)  # fmt: skip
    if dice.random() >= WITH_NIF:
        return buyer
    company = {"company": dice.choice(COMPANIES), "nif": cif("B", dice.randint(1_000_000, 9_999_999))}
    return Buyer(**{**vars(buyer), **company})


def _refunds(order: Sold, dice: random.Random) -> list[GivenBack]:
    """Return what is given back, minutes later: a piece, another piece, or everything at once."""
    if dice.random() >= GIVES_BACK:
        return []
    identity, at = order.sale.id * 10, order.updated_at + timedelta(seconds=12)
    kind = dice.random()
    if kind < 0.25:
        whole = tuple((index, count) for index, (_, count) in enumerate(order.sale.items))
        return [GivenBack(identity, at, pieces=whole, shipping=bool(order.sale.shipping))]
    given = [GivenBack(identity, at, pieces=((0, 1),))]
    if kind > 0.7 and (order.sale.items[0][1] > 1 or len(order.sale.items) > 1):
        again = (0, 1) if order.sale.items[0][1] > 1 else (1, 1)
        given.append(GivenBack(identity + 1, at + timedelta(seconds=7), pieces=(again,)))
    return given
