"""The declaración responsable as a page, one click from every other (Orden HAC/1177/2024, art. 15)."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from common import clock
from verifactu.declaration import TITLE, annex, data, keep_declaration, warnings
from verifactu.models import Declaration


def declaration(request: HttpRequest) -> HttpResponse:
    """Show the declaration of the present version, and the earlier ones that were kept. Anybody of the staff may."""
    keep_declaration(now=clock.now())
    return TemplateResponse(
        request,
        "admin/verifactu/declaration.html",
        {
            **admin.site.each_context(request),
            "title": TITLE.capitalize(),
            "heading": TITLE,
            "data": data(),
            "annex": annex(),
            "warnings": warnings(),
            "kept": Declaration.objects.order_by("-kept_at")[1:],
        },
    )
