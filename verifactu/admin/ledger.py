"""Records, submissions and answers: what was declared, what was sent, what came back."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from lxml import etree
from unfold.decorators import display

from common.admin import (
    Fact,
    ReadingAdmin,
    colours,
    download,
    lasted,
    link,
    moment,
    mono,
    shown,
    state_filter,
    table,
)  # fmt: skip
from verifactu.admin import levers
from verifactu.admin.words import RECORDS, SUBMISSIONS, WHAT_NEXT
from verifactu.catalogue import remedy
from verifactu.models import Answer, Record, Submission

MOST_RECORDS = 200
"""Shown on a submission's page; a batch may hold a thousand."""


@admin.register(Record)
class RecordAdmin(ReadingAdmin):
    tenant_path = "installation__taxpayer__tenant"
    page_template = "admin/verifactu/record.html"
    list_display = ("num_serie", "state_label", "operation", "tipo_factura", "importe_total", "seq", "made", "problem")
    list_select_related = ("installation__taxpayer",)
    list_filter = (state_filter(RECORDS), "operation")
    search_fields = ("num_serie", "=huella", "=csv", "=codigo_error")
    search_help_text = gettext_lazy("Número de factura, huella, CSV o código de error de la AEAT")
    date_hierarchy = "generated_at"

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "installation__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("xml")

    @display(description=gettext_lazy("estado"), label=colours(RECORDS), ordering="state")
    def state_label(self, record: Record) -> tuple[str, Any]:
        return shown(RECORDS, record.state)

    @display(description=gettext_lazy("generado"), ordering="generated_at")
    def made(self, record: Record) -> str:
        return moment(record.generated_at)

    @display(description=gettext_lazy("error"))
    def problem(self, record: Record) -> str:
        return f"{record.codigo_error} {record.descripcion_error or record.reason}".strip()[:120] or "—"

    def page(self, request: HttpRequest, obj: Record) -> dict[str, Any]:
        return {
            "heading": _("Registro nº %(seq)s de la cadena · %(num)s") % {"seq": obj.seq, "num": obj.num_serie},
            "state": RECORDS[obj.state],
            "next": WHAT_NEXT[obj.state],
            "problem": " ".join(filter(None, (obj.codigo_error, obj.descripcion_error, obj.reason))),
            "remedy": remedy(obj.codigo_error, language=get_language()),
            "facts": [
                Fact(_("Operación"), obj.get_operation_display()),
                Fact("TipoFactura", obj.tipo_factura or "—"),
                Fact("ImporteTotal", obj.importe_total or "—"),
                Fact("FechaExpedicionFactura", obj.fecha_expedicion),
                Fact("IDEmisorFactura", obj.id_emisor),
                Fact("FechaHoraHusoGenRegistro", moment(obj.generated_at)),
                Fact(_("Instalación"), link(obj.installation)),
                Fact(_("Envío"), link(obj.submission)),
                Fact("CSV", mono(obj.csv)),
                Fact(_("Respuesta"), moment(obj.verdict_at)),
                Fact("Huella", mono(obj.huella)),
                Fact(_("Huella anterior"), mono(obj.huella_anterior)),
            ],
            "neighbours": _neighbours(obj),
            "events": levers.events(obj.events),
            "release": reverse("admin:verifactu_record_release", args=[obj.pk])
            if obj.state == "quarantined" and levers.may(request, Record)
            else "",
            "xml": pretty_xml(obj.xml.encode()),
            "download": reverse("admin:verifactu_record_xml", args=[obj.pk]),
        }

    def get_urls(self) -> list[URLPattern]:
        xml = path("<uuid:pk>/xml/", self.admin_site.admin_view(self.xml), name="verifactu_record_xml")
        release = path("<uuid:pk>/release/", self.admin_site.admin_view(self.release), name="verifactu_record_release")
        return [xml, release, *super().get_urls()]

    def release(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask for a reason, then let the record be sent again."""
        return levers.pull(self, request, pk, levers.release_record)

    def xml(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Download the record's text exactly as it is sent."""
        record = self.get_object(request, str(pk))
        if record is None or not self.has_view_permission(request, record):
            raise Http404
        return download(record.xml.encode(), f"{record.num_serie}-{record.seq}.xml", "application/xml")


@admin.register(Submission)
class SubmissionAdmin(ReadingAdmin):
    tenant_path = "installation__taxpayer__tenant"
    page_template = "admin/verifactu/submission.html"
    list_display = ("started", "state_label", "installation", "count", "incidencia", "next", "reason_shown")
    list_select_related = ("installation__taxpayer",)
    list_filter = (state_filter(SUBMISSIONS), "incidencia")
    search_fields = ("=id", "installation__numero", "installation__taxpayer__nif")
    date_hierarchy = "started_at"

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "installation__id__exact" or super().lookup_allowed(lookup, value, request)

    @display(description=gettext_lazy("enviado"), ordering="started_at")
    def started(self, submission: Submission) -> str:
        return moment(submission.started_at)

    @display(description=gettext_lazy("estado"), label=colours(SUBMISSIONS), ordering="state")
    def state_label(self, submission: Submission) -> tuple[str, Any]:
        return shown(SUBMISSIONS, submission.state)

    @display(description=gettext_lazy("siguiente desde"))
    def next(self, submission: Submission) -> str:
        return moment(submission.next_at)

    @display(description=gettext_lazy("motivo"))
    def reason_shown(self, submission: Submission) -> str:
        return submission.reason[:120] or "—"

    def page(self, request: HttpRequest, obj: Submission) -> dict[str, Any]:
        records = obj.records.order_by("seq").defer("xml")[:MOST_RECORDS]
        spent = (obj.finished_at - obj.started_at).total_seconds() * 1000 if obj.finished_at else None
        return {
            "heading": _("Envío del %(at)s") % {"at": moment(obj.started_at)},
            "state": SUBMISSIONS[obj.state],
            "problem": obj.reason,
            "facts": [
                Fact(_("Instalación"), link(obj.installation)),
                Fact(_("Registros"), _("%(count)s, desde el nº %(first)s")
                     % {"count": obj.count, "first": obj.first_seq}),
                Fact("Incidencia", "S" if obj.incidencia else "N"),
                Fact(_("Respondido"), moment(obj.finished_at)),
                Fact(_("Duración"), lasted(spent) if spent is not None else "—"),
                Fact(_("Siguiente envío desde"), moment(obj.next_at)),
                Fact(_("Fallos seguidos"), obj.failures),
            ],
            "answers": table(
                [_("Recibida"), _("Tipo"), "HTTP", "EstadoEnvio", "CSV", "TiempoEsperaEnvio"],
                [
                    [link(answer, moment(answer.received_at)), answer.get_kind_display(), answer.http_status or "—",
                     answer.estado_envio or "—", mono(answer.csv), answer.tiempo_espera or "—"]
                    for answer in obj.answers.defer("body")
                ],
            ),
            "records": table(
                [_("Nº"), _("Factura"), _("Operación"), _("Estado"), _("Error")],
                [
                    [record.seq, link(record, record.num_serie), record.get_operation_display(),
                     RECORDS[record.state].text, f"{record.codigo_error} {record.descripcion_error}".strip() or "—"]
                    for record in records
                ],
            ),
            "records_left_out": max(obj.count - MOST_RECORDS, 0),
        }  # fmt: skip


@admin.register(Answer)
class AnswerAdmin(ReadingAdmin):
    tenant_path = "submission__installation__taxpayer__tenant"
    page_template = "admin/verifactu/answer.html"
    list_display = ("received", "kind", "estado_envio", "http_status", "csv", "submission")
    list_select_related = ("submission__installation__taxpayer",)
    list_filter = ("kind",)
    search_fields = ("=csv",)
    date_hierarchy = "received_at"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("body", "lines")

    @display(description=gettext_lazy("recibida"), ordering="received_at")
    def received(self, answer: Answer) -> str:
        return moment(answer.received_at)

    def page(self, request: HttpRequest, obj: Answer) -> dict[str, Any]:
        return {
            "heading": _("Respuesta del %(at)s") % {"at": moment(obj.received_at)},
            "facts": [
                Fact(_("Envío"), link(obj.submission)),
                Fact(_("Tipo"), obj.get_kind_display()),
                Fact("HTTP", obj.http_status or "—"),
                Fact("EstadoEnvio", obj.estado_envio or "—"),
                Fact("CSV", mono(obj.csv)),
                Fact("TiempoEsperaEnvio", f"{obj.tiempo_espera} s" if obj.tiempo_espera is not None else "—"),
            ],
            "xml": pretty_xml(bytes(obj.body)),
            "download": reverse("admin:verifactu_answer_body", args=[obj.pk]),
        }

    def get_urls(self) -> list[URLPattern]:
        own = path("<uuid:pk>/body/", self.admin_site.admin_view(self.body), name="verifactu_answer_body")
        return [own, *super().get_urls()]

    def body(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Download what came back, byte for byte."""
        answer = self.get_object(request, str(pk))
        if answer is None or not self.has_view_permission(request, answer):
            raise Http404
        return download(bytes(answer.body), f"respuesta-{answer.pk}.xml")


def pretty_xml(data: bytes) -> str:
    """Return XML with indentation for a reader, or the text as it is when it is none. The template escapes it."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_blank_text=True)
    try:
        return etree.tostring(etree.fromstring(data, parser), pretty_print=True, encoding="unicode")
    except etree.XMLSyntaxError:
        return data.decode("utf-8", "replace")


def _neighbours(record: Record) -> list[tuple[Any, Any]]:
    """Return the links to the records before and after it in its chain (one query)."""
    near = {
        row.seq: row
        for row in Record.objects.filter(
            installation_id=record.installation_id, seq__in=(record.seq - 1, record.seq + 1)
        ).defer("xml")
    }
    return [
        (_("Anterior de la cadena"), link(near.get(record.seq - 1))),
        (_("Siguiente de la cadena"), link(near.get(record.seq + 1))),
    ]
