"""How a company's invoices and letters look: set on the company's page, tried on an example that is stored nowhere."""

import base64
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum import iban as iban_rules
from stdnum.exceptions import ValidationError as NoIban
from unfold.admin import StackedInline
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminImageFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from common.admin import ScopedAdmin
from invoicing.languages import LANGUAGES
from invoicing.letters import HOUSE, PLACEHOLDERS, BadText, check
from invoicing.models import Company, Letterhead, MailTemplate
from invoicing.pdf import logo, shared
from invoicing.printing import letterhead
from invoicing.values import Letterhead as Look
from invoicing.values import PricedLine, PrintedInvoice, PrintedParty, TaxShare
from verifactu import qr

PREVIEW_TIMEOUT = 20.0
LEAST_CONTRAST = 3.0
"""Of the colour against paper (WCAG 2.2, 1.4.3: large letters)."""


class LetterheadForm(forms.ModelForm):  # type: ignore[type-arg]
    """A letterhead; the logo is judged by its content, and what is kept is written anew."""

    accent = forms.CharField(
        label=gettext_lazy("Color"), widget=UnfoldAdminTextInputWidget(attrs={"type": "color", "style": "width:6rem"}),
        help_text=gettext_lazy("Del número y de las líneas; tiene que leerse sobre blanco."),
    )  # fmt: skip
    logo_file = forms.FileField(
        label=gettext_lazy("Logotipo"), required=False, widget=UnfoldAdminImageFieldWidget(),
        help_text=gettext_lazy("PNG, JPEG o SVG de hasta 1 MB; se imprime en 60 × 18 mm como mucho."),  # noqa: RUF001
    )  # fmt: skip
    no_logo = forms.BooleanField(
        label=gettext_lazy("Quitar el logotipo"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    class Meta:
        model = Letterhead
        fields = ("accent", "footer", "iban", "bank")
        widgets = {"footer": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def clean_accent(self) -> str:
        """Return the colour in small letters, when it is one that can be read on paper."""
        given = str(self.cleaned_data["accent"]).strip().lower()
        for validate in Letterhead._meta.get_field("accent").validators:
            validate(given)
        if contrast_with_white(given) < LEAST_CONTRAST:
            raise forms.ValidationError(_("Es demasiado claro: no se leería sobre blanco."))
        return given

    def clean_iban(self) -> str:
        """Return the IBAN without spaces."""
        given = str(self.cleaned_data["iban"]).strip()
        if not given:
            return ""
        try:
            return str(iban_rules.validate(given))
        except NoIban:
            raise forms.ValidationError(_("No es un IBAN válido: compruebe sus cifras.")) from None

    def clean_footer(self) -> str:
        """Return the footer, which must leave room for the invoice."""
        given = str(self.cleaned_data["footer"]).strip()
        if len(given.splitlines()) > 4:
            raise forms.ValidationError(_("Caben cuatro líneas."))
        return given

    def clean_logo_file(self) -> bytes:
        """Return what is kept of the uploaded logo; nothing when none was uploaded."""
        uploaded = self.cleaned_data.get("logo_file")
        return logo.judge(uploaded.read(logo.LARGEST_FILE + 1)) if uploaded else b""

    def save(self, commit: bool = True) -> Any:
        if kept := self.cleaned_data["logo_file"]:
            self.instance.logo = kept
        elif self.cleaned_data["no_logo"]:
            self.instance.logo = b""
        return super().save(commit)


class LetterheadInline(StackedInline):
    """The look, on the company's page."""

    model = Letterhead
    form = LetterheadForm
    extra = 1
    max_num = 1
    can_delete = False
    fields = ("accent", "logo_file", ("logo_shown", "no_logo"), "footer", ("iban", "bank"))
    readonly_fields = ("logo_shown",)

    @display(description=gettext_lazy("logotipo actual"))
    def logo_shown(self, row: Letterhead) -> Any:
        data = bytes(row.logo)
        if not data:
            return "—"
        kind = "svg+xml" if logo.is_drawing(data) else "png"
        source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
        return format_html('<img src="{}" alt="" style="max-height:4rem;max-width:14rem;background:#fff">', source)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever sees the company

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("invoicing.change_company"))

    has_change_permission = has_add_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MailTemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A letter's words; every brace must be a placeholder's."""

    class Meta:
        model = MailTemplate
        fields = ("company", "kind", "language", "subject", "body")

    def clean_subject(self) -> str:
        return self._checked("subject")

    def clean_body(self) -> str:
        return self._checked("body")

    def _checked(self, name: str) -> str:
        try:
            return check(str(self.cleaned_data[name]))
        except BadText as error:
            if not str(error).strip("{}"):
                raise forms.ValidationError(
                    _("Hay una llave suelta: solo rodean los datos, como en {number}.")
                ) from None
            raise forms.ValidationError(
                _("«{%(name)s}» no es ninguno de los datos que se pueden poner.") % {"name": str(error).strip("{}")}
            ) from None


@admin.register(MailTemplate)
class MailTemplateAdmin(ScopedAdmin):
    form = MailTemplateForm
    when_empty = gettext_lazy(
        "Mientras no escriba uno, cada carta lleva el texto de la casa, en la lengua de quien la recibe."
    )
    list_display = ("company", "kind", "language", "subject")
    list_display_links = ("subject",)
    list_filter = ("kind", "language")
    readonly_fields = ("placeholders", "house_words")
    fieldsets = (
        (None, {"fields": ("company", ("kind", "language"), "subject", "body")}),
        (gettext_lazy("Ayuda"), {"fields": ("placeholders", "house_words")}),
    )

    @display(description=gettext_lazy("datos que se pueden poner"))
    def placeholders(self, row: MailTemplate) -> Any:
        return (
            ", ".join(f"{{{name}}}: {what}" for name, what in PLACEHOLDERS.items())
            + ". "
            + _("Una línea cuyos datos faltan todos no se escribe.")
        )

    @display(description=gettext_lazy("texto de la casa"))
    def house_words(self, row: MailTemplate) -> Any:
        words = HOUSE.get((row.kind, row.language), HOUSE["invoice", "es"])
        return format_html('<div style="white-space:pre-line">{}\n\n{}</div>', words.subject, words.body)


def contrast_with_white(colour: str) -> float:
    """Return the contrast of #rrggbb against white, 1 to 21 (WCAG 2.2, relative luminance)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def preview(company: Company, language: str) -> HttpResponse:
    """Return an example on the company's paper: the trial's mark on it, stored nowhere."""
    example = example_invoice(company, letterhead(company.pk), language if language in LANGUAGES else company.language)
    return pdf_response(shared().render(example, timeout=PREVIEW_TIMEOUT), "ejemplo.pdf")


def pdf_response(data: bytes, name: str) -> HttpResponse:
    """Return a PDF to be looked at by nobody else."""
    return HttpResponse(
        data,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def example_invoice(company: Company, look: Look, language: str) -> PrintedInvoice:
    """Return an invoice that nobody issued."""
    taxpayer, base, tax, today = company.taxpayer, Decimal("250.00"), Decimal("52.50"), date(2026, 1, 15)
    line = PricedLine(
        description=_("Artículo de ejemplo"), quantity=Decimal(10), unit_price=Decimal(25), discount=Decimal(0),
        rate=Decimal(21), base=base, gross=base + tax,
    )  # fmt: skip
    return PrintedInvoice(
        title="Factura",
        number="EJEMPLO-1",
        series="EJEMPLO",
        tipo="F1",
        issue_date=today,
        issuer=PrintedParty(name=taxpayer.name, tax_id=taxpayer.nif, address=tuple(company.postal_lines)),
        recipient=PrintedParty(name=_("Cliente de ejemplo"), tax_id="12345678Z"),
        lines=(line,),
        shares=(TaxShare(calificacion="S1", rate=Decimal(21), base=base, tax=tax),),
        tax_total=tax,
        total=base + tax,
        qr_url=qr.url(
            environment="test", nif=taxpayer.nif, num_serie="EJEMPLO-1", fecha="15-01-2026", importe=str(base + tax)
        ),
        environment="test",
        language=language,
        letterhead=look,
    )
