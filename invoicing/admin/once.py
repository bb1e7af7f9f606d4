"""A page with a secret on it, shown when it is made and never again."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from common.admin import change_url


def show_once(page: Any, request: HttpRequest, obj: Any, secret: str, title: str, says: str) -> HttpResponse:
    """Return a page with a secret on it: in the answer itself, never in a cookie, a session or an address."""
    context = {
        **page.admin_site.each_context(request), "opts": page.opts, "original": obj, "title": title, "says": says,
        "secret": secret, "back": change_url(obj),
    }  # fmt: skip
    response = TemplateResponse(request, "admin/invoicing/once.html", context)
    response["Cache-Control"] = "no-store"
    return response
