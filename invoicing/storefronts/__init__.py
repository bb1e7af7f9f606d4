"""The shops: one module per platform, alike in shape."""

from invoicing.storefronts import api, bigcommerce, generic, magento, prestashop, shopify, stripe, woocommerce
from invoicing.storefronts.contract import PULLED, CannotJudge, Identity, ReaderSettings, Storefront, Unreadable

PLATFORMS: dict[str, Storefront] = {
    shopify.NAME: shopify,
    woocommerce.NAME: woocommerce,
    prestashop.NAME: prestashop,
    magento.NAME: magento,
    stripe.NAME: stripe,
    bigcommerce.NAME: bigcommerce,
    generic.NAME: generic,
    api.NAME: api,
}
"""Name of the platform (`Connection.platform`) -> its module."""

__all__ = ["PLATFORMS", "PULLED", "CannotJudge", "Identity", "ReaderSettings", "Storefront", "Unreadable"]
