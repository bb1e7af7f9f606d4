"""The certificate as a form field pair: a .p12 file and its password, tried before they are stored."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminPasswordWidget

from verifactu.certificates import Certificate
from verifactu.errors import InvalidCertificate

MOST_BYTES = 100 * 1024
"""A .p12 with its chain takes some ten kilobytes."""


class CertificateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form with a certificate to upload. Neither file nor password is ever shown again."""

    certificate_file = forms.FileField(
        label=gettext_lazy("Certificado (.p12 o .pfx)"), required=False, widget=UnfoldAdminFileFieldWidget(),
        help_text=gettext_lazy("Se guarda cifrado y no se puede descargar. Vacío: se queda el que hay."),
    )  # fmt: skip
    certificate_secret = forms.CharField(
        label=gettext_lazy("Contraseña del certificado"), required=False, strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    uploaded: tuple[bytes, str] | None = None
    """The bytes and the password, once they have been seen to open."""

    def clean(self) -> dict[str, Any] | None:
        """Open the certificate with its password; a wrong one is said here and not when sending fails."""
        cleaned = super().clean() or {}
        file = cleaned.get("certificate_file")
        password = cleaned.get("certificate_secret", "")
        if file is None:
            if password:
                self.add_error("certificate_file", _("Elija también el archivo del certificado."))
            return cleaned
        if file.size > MOST_BYTES:
            self.add_error("certificate_file", _("Es demasiado grande para ser un certificado."))
            return cleaned
        data = file.read()
        try:
            Certificate.from_pkcs12(data, password)
        except InvalidCertificate:
            message = _("No se puede abrir: la contraseña no es la suya, o el archivo está dañado o no lleva la clave.")
            self.add_error("certificate_secret", message)
            return cleaned
        self.uploaded = (data, password)
        return cleaned
