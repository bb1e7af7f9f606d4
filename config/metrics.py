"""`/metrics`: figures in Prometheus' text format, for whoever has the token, or for this machine alone."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from invoicing.metrics import HoldCollector
from verifactu.metrics import HouseCollector, RecordCollector
from workflows.metrics import ProcessCollector

# Each app counts its own; only here are they put together. A registry of our own: nothing else gets in.
REGISTRY = CollectorRegistry(auto_describe=False)
REGISTRY.register(ProcessCollector())
REGISTRY.register(RecordCollector())
REGISTRY.register(HouseCollector())
REGISTRY.register(HoldCollector())


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures, or 403 to whoever may not have them."""
    if not _may(request):
        return HttpResponse("the token of METRICS_TOKEN is wanted\n", status=403, content_type="text/plain")
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _may(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    # What a proxy on this machine passes on comes from loopback too, and is not from here.
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip")):
        return False
    try:
        return ip_address(request.META["REMOTE_ADDR"]).is_loopback
    except ValueError:  # a socket without address
        return False
