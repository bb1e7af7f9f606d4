"""Taxpayers, their installations (each a chain), the records of the chain, and what was sent and answered."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Right
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from common.ids import uuid7
from common.ledger import LedgerModel
from common.secrets import EncryptedBytesField, EncryptedField
from verifactu.certificates import Certificate
from verifactu.errors import InvalidCertificate
from verifactu.states import RECORD_MOVES, RECORD_STATES, SUBMISSION_MOVES, SUBMISSION_STATES


class Taxpayer(models.Model):
    """The obligado tributario whose records we send, with the certificate that may send them.

    `tenant` is opaque here: the key by which the application scopes its rows. Whose the certificate is and how long it
    lasts is read when it is stored, so that nobody has to open it to tell.
    """

    class ActsAs(models.TextChoices):
        """Who sends, as the AEAT's rules name them (verifactu.md 1.6)."""

        OWN = "own", _("el propio obligado, con su certificado o el de su representante legal")
        ATTORNEY = "attorney", _("un apoderado, inscrito en la AEAT para este trámite")
        SUCCESSOR = "successor", _("un sucesor del obligado")
        COLLABORATOR = "collaborator", _("un colaborador social, con convenio y la representación del obligado")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.CharField(max_length=64, unique=True)
    nif = models.CharField("NIF", max_length=9)
    name = models.CharField(_("nombre o razón social"), max_length=120)
    certificate = EncryptedBytesField(_("certificado (PKCS#12)"), blank=True, default=b"")
    certificate_password = EncryptedField(_("contraseña del certificado"), blank=True, default="")
    certificate_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    certificate_until = models.DateTimeField(null=True, blank=True, editable=False)
    acts_as = models.CharField(_("quién envía"), max_length=12, choices=ActsAs.choices, default=ActsAs.OWN)
    representante_name = models.CharField(_("nombre del representante"), max_length=120, blank=True, default="")
    representante_nif = models.CharField(_("NIF del representante"), max_length=9, blank=True, default="")
    """Cabecera/Representante: the adviser of the taxpayer who generated the records, where one did."""

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("obligado tributario")
        verbose_name_plural = _("obligados tributarios")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(representante_name="", representante_nif="")
                | ~Q(representante_name="") & ~Q(representante_nif=""),
                name="representante_whole",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.nif})"

    def save(self, **kwargs: Any) -> None:
        """Store, and with a certificate what it says of itself."""
        fields = kwargs.get("update_fields")
        if fields is None or "certificate" in fields:
            self._read_certificate()
        if fields is not None and "certificate" in fields:
            kwargs["update_fields"] = {*fields, "certificate_sha256", "certificate_until"}
        super().save(**kwargs)

    def open_certificate(self) -> Certificate:
        """Return the certificate, decrypted in memory.

        :raises InvalidCertificate: when file and password do not fit.
        """
        return Certificate.from_pkcs12(bytes(self.certificate), self.certificate_password)

    def _read_certificate(self) -> None:
        self.certificate_sha256, self.certificate_until = "", None
        if self.certificate:
            try:
                certificate = self.open_certificate()
            except InvalidCertificate:
                return  # stored all the same: who uploads is told by the form, who looks by doctor and the notices
            self.certificate_sha256, self.certificate_until = certificate.sha256, certificate.not_after


class Installation(models.Model):
    """One installation of the billing system for one taxpayer: the identity of a chain, and its head.

    Bound for ever to one environment; `numero` is never used again (fiscal-policy.md, Environment; verifactu.md 1.5).
    The row is the chain's lock: whoever appends locks it, and nobody else writes the head.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    taxpayer = models.ForeignKey(Taxpayer, on_delete=models.PROTECT, related_name="installations")
    environment = models.CharField(
        _("entorno"),
        max_length=10,
        choices=[("simulator", _("simulador")), ("test", _("pruebas")), ("production", _("producción"))],
    )
    numero = models.CharField("NumeroInstalacion", max_length=100)
    producer_name = models.CharField(_("productor"), max_length=120)
    producer_nif = models.CharField(_("NIF del productor"), max_length=9)
    system_name = models.CharField("NombreSistemaInformatico", max_length=30)
    system_id = models.CharField("IdSistemaInformatico", max_length=2)
    active = models.BooleanField(_("activa"), default=True)
    created_at = models.DateTimeField(_("creada"))
    confirmed_at = models.DateTimeField(_("paso a producción confirmado"), null=True, blank=True)
    """In production: since when its first record may be made (verifactu/going_live.py)."""
    head_seq = models.PositiveBigIntegerField(default=0)
    head_num_serie = models.CharField(max_length=60, blank=True)
    head_fecha = models.CharField(max_length=10, blank=True)
    head_huella = models.CharField(max_length=64, blank=True)
    head_stamp = models.DateTimeField(null=True, blank=True)
    head_seal = models.CharField(max_length=64, blank=True)
    stopped_at = models.DateTimeField(_("envío detenido"), null=True, blank=True)
    stopped_reason = models.TextField(_("por qué se detuvo"), blank=True, default="")
    """Stopped, nothing is sent until a person resumes it: the AEAT has suspended the access (4141)."""
    told = models.CharField(max_length=40, blank=True, default="")
    """The trouble of sending that a person was told of and that goes on (sending_alerts.py)."""
    locked_at = models.DateTimeField(_("cerrada desde"), null=True, blank=True)
    lock_reason = models.TextField(_("por qué está cerrada"), blank=True, default="")
    """Locked, nothing is issued on this chain and nothing of it is sent (verifactu/locks.py)."""

    class Meta:
        ordering: ClassVar = ["taxpayer", "created_at"]
        verbose_name = _("instalación")
        verbose_name_plural = _("instalaciones")
        permissions: ClassVar = [("confirm_installation", "confirmar el paso a producción")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["taxpayer", "producer_nif", "system_id", "numero"], name="installation_number_once"
            ),
            # the chain that issuing appends to
            models.UniqueConstraint(
                fields=["taxpayer", "environment"], condition=Q(active=True), name="one_active_chain_per_environment"
            ),
            models.CheckConstraint(
                condition=Q(head_seq=0, head_huella="") | Q(head_seq__gt=0) & ~Q(head_huella=""), name="head_whole"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.taxpayer.nif} {self.numero}"


class Submission(models.Model):
    """One request to the AEAT; committed before it leaves, so that a lost answer is never a lost request."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    installation = models.ForeignKey(Installation, on_delete=models.PROTECT, related_name="submissions")
    state = FSMField(_("estado"), default="sending", protected=True, choices=[(s, s) for s in SUBMISSION_STATES])
    first_seq = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField(_("registros"))
    incidencia = models.BooleanField("Incidencia", default=False)
    started_at = models.DateTimeField(_("enviado"))
    finished_at = models.DateTimeField(_("respondido"), null=True, blank=True)
    next_at = models.DateTimeField(_("siguiente envío desde"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("fallos seguidos"), default=0)
    reason = models.TextField(_("motivo"), blank=True)
    suspects = models.PositiveIntegerField(default=0)
    """Of the records that wait after it, the first so many hold one that takes the others with it."""

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("envío")
        verbose_name_plural = _("envíos")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=SUBMISSION_STATES), name="submission_state_known"),
            models.UniqueConstraint(
                fields=["installation"], condition=Q(state__in=("sending", "unknown")), name="one_submission_in_flight"
            ),
        ]
        indexes: ClassVar = [
            # claim: the pace that the last answer asked for
            models.Index(fields=["installation", "-id"], name="submission_pace"),
        ]
        triggers: ClassVar = [SUBMISSION_MOVES.trigger()]

    def __str__(self) -> str:
        return f"{self.installation} {self.first_seq}+{self.count}"


class Record(LedgerModel):
    """A RegistroAlta or RegistroAnulacion exactly as it was hashed and as it is sent.

    Its seal is chained: it covers the seal of the record before and what the caller asked to be covered
    (`covers`: the seal of the invoice).
    """

    mutable = ("state", "submission", "codigo_error", "descripcion_error", "csv", "verdict_at", "reason")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    installation = models.ForeignKey(Installation, on_delete=models.PROTECT, related_name="records")
    seq = models.PositiveBigIntegerField(_("nº en la cadena"))
    operation = models.CharField(
        _("operación"), max_length=9, choices=[("Alta", "Alta"), ("Anulacion", _("Anulación"))]
    )
    id_emisor = models.CharField("IDEmisorFactura", max_length=9)
    num_serie = models.CharField("NumSerieFactura", max_length=60)
    fecha_expedicion = models.CharField("FechaExpedicionFactura", max_length=10)
    tipo_factura = models.CharField("TipoFactura", max_length=2, blank=True)
    importe_total = models.CharField("ImporteTotal", max_length=16, blank=True)
    huella = models.CharField(_("Huella"), max_length=64)
    huella_anterior = models.CharField(_("Huella anterior"), max_length=64, blank=True)
    generated_at = models.DateTimeField("FechaHoraHusoGenRegistro")
    xml = models.TextField("XML")
    covers = models.CharField(max_length=64, blank=True)
    previous_seal = models.CharField(max_length=64, blank=True)
    answer_token = models.CharField(max_length=200, blank=True)
    """The workflow token that the AEAT's final verdict completes."""

    state = FSMField(_("estado"), default="pending", protected=True, choices=[(s, s) for s in RECORD_STATES])
    submission = models.ForeignKey(
        Submission, null=True, blank=True, on_delete=models.PROTECT, related_name="records", verbose_name=_("envío")
    )
    codigo_error = models.CharField(_("código de error"), max_length=10, blank=True)
    descripcion_error = models.TextField(_("descripción del error"), blank=True)
    csv = models.CharField("CSV", max_length=40, blank=True)
    verdict_at = models.DateTimeField(_("respuesta"), null=True, blank=True)
    reason = models.TextField(_("motivo"), blank=True)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("registro de facturación")
        verbose_name_plural = _("registros de facturación")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["installation", "seq"], name="one_record_per_link"),
            models.CheckConstraint(condition=Q(state__in=RECORD_STATES), name="record_state_known"),
            models.CheckConstraint(
                condition=Q(seq=1, huella_anterior="") | Q(seq__gt=1) & ~Q(huella_anterior=""), name="record_is_linked"
            ),
        ]
        indexes: ClassVar = [
            # reconciliation: the invoices of a month
            models.Index(F("installation"), Right("fecha_expedicion", 7), name="record_of_month"),
            # submission.claim: the next records of a chain, in order
            models.Index(fields=["installation", "seq"], name="record_pending", condition=Q(state="pending")),
            # submission.ask, alarms: what is in doubt or set aside
            models.Index(
                fields=["installation", "state"],
                name="record_in_doubt",
                condition=Q(state__in=("in_flight", "unknown", "quarantined")),
            ),
            # admin: find by invoice number
            models.Index(fields=["num_serie"], name="record_num_serie"),
        ]
        triggers: ClassVar = [*LedgerModel.Meta.triggers, RECORD_MOVES.trigger()]

    def __str__(self) -> str:
        return f"{self.num_serie} nº {self.seq}"


class Answer(LedgerModel):
    """What came back for a submission, byte for byte, and the verdict that was read from it for each record."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="answers")
    kind = models.CharField(_("tipo"), max_length=10, choices=[("submission", _("envío")), ("query", _("consulta"))])
    received_at = models.DateTimeField(_("recibida"))
    http_status = models.PositiveSmallIntegerField("HTTP", null=True, blank=True)
    body = models.BinaryField(_("respuesta"))
    csv = models.CharField("CSV", max_length=40, blank=True)
    estado_envio = models.CharField("EstadoEnvio", max_length=24, blank=True)
    tiempo_espera = models.PositiveIntegerField("TiempoEsperaEnvio (s)", null=True, blank=True)
    lines = models.JSONField(_("líneas"), default=list)

    class Meta(LedgerModel.Meta):
        ordering: ClassVar = ["-id"]
        verbose_name = _("respuesta")
        verbose_name_plural = _("respuestas")

    def __str__(self) -> str:
        return f"{self.submission} {self.estado_envio or self.http_status}"
