"""Verify the HMAC, insert one row, answer: what any receiver of webhooks does at least."""

import base64
import hashlib
import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone

from benchmarks.bare.received import Received


def webhook(request: HttpRequest) -> HttpResponse:
    """Keep a delivery that Shopify signed."""
    secret: str = settings.WEBHOOK_SECRET  # type: ignore[misc]  # of benchmarks.bare.settings
    expected = base64.b64encode(hmac.digest(secret.encode(), request.body, hashlib.sha256))
    if not hmac.compare_digest(expected, request.headers["X-Shopify-Hmac-Sha256"].encode()):
        return JsonResponse({"error": "wrong signature"}, status=401)
    kept = Received.objects.create(received_at=timezone.now(), body=request.body)
    return JsonResponse({"kept": str(kept.pk)})


def ready(request: HttpRequest) -> HttpResponse:
    """Say that the server is up."""
    return HttpResponse()


urlpatterns = [path("webhook/", webhook), path("readyz", ready)]
