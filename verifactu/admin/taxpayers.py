"""Taxpayers with their certificate, and installations: each a chain."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from common import clock
from common.admin import Fact, ReadingAdmin, ScopedAdmin, colours, link, list_url, moment, mono, shown
from verifactu import going_live, locks
from verifactu.admin import levers
from verifactu.admin.forms import CertificateForm
from verifactu.admin.words import ENVIRONMENTS
from verifactu.errors import InvalidCertificate
from verifactu.models import Installation, ProductionConfirmation, Record, Submission, Taxpayer
from verifactu.rules.nif import nif_problem

CONFIRM = "confirm"
"""The permission to confirm an installation in production."""


class TaxpayerForm(CertificateForm):
    """The taxpayer's name, certificate, and the adviser who makes its records, where one does."""

    # Longer than a NIF: people write spaces and dashes.
    representante_nif = forms.CharField(
        label=gettext_lazy("NIF del representante"), max_length=20, required=False, widget=UnfoldAdminTextInputWidget()
    )

    class Meta:
        model = Taxpayer
        fields = ("name", "acts_as", "representante_name", "representante_nif")
        widgets = {
            "name": UnfoldAdminTextInputWidget(),
            "representante_name": UnfoldAdminTextInputWidget(),
        }
        help_texts = {
            "representante_name": gettext_lazy(
                "Solo si una asesoría u otro representante del obligado genera los registros: va en la cabecera de "
                "cada envío. Vacío en los demás casos."
            ),
        }

    def taxpayer_nif(self) -> str:
        nif: str = self.instance.nif
        return nif

    def clean_representante_nif(self) -> str:
        """Return the NIF in capitals, without what people write between."""
        nif = "".join(letter for letter in self.cleaned_data["representante_nif"].upper() if letter.isalnum())
        if nif and nif_problem(nif) in ("malformed", "letter"):
            raise forms.ValidationError(_("No es un NIF español válido."))
        return nif

    def clean(self) -> dict[str, Any] | None:
        """Want both or none of the representative's name and NIF."""
        cleaned = super().clean() or {}
        if "representante_nif" in cleaned and bool(cleaned["representante_nif"]) != bool(
            cleaned.get("representante_name")
        ):
            missing = "representante_nif" if cleaned.get("representante_name") else "representante_name"
            self.add_error(missing, _("El representante se indica con nombre y NIF."))
        return cleaned


@admin.register(Taxpayer)
class TaxpayerAdmin(ScopedAdmin):
    tenant_path = "tenant"
    tells_tenant = False
    form = TaxpayerForm
    list_display = ("name", "nif", "has_certificate")
    search_fields = ("name", "nif")
    fields = (
        "nif", "name", "certificate_shown", "certificate_file", "certificate_secret", "acts_as",
        "representante_name", "representante_nif",
    )  # fmt: skip
    readonly_fields = ("nif", "certificate_shown")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A taxpayer is opened with its company."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("certificado"), boolean=True)
    def has_certificate(self, taxpayer: Taxpayer) -> bool:
        return bool(taxpayer.certificate)

    @display(description=gettext_lazy("certificado actual"))
    def certificate_shown(self, taxpayer: Taxpayer) -> str:
        """Say whose it is and until when; the key stays where it is."""
        return describe_certificate(taxpayer)

    def save_model(self, request: HttpRequest, obj: Taxpayer, form: Any, change: bool) -> None:
        written = ["name", "acts_as", "representante_name", "representante_nif"]
        obj.acts_as = form.cleaned_data["acts_as"]
        if form.uploaded:
            obj.certificate, obj.certificate_password = form.uploaded
            written += ["certificate", "certificate_password"]
            self.message_user(request, describe_certificate(obj))
        obj.save(update_fields=written)


def describe_certificate(taxpayer: Taxpayer) -> str:
    """Return whose certificate it is and until when it is valid."""
    if not taxpayer.certificate:
        return _("No hay certificado: los registros se guardan y esperan, y no se envía nada a la AEAT.")
    try:
        certificate = taxpayer.open_certificate()
    except InvalidCertificate:
        return _("El certificado guardado no se puede abrir: súbalo de nuevo.")
    days = (certificate.not_after - clock.now()).days
    facts = {
        "holder": certificate.holder_name, "nif": certificate.nif or "—", "until": moment(certificate.not_after),
        "days": days,
    }  # fmt: skip
    if days < 0:
        return _("Certificado de %(holder)s (%(nif)s), CADUCADO el %(until)s.") % facts
    return _("Certificado de %(holder)s (%(nif)s), válido hasta el %(until)s: quedan %(days)s días.") % facts


@admin.register(Installation)
class InstallationAdmin(ReadingAdmin):
    tenant_path = "taxpayer__tenant"
    page_template = "admin/verifactu/installation.html"
    list_display = ("numero", "taxpayer", "environment_label", "active", "head_seq", "sends")
    list_select_related = ("taxpayer",)
    list_filter = ("environment", "active")
    search_fields = ("numero", "taxpayer__nif", "taxpayer__name")

    @display(description=gettext_lazy("entorno"), label=colours(ENVIRONMENTS), ordering="environment")
    def environment_label(self, installation: Installation) -> tuple[str, Any]:
        return shown(ENVIRONMENTS, installation.environment)

    @display(description=gettext_lazy("se envía"), boolean=True)
    def sends(self, installation: Installation) -> bool:
        return installation.stopped_at is None

    def get_urls(self) -> list[URLPattern]:
        resume = path(
            "<uuid:pk>/resume/", self.admin_site.admin_view(self.resume), name="verifactu_installation_resume"
        )
        confirm = path(
            "<uuid:pk>/confirm/", self.admin_site.admin_view(self.confirm), name="verifactu_installation_confirm"
        )
        return [resume, confirm, *super().get_urls()]

    def confirm(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask for the sentence without which nothing is issued in production."""
        return levers.pull(self, request, pk, levers.confirm_production, CONFIRM)

    def resume(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask for a reason, then send the stopped chain on."""
        return levers.pull(self, request, pk, levers.resume_sending)

    def page(self, request: HttpRequest, obj: Installation) -> dict[str, Any]:
        last = Submission.objects.filter(installation=obj).first()
        waiting = Record.objects.filter(installation=obj, state="pending").count()
        stopped = _("Envío detenido el %(at)s: %(reason)s") % {
            "at": moment(obj.stopped_at), "reason": obj.stopped_reason,
        }  # fmt: skip
        kept = ProductionConfirmation.objects.filter(installation=obj).first()
        awaits = obj.active and going_live.awaits(obj)
        may_confirm = awaits and levers.may(request, Installation, CONFIRM)
        aside = Record.objects.filter(installation=obj, state="quarantined").count()
        return {
            "stopped": stopped if obj.stopped_at else "",
            "resume": reverse("admin:verifactu_installation_resume", args=[obj.pk])
            if levers.may(request, Installation)
            else "",
            "unconfirmed": awaits,
            "confirmation": kept,
            "confirm": reverse("admin:verifactu_installation_confirm", args=[obj.pk]) if may_confirm else "",
            "trouble": last.reason if last and last.failures and obj.told else "",
            "events": levers.events(obj.events),
            "heading": _("Instalación %(numero)s") % {"numero": obj.numero},
            "state": ENVIRONMENTS[obj.environment],
            "facts": [
                Fact(_("Obligado tributario"), link(obj.taxpayer)),
                Fact(_("Activa"), _("sí") if obj.active else _("no")),
                Fact(_("Creada"), moment(obj.created_at)),
                *([Fact(_("Cerrada"), closed)] if (closed := locks.why_closed(obj)) else []),
                *([Fact(_("Confirmada"), f"{moment(kept.at)}, {kept.actor}")] if kept else []),
                Fact(_("Productor"), f"{obj.producer_name} ({obj.producer_nif})"),
                Fact(_("Sistema"), f"{obj.system_name} ({obj.system_id})"),
                Fact(_("Registros en la cadena"), obj.head_seq),
                Fact(_("Último número"), obj.head_num_serie or "—"),
                Fact(_("Última huella"), mono(obj.head_huella)),
                Fact(_("Registros por enviar"), waiting),
                Fact(_("Registros apartados"), aside),
                Fact(_("Último envío"), link(last)),
            ],
            "links": [
                (_("Registros de esta cadena"), list_url(Record, installation__id__exact=obj.pk)),
                (_("Envíos de esta cadena"), list_url(Submission, installation__id__exact=obj.pk)),
            ],
        }
