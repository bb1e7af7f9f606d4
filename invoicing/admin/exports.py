"""Exports: who took which invoices, and the files themselves."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import FileResponse, Http404, HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common.admin import Fact, ReadingAdmin, link, moment, mono
from invoicing.admin.labels import BOOKS, ENVIRONMENTS
from invoicing.admin.related import chip
from invoicing.downloads import file_response
from invoicing.models import Export
from workflows.models import Process

KINDS = ("csv", "xlsx")


@admin.register(Export)
class ExportAdmin(ReadingAdmin):
    page_template = "admin/invoicing/export.html"
    when_empty = gettext_lazy(
        "Facturas, libros y modelos se piden en la página de una empresa, con el botón «Exportar facturas», y quedan "
        "aquí."
    )
    list_display = ("period", "kind_shown", "company", "rows", "requested_by", "made")
    list_filter = ("kind",)
    list_select_related = ("company__taxpayer",)
    date_hierarchy = "created_at"

    @display(description=gettext_lazy("periodo"), ordering="first_date")
    def period(self, export: Export) -> str:
        return str(export)

    @display(description=gettext_lazy("clase"), ordering="kind")
    def kind_shown(self, export: Export) -> str:
        return str(BOOKS[export.kind])

    @display(description=gettext_lazy("creada"), ordering="id")
    def made(self, export: Export) -> str:
        return moment(export.created_at)

    def page(self, request: HttpRequest, obj: Export) -> dict[str, Any]:
        process = Process.objects.filter(pk=obj.pk).first() if request.user.has_perm("workflows.view_process") else None
        return {
            "heading": _("%(kind)s del %(first)s al %(last)s") % {
                "kind": BOOKS[obj.kind], "first": f"{obj.first_date:%d/%m/%Y}", "last": f"{obj.last_date:%d/%m/%Y}",
            },
            "chips": [chip(ENVIRONMENTS[obj.environment])] if obj.environment != "production" else [],
            "files": [
                (kind.upper(), reverse(f"admin:invoicing_export_{kind}", args=[obj.pk])) for kind in KINDS
            ],
            "facts": [
                Fact(_("Empresa"), str(obj.company)),
                Fact(_("Facturas"), obj.count),
                *([Fact(_("Líneas"), obj.rows)] if obj.kind != Export.Kind.INVOICES else []),
                Fact(_("Pedida por"), obj.requested_by),
                Fact(_("Creada"), moment(obj.created_at)),
                Fact(_("Aviso a"), obj.email or "—"),
                Fact(_("Proceso"), link(process, _("Ver cómo se hizo"))),
                Fact(_("SHA-256 del CSV"), mono(obj.csv_sha256)),
                Fact(_("SHA-256 del XLSX"), mono(obj.xlsx_sha256)),
            ],
        }  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<uuid:pk>/{kind}/",
                self.admin_site.admin_view(partial(self.download, kind)),
                name=f"invoicing_export_{kind}",
            )
            for kind in KINDS
        ]
        return [*own, *super().get_urls()]

    def download(self, kind: str, request: HttpRequest, pk: UUID) -> FileResponse:
        """Return a file to whoever may see the export."""
        export = self.get_object(request, str(pk))
        if export is None or not self.has_view_permission(request, export):
            raise Http404
        return file_response(export, kind)
