"""Invoices: found by number, order, NIF or customer; the PDF one click away."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common.admin import Fact, ReadingAdmin, colours, link, moment, mono, safe_name, shown, state_filter, table
from common.words import reading
from invoicing.admin import correcting, mailing, rectifying
from invoicing.admin.coding import classification, regime
from invoicing.admin.labels import ENVIRONMENTS, INVOICES, TIPOS
from invoicing.admin.letterheads import PREVIEW_TIMEOUT, pdf_response
from invoicing.admin.related import chip, euros, pdf_link, process_table, processes_about, why
from invoicing.causes import CAUSES
from invoicing.deciding import figures_of
from invoicing.documents import Documents
from invoicing.languages import address
from invoicing.models import Bounce, Invoice
from invoicing.pdf import shared
from invoicing.printing import printed
from invoicing.reasons import explained
from invoicing.values import Priced, TaxShare
from verifactu.admin.words import RECORDS
from verifactu.catalogue import remedy
from verifactu.history import records_of
from verifactu.models import Record
from workflows.encoding import decode


class BouncedFilter(admin.SimpleListFilter):
    """Invoices whose letter came back."""

    title = gettext_lazy("correo")
    parameter_name = "correo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failed", gettext_lazy("no entregado"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "failed":
            return queryset.filter(pk__in=Bounce.objects.filter(action="failed").values("invoice"))
        return queryset


class TipoFilter(admin.SimpleListFilter):
    """The types in words."""

    title = gettext_lazy("tipo")
    parameter_name = "tipo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(TIPOS.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(tipo=self.value()) if self.value() in TIPOS else queryset


@admin.register(Invoice)
class InvoiceAdmin(ReadingAdmin):
    page_template = "admin/invoicing/invoice.html"
    when_empty = gettext_lazy("Las facturas se expiden solas, de los pedidos que llegan; a mano, de un borrador.")
    list_display = ("num_serie", "state_label", "tipo_shown", "issue_date", "customer", "order", "total_shown", "pdf")
    list_select_related = ("order", "document")
    list_filter = (state_filter(INVOICES), TipoFilter, BouncedFilter)
    search_fields = ("num_serie", "order__number", "recipient_nif", "recipient_name")
    search_help_text = gettext_lazy("Número de factura o de pedido, NIF o nombre del cliente")
    date_hierarchy = "issue_date"

    @display(description=gettext_lazy("estado"), label=colours(INVOICES), ordering="state")
    def state_label(self, invoice: Invoice) -> tuple[str, Any]:
        return shown(INVOICES, invoice.state)

    @display(description=gettext_lazy("tipo"), ordering="tipo")
    def tipo_shown(self, invoice: Invoice) -> Any:
        return TIPOS.get(invoice.tipo, invoice.tipo)

    @display(description=gettext_lazy("cliente"), ordering="recipient_name")
    def customer(self, invoice: Invoice) -> str:
        return invoice.recipient_name or _("sin identificar")

    @display(description=gettext_lazy("total"), ordering="total")
    def total_shown(self, invoice: Invoice) -> str:
        return euros(invoice.total)

    @display(description="PDF")
    def pdf(self, invoice: Invoice) -> Any:
        return pdf_link(invoice)

    # --- one invoice -------------------------------------------------------------------------------------------

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Invoice | None:
        found = self.get_queryset(request).select_related(
            "document", "order", "series", "record__installation", "snapshot"
        )
        try:
            return found.filter(pk=UUID(str(object_id))).first()
        except ValueError:
            return None

    def page(self, request: HttpRequest, obj: Invoice) -> dict[str, Any]:
        found = figures_of(obj)
        ready, records = hasattr(obj, "document"), records_of(obj.record)
        return {
            "heading": f"{TIPOS.get(obj.tipo, obj.tipo)} {obj.num_serie}",
            "state": INVOICES[obj.state],
            "chips": [chip(ENVIRONMENTS[obj.environment])] if obj.environment != "production" else [],
            "pdf": reverse("admin:invoicing_invoice_pdf", args=[obj.pk]) if ready else "",
            "buttons": [*(_paper_buttons(request, obj) if ready else []), *correcting.buttons(request, obj)],
            "bounces": mailing.bounce_table(obj),
            "aeat": _what_the_aeat_said(obj, records[-1]),
            "records": correcting.history_table(records),
            "facts": _facts(obj),
            "parties": _parties(obj),
            "lines": _lines(obj),
            "shares": _shares(obj),
            "totals": [
                (_("Base"), euros(obj.base_total)), (_("Cuota"), euros(obj.tax_total)), (_("Total"), euros(obj.total)),
                *_beside(found),
            ],
            "reasons": explained(found.reasons, reading()) if found else [],
            "processes": process_table(processes_about(request, [f"invoice:{obj.pk}", f"mail:{obj.pk}"])),
        }  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        own = {"pdf": self.open_pdf, "amend": self.amend, "annul": self.annul, "rectify": self.rectify}
        own |= {"duplicate": self.open_duplicate, "mail": self.send_again}
        return [
            *(
                path(f"<uuid:pk>/{name}/", self.admin_site.admin_view(view), name=f"invoicing_invoice_{name}")
                for name, view in own.items()
            ),
            *super().get_urls(),
        ]

    def amend(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Correct the coding of the invoice's record, or reactivate an annulled one."""
        return correcting.amend(self, request, self._seen(request, pk))

    def annul(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Annul the invoice."""
        return correcting.annul(self, request, self._seen(request, pk))

    def rectify(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Correct the invoice by another one."""
        return rectifying.rectify(self, request, self._seen(request, pk))

    def send_again(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Have the letter sent once more, or to another address."""
        return mailing.send_again(self, request, self._seen(request, pk))

    def open_duplicate(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Return a copy that says so, made anew from the frozen rows and stored nowhere (RD 1619/2012, art. 14)."""
        invoice = self._seen(request, pk)
        copy = shared().render(printed(invoice, duplicate=True), timeout=PREVIEW_TIMEOUT)
        return pdf_response(copy, f"{safe_name(invoice.num_serie)}-duplicado.pdf")

    def _seen(self, request: HttpRequest, pk: UUID) -> Invoice:
        invoice = self.get_object(request, str(pk))
        if invoice is None or not self.has_view_permission(request, invoice):
            raise Http404
        return invoice

    def open_pdf(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Return the stored bytes, inline, to whoever may see the invoice."""
        invoice = self._seen(request, pk)
        if not hasattr(invoice, "document"):
            raise Http404
        data = Documents(settings.DOCUMENTS_DIR).read(invoice.document.sha256)
        return pdf_response(data, f"{safe_name(invoice.num_serie)}.pdf")


def _paper_buttons(request: HttpRequest, invoice: Invoice) -> list[tuple[Any, str, str]]:
    found = [
        (_("Descargar duplicado"), "file_copy", reverse("admin:invoicing_invoice_duplicate", args=[invoice.pk])),
    ]
    if request.user.has_perm(mailing.MAIL):
        found.append((_("Enviar por correo"), "mail", reverse("admin:invoicing_invoice_mail", args=[invoice.pk])))
    return found


def _beside(found: Priced | None) -> list[tuple[Any, str]]:
    """Return what was paid beside the total or is kept from it, and the money that it was paid in."""
    if found is None:
        return []
    amounts = (
        (_("IVA de otro Estado"), found.foreign_tax),
        (_("Retención"), found.withholding),
        (_("Suplidos"), found.outlays),
        (_("Anticipos"), found.advances),
    )
    shown = [(name, euros(amount)) for name, amount in amounts if amount]
    if shown:
        shown.append((_("Total a pagar"), euros(found.payable)))
    if found.exchange:
        paid = found.exchange
        shown.append((_("Pagado"), f"{paid.total} {paid.currency} ({paid.rate}, {paid.source}, {paid.day:%d/%m/%Y})"))
    return shown


def _what_the_aeat_said(invoice: Invoice, record: Record) -> list[Fact]:
    """Return the facts of the invoice's newest record."""
    said = f"{record.codigo_error} {record.descripcion_error}".strip()
    return [
        Fact(_("Registro"), link(record)),
        Fact(_("Estado del registro"), chip(RECORDS[record.state])),
        Fact(_("Respuesta"), moment(record.verdict_at)),
        Fact("CSV", mono(record.csv)),
        *([Fact(_("La AEAT dice"), said)] if said else []),
        *([Fact(_("Qué hacer"), what)] if (what := remedy(record.codigo_error, language=reading())) else []),
        Fact(_("Huella"), mono(record.huella)),
        Fact(_("Cotejo"), format_html(
            '<a href="{}" class="text-link" target="_blank" rel="noopener noreferrer">{}</a>',
            invoice.qr_url, _("Abrir la dirección del QR"),
        )),
    ]  # fmt: skip


def _facts(invoice: Invoice) -> list[Fact]:
    return [
        Fact(_("Pedido"), link(invoice.order)),
        Fact(_("Versión del pedido"), f"v{invoice.snapshot.version}" if invoice.snapshot else "—"),
        Fact(_("Fecha de expedición"), f"{invoice.issue_date:%d/%m/%Y}"),
        Fact(_("Fecha de operación"), f"{invoice.operation_date:%d/%m/%Y}" if invoice.operation_date else "—"),
        Fact(_("Emitida"), moment(invoice.issued_at)),
        Fact(_("Impuesto según la tienda"), euros(invoice.platform_tax)),
        Fact(_("Redondeo"), euros(invoice.rounding)),
        Fact(_("Por qué así"), why(invoice.explanation) or "—"),
        *_related(invoice),
    ]


def _related(invoice: Invoice) -> list[Fact]:
    """Return the invoices that this one names, and those that name it."""
    found: list[Fact] = []
    names = {"rectifies": _("Rectifica a"), "substitutes": _("Sustituye a")}
    for each in invoice.references.select_related("invoice").order_by("position"):
        shown = link(each.invoice) if each.invoice else f"{each.num_serie} ({each.issue_date:%d/%m/%Y})"
        found.append(Fact(names[each.relation], shown))
    told = {"rectifies": _("Rectificada por"), "substitutes": _("Canjeada por")}
    found += [
        Fact(told[each.relation], link(each.document))
        for each in invoice.referred_by.select_related("document").order_by("document_id")
    ]
    if invoice.method:
        cause = CAUSES[invoice.cause][reading()]
        found.append(Fact(_("Causa"), " · ".join(filter(None, (cause, invoice.note_for_buyer)))))
    return found


def _parties(invoice: Invoice) -> list[tuple[Any, list[str]]]:
    where = address(invoice.recipient_address, reading())
    recipient = [invoice.recipient_name, invoice.recipient_nif, *where, invoice.recipient_email]
    return [
        (_("Emisor"), [invoice.issuer_name, invoice.issuer_nif, *invoice.issuer_address]),
        (_("Cliente"), [line for line in recipient if line] or [_("sin identificar")]),
    ]


def _lines(invoice: Invoice) -> dict[str, Any]:
    return table(
        [_("Concepto"), "SKU", _("Cantidad"), _("Precio sin IVA"), _("Descuento"), _("IVA"), _("Base"), _("Importe")],
        [
            [
                line.description, line.sku or "—", f"{line.quantity.normalize():f}", euros(line.unit_price),
                euros(line.discount), f"{line.rate.normalize():f} %" if line.rate is not None else "—",
                euros(line.base), euros(line.gross),
            ]
            for line in invoice.lines.order_by("position")
        ],
    )  # fmt: skip


def _shares(invoice: Invoice) -> dict[str, Any]:
    shares: tuple[TaxShare, ...] = decode(invoice.shares, tuple[TaxShare, ...])
    return table(
        [_("Tipo"), _("Base"), _("Cuota"), _("Régimen"), _("Calificación")],
        [
            [
                f"{share.rate.normalize():f} %" if share.rate is not None else "—",
                euros(share.base), euros(share.tax), regime(share.impuesto, share.clave_regimen),
                classification(share.calificacion or share.exencion),
            ]
            for share in shares
        ],
    )  # fmt: skip
