"""Try a shop's address and credentials, and say in plain words what is wrong with them."""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from invoicing.models import Connection
from invoicing.pulling import client_of
from invoicing.storefronts.clients import CLIENTS, ShopRefused, ShopUnavailable

TIMEOUT = (5.0, 10.0)
"""Seconds: a person waits."""


class Outcome(NamedTuple):
    """Whether the shop answers to these credentials, what that means for whoever set them, and the bare reason."""

    works: bool
    text: Any
    reason: str = ""


def probe(connection: Connection) -> Outcome:
    """Make one cheap call that needs what pulling needs. Remote: never inside a transaction."""
    try:
        client_of(connection, timeout=TIMEOUT, tries=1).check()
    except (ShopRefused, ShopUnavailable) as error:
        return Outcome(False, _said(error.code, connection), str(error))
    return Outcome(True, _("La tienda contesta y las credenciales permiten leer sus pedidos."))


def _said(code: str, connection: Connection) -> Any:
    """Return the sentence for what went wrong, with its remedy."""
    module = CLIENTS.get(connection.platform)
    address = connection.shop_url or (module.ADDRESS if module else "")
    host = {"host": urlsplit(address).hostname or address}
    sentences = {
        "dns": _("No existe ningún servidor «%(host)s»: compruebe la dirección de la tienda.") % host,
        "connection": _("«%(host)s» no admite la conexión: la tienda está caída o la dirección lleva otro puerto.")
        % host,
        "tls": _(
            "El certificado de «%(host)s» no es de confianza (caducado, de otro nombre o sin cadena). Arréglelo en la "
            "tienda: sin él no se envían las credenciales."
        )
        % host,
        "timeout": _("«%(host)s» no contesta a tiempo. Pruebe dentro de un rato.") % host,
        "cut": _("La respuesta de «%(host)s» llegó cortada. Pruebe otra vez.") % host,
        "throttled": _("La tienda pide menos peticiones por ahora. Pruebe dentro de un minuto."),
        "server": _("La tienda falla por dentro (error 5xx). Mire su registro de errores y pruebe otra vez."),
        "not_json": _(
            "En esa dirección contesta una página y no la API: compruebe la dirección, y que la API esté activada y "
            "ningún cortafuegos la tape."
        ),
        "unauthorised": _("La tienda no reconoce estas credenciales (401): cópielas otra vez, o cree unas nuevas."),
        "forbidden": _("Las credenciales valen, pero les falta permiso (403): déles el de leer lo que dice el motivo."),
        "not_found": _(
            "En esa dirección no hay una API de %(platform)s (404): debe ser la de la tienda, sin nada detrás."
        )
        % {"platform": connection.get_platform_display()},
        "moved": _("La tienda remite a otra dirección, y las remisiones no se siguen: escriba la definitiva."),
        "address": _("La dirección de la tienda debe ser como https://tienda.example."),
        "credentials": _("Faltan credenciales, o llevan caracteres que no pueden llevar."),
    }
    return sentences.get(code, _("La tienda contestó algo que no se esperaba de ella."))
