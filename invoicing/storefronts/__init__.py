"""The shops: one module per platform, alike in shape."""

from invoicing.storefronts import api, shopify, woocommerce
from invoicing.storefronts.contract import Identity, ReaderSettings, Storefront, Unreadable

PLATFORMS: dict[str, Storefront] = {
    shopify.NAME: shopify,
    woocommerce.NAME: woocommerce,
    api.NAME: api,
}
"""Name of the platform (`Connection.platform`) -> its module."""

__all__ = ["PLATFORMS", "Identity", "ReaderSettings", "Storefront", "Unreadable"]
