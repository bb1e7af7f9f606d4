"""Where a request comes from."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the address of whoever asks: that of the connection or, behind the proxy, the one that the proxy saw.

    A client may send an X-Forwarded-For of its own, which the proxy appends to: only the last one in it is the proxy's.
    """
    told = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip() if settings.BEHIND_TLS else ""
    try:
        return str(ip_address(told))
    except ValueError:
        return str(request.META.get("REMOTE_ADDR", ""))
