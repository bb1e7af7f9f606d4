"""The stand-in of each platform by its name."""

from tests.shops_standin.bigcommerce import BigCommerceShop
from tests.shops_standin.magento import MagentoShop
from tests.shops_standin.prestashop import PrestaShop
from tests.shops_standin.server import Shop
from tests.shops_standin.shopify import ShopifyShop
from tests.shops_standin.stripe import StripeShop
from tests.shops_standin.woocommerce import WooShop

SHOPS: dict[str, type[Shop]] = {
    shop.platform: shop for shop in (ShopifyShop, WooShop, PrestaShop, MagentoShop, StripeShop, BigCommerceShop)
}
