"""Companies: opened with taxpayer, certificate and installation in one form."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from common import clock
from common.admin import ScopedAdmin, link
from invoicing import nif as nif_rules
from invoicing.admin import exporting
from invoicing.admin.letterheads import LetterheadInline, preview
from invoicing.companies import open_company
from invoicing.models import Company, Membership
from invoicing.places import SEATS, TAXES
from invoicing.reconciling import reconcile_nightly
from invoicing.reporting import report_daily
from invoicing.treatments import REGIMES
from verifactu.admin.forms import CertificateForm
from verifactu.admin.taxpayers import describe_certificate

TAX_FIELDS = ("territory", "regime", "oss_from", "used_goods_keys")
ADDRESS = ("address", "postal_code", "city", "province")
PLACE = (gettext_lazy("Domicilio que figura en las facturas"), {"fields": (ADDRESS[:2], ADDRESS[2:])})


class OpenCompanyForm(CertificateForm):
    """Everything that a company begins with."""

    nif = forms.CharField(
        label="NIF", max_length=20, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Del obligado tributario. No se puede cambiar después."),
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("Nombre o razón social"), max_length=120, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Tal como consta en el censo de la AEAT."),
    )  # fmt: skip

    class Meta:
        model = Company
        fields = (*ADDRESS, "email", "simplified_activity")

    def taxpayer_nif(self) -> str:
        nif: str = self.cleaned_data.get("nif", "")
        return nif

    def clean_nif(self) -> str:
        """Return the NIF made uniform."""
        given = nif_rules.normalise(self.cleaned_data["nif"])
        if nif_rules.judge(given) == nif_rules.Verdict.MALFORMED:
            raise forms.ValidationError(_("No es un NIF español válido."))
        return given


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]
    """An open company; its regime must be one of the tax of its territory."""

    class Meta:
        model = Company
        fields = (*ADDRESS, "email", "report_recipients", "simplified_activity", *TAX_FIELDS,
                  "forget_after_days")  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        """Refuse a regime that the issuer's tax does not know."""
        cleaned = super().clean() or {}
        if {"territory", "regime"} <= cleaned.keys():
            tax = TAXES[SEATS[cleaned["territory"]]]
            if cleaned["regime"] not in REGIMES[tax]:
                known = ", ".join(str(Company.Regime(each).label) for each in REGIMES[tax])
                self.add_error(
                    "regime", _("No es un régimen del impuesto de ese territorio; sí: %(known)s.") % {"known": known}
                )
        return cleaned


class MembershipInline(TabularInline):
    """Who works for the company."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)
    verbose_name = gettext_lazy("persona con acceso")
    verbose_name_plural = gettext_lazy("personas con acceso")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, label=_("persona"), **kwargs)


@admin.register(Company)
class CompanyAdmin(ScopedAdmin):
    tenant_path = "pk"
    tells_tenant = False
    list_display = ("name", "nif", "city", "territory", "has_certificate")
    list_select_related = ("taxpayer",)
    search_fields = ("taxpayer__name", "taxpayer__nif")
    inlines = (LetterheadInline, MembershipInline)
    actions_detail = ("ask_for_export", "see_example")
    add_fieldsets = (
        (gettext_lazy("Obligado tributario"), {"fields": (("nif", "name"),)}),
        PLACE,
        (gettext_lazy("Facturación"), {"fields": ("email", "simplified_activity")}),
        (
            gettext_lazy("Certificado con el que se envía a la AEAT"),
            {"fields": (("certificate_file", "certificate_secret"), "acts_as")},
        ),
    )  # fmt: skip
    fieldsets = (
        (gettext_lazy("Obligado tributario"), {"fields": ("taxpayer_shown", "certificate_shown")}),
        PLACE,
        (gettext_lazy("Facturación"), {"fields": (("email", "language"), "report_recipients",
                                                  "simplified_activity", "qualified_simplified", "checks_census")}),
        (gettext_lazy("Impuestos"), {"fields": (TAX_FIELDS[:2], *TAX_FIELDS[2:])}),
        (gettext_lazy("Conservación"), {"fields": ("kept_shown", "forget_after_days")}),
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever opened one without being superuser would not see it: nobody gives access to oneself."""
        return bool(getattr(request.user, "is_superuser", False))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("taxpayer_shown", "certificate_shown", "kept_shown") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = OpenCompanyForm if obj is None else CompanyForm
        return super().get_form(request, obj, change, **kwargs)

    @display(description=gettext_lazy("nombre"), ordering="taxpayer__name")
    def name(self, company: Company) -> str:
        return company.taxpayer.name

    @display(description="NIF", ordering="taxpayer__nif")
    def nif(self, company: Company) -> str:
        return company.taxpayer.nif

    @display(description=gettext_lazy("certificado"), boolean=True)
    def has_certificate(self, company: Company) -> bool:
        return bool(company.taxpayer.certificate)

    @display(description=gettext_lazy("obligado tributario"))
    def taxpayer_shown(self, company: Company) -> Any:
        return link(company.taxpayer)

    @display(description=gettext_lazy("certificado"))
    def certificate_shown(self, company: Company) -> Any:
        return describe_certificate(company.taxpayer)

    @display(description=gettext_lazy("facturas y aquello en que se apoyan"))
    def kept_shown(self, company: Company) -> str:
        return _("Nunca se borran aquí. La casa promete conservarlas %(years)s años completos.") % {
            "years": settings.FISCAL_YEARS,
        }  # fmt: skip

    def has_export_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether the person may take invoices away: the permission to make exports."""
        return bool(request.user.has_perm("invoicing.add_export"))

    @action(description=gettext_lazy("Exportar facturas"), url_path="export", permissions=["export"], icon="download")
    def ask_for_export(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the period, then start the export."""
        company = self.get_object(request, unquote(object_id))
        if company is None:
            gone: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return gone
        return exporting.ask(self, request, company)

    @action(
        description=gettext_lazy("Ver un ejemplo"),
        url_path="example",
        icon="picture_as_pdf",
        attrs={"target": "_blank"},
    )
    def see_example(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show an invoice that nobody issued, on the company's paper as it is saved."""
        company = self.get_object(request, unquote(object_id))
        if company is None:
            gone: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return gone
        return preview(company, request.GET.get("language", ""))

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            report_daily(obj, now=clock.now())  # in its zone, which may have changed
            reconcile_nightly(obj, now=clock.now())
            return
        given = form.cleaned_data
        data, password = form.uploaded or (b"", "")
        opened = open_company(
            nif=given["nif"],
            name=given["name"],
            **{name: given[name] for name in (*ADDRESS, "email", "simplified_activity")},
            certificate=data,
            certificate_password=password,
            acts_as=given["acts_as"],
            now=clock.now(),
        )
        obj.pk, obj.taxpayer, obj.created_at = opened.pk, opened.taxpayer, opened.created_at
        obj._state.adding = False
