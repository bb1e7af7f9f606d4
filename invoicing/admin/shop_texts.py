"""What a person needs to know of each platform to connect it: credentials, address, and where the buyer's NIF is."""

from typing import Any

from django.utils.translation import gettext_lazy as _

CREDENTIALS: dict[str, Any] = {
    "access_token": _("Token de acceso"),
    "consumer_key": _("Clave de cliente (ck_…)"),
    "consumer_secret": _("Clave secreta (cs_…)"),
    "webservice_key": _("Clave del webservice"),
    "secret_key": _("Clave restringida (rk_…)"),
}
"""Name of a credential, as its client knows it -> in words."""

WHERE_FROM: dict[str, Any] = {
    "shopify": _(
        "Shopify: Configuración → Apps → Desarrollar apps → su app, con el permiso read_orders (y "
        "read_all_orders para pedidos de más de 60 días). La dirección es https://<tienda>.myshopify.com."
    ),
    "woocommerce": _(
        "WooCommerce: Ajustes → Avanzado → API REST → Añadir clave, con permiso de lectura. La dirección es la "
        "de la web, con la carpeta de WordPress si la tiene."
    ),
    "prestashop": _(
        "PrestaShop: Parámetros avanzados → Webservice → Añadir clave, con GET en orders, order_details, "
        "order_states, order_slip, order_cart_rules, order_payments, taxes, addresses, customers, countries, "
        "states, currencies y languages."
    ),
    "magento": _(
        "Magento: Sistema → Integraciones → Añadir, con acceso a Ventas; el token de acceso. Desde 2.4.4 hay que "
        "permitir su uso como Bearer: Tiendas → Configuración → Servicios → OAuth."
    ),
    "stripe": _(
        "Stripe: Desarrolladores → Claves de API → Crear clave restringida, con lectura de facturas, sesiones de "
        "Checkout, cargos y reembolsos, PaymentIntents, notas de crédito, tipos impositivos y eventos. La "
        "dirección se deja vacía."
    ),
    "bigcommerce": _(
        "BigCommerce: Configuración → Cuentas de API → de tienda, con Pedidos y Transacciones de pedidos de solo "
        "lectura. La dirección es su «API path», https://api.bigcommerce.com/stores/<hash>."
    ),
}

WHERE_THE_NIF_IS: dict[str, Any] = {
    "shopify": _(
        "Shopify no tiene un campo propio: se busca en los atributos del carrito (note_attributes) por estos "
        "nombres y, si no está, se prueba con la empresa de la dirección de facturación."
    ),
    "woocommerce": _(
        "WooCommerce no tiene un campo propio: se busca por estos nombres en los metadatos del pedido "
        "(meta_data) y en la dirección de facturación."
    ),
    "prestashop": _(
        "PrestaShop lo tiene en la dirección de facturación: dni para personas, vat_number para empresas. Estos "
        "nombres sirven para campos que añada un módulo."
    ),
    "magento": _(
        "Magento lo tiene en customer_taxvat y en el vat_id de la dirección de facturación. Estos nombres sirven "
        "para atributos que añada un módulo."
    ),
    "stripe": _(
        "Stripe lo tiene en los Tax ID del cliente (es_cif y eu_vat). Estos nombres se buscan además en los "
        "campos personalizados y en los metadatos."
    ),
    "bigcommerce": _(
        "BigCommerce no tiene un campo propio: se busca por estos nombres en los campos del formulario "
        "(form_fields) de la dirección de facturación y del pedido."
    ),
}
