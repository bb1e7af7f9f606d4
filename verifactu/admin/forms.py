"""The certificate as form fields: a .p12 file, its password and whose it is, tried before they are stored."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from common import clock
from common.admin import moment
from verifactu.certificates import Certificate
from verifactu.errors import InvalidCertificate, NoPrivateKey, NotPKCS12, WrongPassword
from verifactu.fitness import Trouble, troubles
from verifactu.models import Taxpayer

MOST_BYTES = 100 * 1024
"""A .p12 with its chain takes some ten kilobytes."""

UNREADABLE = {
    WrongPassword: ("certificate_secret", gettext_lazy(
        "La contraseña no abre este archivo: es la que se escribió al exportarlo. Si está seguro de ella, el archivo "
        "está dañado: expórtelo de nuevo."
    )),
    NotPKCS12: ("certificate_file", gettext_lazy(
        "No es un archivo .p12 o .pfx entero. Un .cer, .crt o .pem no lleva la clave: exporte el certificado desde el "
        "navegador o el almacén donde está instalado, con su clave privada, en formato PKCS#12."
    )),
    NoPrivateKey: ("certificate_file", gettext_lazy(
        "El archivo no lleva la clave privada del certificado: expórtelo de nuevo y elija incluir la clave."
    )),
}  # fmt: skip
"""What is wrong with a file that does not open: at which field, and the remedy."""

UNFIT = {
    Trouble.EXPIRED: gettext_lazy("Caducó el %(until)s: renuévelo y suba el nuevo."),
    Trouble.NOT_YET_VALID: gettext_lazy(
        "Aún no es válido: empieza a serlo el %(since)s. Espere a ese día o suba el anterior; si esa fecha ya ha "
        "pasado, ponga en hora esta máquina."
    ),
    Trouble.OTHER_NIF: gettext_lazy(
        "El certificado actúa en nombre de %(other)s y no de %(nif)s, y la AEAT rechazaría los envíos (4112). Si su "
        "titular es apoderado, sucesor o colaborador social, dígalo en «Quién envía»; si no, suba el del obligado."
    ),
    Trouble.SEAL_AT_PERSONAL_HOST: gettext_lazy(
        "Es un sello de entidad, y AEAT_ENDPOINT es la dirección de los certificados personales: deje AEAT_ENDPOINT "
        "vacío, y se usará la de los sellos."
    ),
    Trouble.PERSON_AT_SEAL_HOST: gettext_lazy(
        "Es un certificado personal o de representante, y AEAT_ENDPOINT es la dirección de los sellos: deje "
        "AEAT_ENDPOINT vacío, y se usará la suya."
    ),
}
"""What makes a certificate unfit, with the remedy."""


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

    acts_as = forms.ChoiceField(
        label=gettext_lazy("Quién envía"), required=False, choices=Taxpayer.ActsAs.choices,
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy(
            "De quién es el certificado. Otro que no sea el obligado necesita su representación o su apoderamiento "
            "en la AEAT."
        ),
    )  # fmt: skip

    uploaded: tuple[bytes, str] | None = None
    """The bytes and the password, once they have been seen to open and to be fit."""

    def taxpayer_nif(self) -> str:
        """Return the NIF of whose records the certificate is to send; empty when that is not known either."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any] | None:
        """Open the certificate with its password; a wrong one is said here and not when sending fails."""
        cleaned = super().clean() or {}
        cleaned["acts_as"] = cleaned.get("acts_as") or getattr(self.instance, "acts_as", Taxpayer.ActsAs.OWN)
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
            certificate = Certificate.from_pkcs12(data, password)
        except InvalidCertificate as error:
            self.add_error(*UNREADABLE[type(error)])
            return cleaned
        nif = self.taxpayer_nif()
        if nif and certificate.nif == nif:
            cleaned["acts_as"] = Taxpayer.ActsAs.OWN
        facts = {
            "since": moment(certificate.not_before), "until": moment(certificate.not_after),
            "nif": nif, "other": certificate.nif or certificate.holder_name or "—",
        }  # fmt: skip
        unfit = troubles(
            certificate,
            nif=nif,
            acts_for_itself=bool(nif) and cleaned["acts_as"] == Taxpayer.ActsAs.OWN,
            endpoint=settings.AEAT_ENDPOINT,
            now=clock.now(),
        )
        for trouble in unfit:
            if trouble in UNFIT:
                self.add_error("certificate_file", UNFIT[trouble] % facts)
        if not self.errors:
            self.uploaded = (data, password)
        return cleaned
