"""What a file may hold of each platform's orders, and under which topic the platform's reader takes it.

What the client composes is taken of every platform that has one (`{"pulled": "<platform>", …}`; the reader's docstring
says what else is in it), and besides

    shopify, woocommerce, magento   an order as webhooks and API give it; of Shopify a refund too, under its topic
    stripe                          an event, which names its topic itself
    api, generic                    the body of POST /api/v1/orders/

An order of PrestaShop or BigCommerce alone, as XML or JSON, says neither its rates nor its lines: of these only what
the client composes. Drafts (`manual`) are written in the admin.
"""

import hashlib

import msgspec

from invoicing.storefronts import api, bigcommerce, generic, magento, prestashop, shopify, stripe, woocommerce
from invoicing.storefronts.contract import PULLED, Identity, Unreadable
from invoicing.storefronts.payload import load

TOPICS: dict[str, tuple[str, ...]] = {
    shopify.NAME: ("orders/updated", "orders/create", "orders/paid", "orders/cancelled", shopify.REFUND_TOPIC),
    woocommerce.NAME: ("order.updated", "order.created", "order.restored"),
    magento.NAME: (magento.ORDER_TOPIC,),
    stripe.NAME: (),
    prestashop.NAME: (),
    bigcommerce.NAME: (),
    generic.NAME: (generic.TOPIC,),
    api.NAME: (api.TOPIC,),
}
"""Platform -> the topics of documents that do not name their own; the first one unless another is asked for.

No deletion: its body has no date, so it would outrank all that came before it is imported. Nothing of Shopify's
privacy topics: they come from the shop."""


def identity(platform: str, body: bytes, topic: str = "") -> Identity:
    """Return the identity of a document by its topic and content: the same one again is the same delivery.

    :param topic: one of `TOPICS`, for documents that do not name their own.
    :raises Unreadable: when it is no JSON object, or no whole order.
    """
    found = load(body)
    if found["pulled"]:
        said = Identity(delivery_key="", topic=PULLED)
    elif platform == stripe.NAME and found["type"]:
        said = stripe.identity(body, {})
    elif TOPICS[platform]:
        said = Identity(delivery_key="", topic=topic or TOPICS[platform][0])
    else:
        raise Unreadable(f'not a whole order: write {{"pulled": "{platform}", …}} with all that belongs to it')
    key = f"import:{said.topic[:60]}:{hashlib.sha256(body).hexdigest()}"
    return msgspec.structs.replace(said, delivery_key=key)
