"""The shops: one module per platform, alike in shape."""

from invoicing.storefronts import api, manual, shopify, woocommerce
from invoicing.storefronts.contract import Identity, ReaderSettings, Storefront, Unreadable

PLATFORMS: dict[str, Storefront] = {
    shopify.NAME: shopify,
    woocommerce.NAME: woocommerce,
    api.NAME: api,
    manual.NAME: manual,
}
"""Name of the platform (`Connection.platform`) -> its module."""

__all__ = ["PLATFORMS", "Identity", "ReaderSettings", "Storefront", "Unreadable"]
