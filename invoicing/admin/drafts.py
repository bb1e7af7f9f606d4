"""Drafts: invoices made by hand, written and changed until they are issued."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from common import clock
from common.admin import Label, ScopedAdmin, change_url, colours, link, moment, shown
from common.words import reading
from invoicing import drafting
from invoicing import nif as nif_rules
from invoicing.admin.amounts import AmountField
from invoicing.admin.draft_preview import seen
from invoicing.admin.related import euros
from invoicing.models import Draft, DraftLine
from invoicing.pdf import formats

STATES = {
    "draft": Label(gettext_lazy("borrador")),
    "sent": Label(gettext_lazy("expidiéndose"), "info"),
    "held": Label(gettext_lazy("retenido"), "warning"),
    "issued": Label(gettext_lazy("expedido"), "success"),
}
TAXES = [
    ("21", "IVA 21 %"), ("10", "IVA 10 %"), ("4", "IVA 4 %"),
    ("21+5.2", "IVA 21 % + RE 5,2 %"), ("10+1.4", "IVA 10 % + RE 1,4 %"), ("4+0.5", "IVA 4 % + RE 0,5 %"),
    ("7", "IGIC 7 %"), ("3", "IGIC 3 %"), ("9.5", "IGIC 9,5 %"), ("15", "IGIC 15 %"),
    ("rule", gettext_lazy("Sin impuesto por el destino: exportación o entrega intracomunitaria")),
    ("E1", gettext_lazy("Exenta, art. 20 (E1)")), ("E6", gettext_lazy("Exenta, otra causa (E6)")),
    ("S2", gettext_lazy("Inversión del sujeto pasivo (S2)")), ("N1", gettext_lazy("No sujeta (N1)")),
    ("N2", gettext_lazy("No sujeta por localización (N2)")),
]  # fmt: skip
"""What a line may bear, by its code in `DraftLine.tax`."""
SHOWN = ("description", "kind", "how_many", "price", "off", "bears")
"""What is shown of a line once it is issued."""


class LineForm(forms.ModelForm):  # type: ignore[type-arg]
    """A line, its tax chosen in words."""

    # Initial as it is shown: a line that nobody touched is none.
    tax = forms.ChoiceField(
        label=gettext_lazy("impuesto"), choices=TAXES, initial=TAXES[0][0], widget=UnfoldAdminSelectWidget()
    )

    quantity = AmountField(
        label=gettext_lazy("cantidad"), max_digits=12, decimal_places=4, initial=Decimal(1), style="min-width: 5rem"
    )
    unit_price = AmountField(
        label=gettext_lazy("precio unitario"), max_digits=14, decimal_places=6, style="min-width: 7rem"
    )
    discount = AmountField(
        label=gettext_lazy("descuento (€)"), max_digits=14, decimal_places=2, required=False, initial=Decimal(0),
        style="min-width: 6rem",
    )  # fmt: skip

    class Meta:
        model = DraftLine
        fields = ("description", "kind", "quantity", "unit_price", "discount", "tax")
        widgets = {
            "description": UnfoldAdminTextInputWidget(attrs={"style": "min-width: 18rem"}),
            "kind": UnfoldAdminSelectWidget(attrs={"style": "min-width: 7rem"}),
        }

    def clean_discount(self) -> Any:
        """Return no discount where none was typed."""
        return self.cleaned_data["discount"] or 0

    def clean_quantity(self) -> Any:
        """Refuse a line of nothing."""
        quantity = self.cleaned_data["quantity"]
        if not quantity:
            raise forms.ValidationError(_("Una línea de nada: la cantidad es 0."))
        return quantity


class LineInline(TabularInline):
    """The lines of a draft."""

    model = DraftLine
    form = LineForm
    hide_title = True
    verbose_name = gettext_lazy("línea")
    verbose_name_plural = gettext_lazy("líneas")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return one line for a new draft; a written one has its own, and a button for more."""
        return 0 if obj else 1

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return LineForm.Meta.fields if _open(obj) else SHOWN

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if _open(obj) else SHOWN

    @display(description=gettext_lazy("cantidad"))
    def how_many(self, line: DraftLine) -> str:
        return formats.number(line.quantity, language=reading())

    @display(description=gettext_lazy("precio unitario"))
    def price(self, line: DraftLine) -> str:
        return formats.price(line.unit_price, reading(), 6)

    @display(description=gettext_lazy("descuento (€)"))
    def off(self, line: DraftLine) -> str:
        return euros(line.discount) if line.discount else "—"

    @display(description=gettext_lazy("impuesto"))
    def bears(self, line: DraftLine) -> Any:
        return dict(TAXES).get(line.tax, line.tax)

    # Who may write the draft writes its lines.
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("invoicing.view_draft") or request.user.has_perm("invoicing.change_draft"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _open(obj) and bool(
            request.user.has_perm("invoicing.change_draft") or request.user.has_perm("invoicing.add_draft")
        )

    has_change_permission = has_delete_permission = has_add_permission


class DraftForm(forms.ModelForm):  # type: ignore[type-arg]
    """A draft whose NIF and day can be."""

    class Meta:
        model = Draft
        fields = (
            "company", "reference", "operation_date", "language", "prices_include_tax", "buyer_name", "buyer_nif",
            "street", "postal_code", "city", "province", "country", "buyer_email", "notes",
        )  # fmt: skip
        widgets = {"notes": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def clean_buyer_nif(self) -> str:
        """Refuse what is no NIF, Spanish or of another member state."""
        given = str(self.cleaned_data["buyer_nif"]).strip()
        number = nif_rules.normalise(given)
        malformed = nif_rules.judge(number) == nif_rules.Verdict.MALFORMED
        if given and malformed and not nif_rules.eu_vat_number(number):
            raise forms.ValidationError(_("No es un NIF español válido."))
        return given

    def clean_operation_date(self) -> Any:
        """Refuse a day that has not come."""
        day = self.cleaned_data["operation_date"]
        if day and day > localtime(clock.now()).date():
            raise forms.ValidationError(_("Ese día aún no ha llegado."))
        return day

    def clean_country(self) -> str:
        """Return the country in capitals."""
        return str(self.cleaned_data["country"]).strip().upper()


@admin.register(Draft)
class DraftAdmin(ScopedAdmin):
    form = DraftForm
    when_empty = gettext_lazy("Una factura hecha a mano empieza como borrador; antes de expedirla se ve como quedaría.")
    inlines = (LineInline,)
    list_display = ("name", "state_label", "buyer_name", "company", "created_by", "changed", "invoice_shown")
    list_select_related = ("company__taxpayer", "delivery")
    search_fields = ("reference", "buyer_name", "buyer_nif")
    actions_detail = ("ask_to_issue",)
    readonly_fields = ("outcome", "history")
    fieldsets = (
        (None, {"fields": (("company", "reference"), ("operation_date", "language"), "prices_include_tax")}),
        (gettext_lazy("Cliente"), {"fields": (("buyer_name", "buyer_nif"), ("street", "postal_code"),
                                              ("city", "province"), ("country", "buyer_email"))}),
        (gettext_lazy("Para la casa"), {"fields": ("notes", "outcome", "history")}),
    )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _open(obj)

    def has_issue_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether the person may issue what drafts hold."""
        return bool(request.user.has_perm("invoicing.issue_draft"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer no issuing of what is issued."""
        issued = Draft.objects.filter(pk=unquote(str(object_id)), delivery__isnull=False).exists()
        return [] if issued else super().get_actions_detail(request, object_id)

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer no deletion of many: an issued one among them stays."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @display(description=gettext_lazy("referencia"), ordering="reference")
    def name(self, draft: Draft) -> str:
        return str(draft)

    @display(description=gettext_lazy("estado"), label=colours(STATES))
    def state_label(self, draft: Draft) -> tuple[str, Any]:
        return shown(STATES, _state(draft))

    @display(description=gettext_lazy("cambiado"), ordering="updated_at")
    def changed(self, draft: Draft) -> str:
        return moment(draft.updated_at)

    @display(description=gettext_lazy("factura"))
    def invoice_shown(self, draft: Draft) -> Any:
        return link(drafting.invoice_of(draft))

    @display(description=gettext_lazy("qué ha sido de él"))
    def outcome(self, draft: Draft) -> Any:
        if draft._state.adding or draft.delivery_id is None:
            return _("Sin expedir: se puede cambiar y borrar.")
        if invoice := drafting.invoice_of(draft):
            return format_html(_("Factura {}."), link(invoice))
        order = drafting.order_of(draft)
        if order is None:
            return format_html(_("Entregado para expedir: {}."), link(draft.delivery))
        if order.state == "held":
            return format_html(_("Retenido: una persona debe decidir sobre {}."), link(order))
        return format_html(_("Expidiéndose: {}."), link(order))

    @display(description=gettext_lazy("historia"))
    def history(self, draft: Draft) -> str:
        if draft._state.adding:
            return "—"
        written = _("Escrito por %(who)s el %(at)s.") % {
            "who": draft.created_by or "—", "at": moment(draft.created_at),
        }  # fmt: skip
        if draft.issued_at is None:
            return written
        issued = _("Expedido por %(who)s el %(at)s.") % {"who": draft.issued_by, "at": moment(draft.issued_at)}
        return f"{written} {issued}"

    def save_model(self, request: HttpRequest, obj: Draft, form: Any, change: bool) -> None:
        now = clock.now()
        if not change:
            obj.created_at, obj.created_by = now, request.user.get_username()
        obj.updated_at = now
        super().save_model(request, obj, form, change)

    @action(
        description=gettext_lazy("Vista previa y expedir"), url_path="issue", permissions=["issue"], icon="receipt_long"
    )
    def ask_to_issue(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the draft would become; issue it when the button is pressed."""
        draft = self.get_object(request, unquote(object_id))
        if draft is None:
            gone: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return gone
        if draft.delivery_id:
            self.message_user(request, _("Este borrador ya se expidió."), messages.WARNING)
            return HttpResponseRedirect(change_url(draft))
        if request.method == "POST" and (answer := self._issue(request, draft)):
            return answer
        return TemplateResponse(request, "admin/invoicing/draft.html", {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": draft,
            "title": _("Vista previa de %(draft)s") % {"draft": draft},
            "back": change_url(draft),
            **seen(draft),
        })  # fmt: skip

    def _issue(self, request: HttpRequest, draft: Draft) -> HttpResponse | None:
        try:
            new = drafting.issue(
                draft, mark=request.POST.get("mark", ""), actor=request.user.get_username(), now=clock.now()
            )
        except (drafting.ChangedSince, drafting.NothingToIssue):
            self.message_user(request, _("El borrador ha cambiado: mírelo de nuevo."), messages.WARNING)
            return None
        said = _("El borrador se está expidiendo.") if new else _("Este borrador ya se expidió.")
        self.message_user(request, said, messages.SUCCESS if new else messages.WARNING)
        return HttpResponseRedirect(change_url(draft))


def _open(draft: Draft | None) -> bool:
    return draft is None or draft.delivery_id is None


def _state(draft: Draft) -> str:
    if draft.delivery_id is None:
        return "draft"
    if drafting.invoice_of(draft):
        return "issued"
    order = drafting.order_of(draft)
    return "held" if order and order.state == "held" else "sent"
