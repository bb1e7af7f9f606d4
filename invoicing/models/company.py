"""Who invoices, through which shops, and who may ask for it."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from common.secrets import EncryptedField
from invoicing.storefronts.contract import NIF_KEYS
from verifactu.models import Taxpayer

LANGUAGES = [("es", "español"), ("ca", "català"), ("en", "English"), ("fr", "français"), ("de", "Deutsch")]


def default_nif_keys() -> list[str]:
    """Return the keys under which plugins are known to keep the buyer's NIF."""
    return list(NIF_KEYS)


class Company(models.Model):
    """The seller whose invoices we issue: the tenant. Every other row of the business belongs to one."""

    class Territory(models.TextChoices):
        COMMON = "common", _("Península y Baleares")
        CANARIAS = "canarias", _("Canarias")
        CEUTA = "ceuta", "Ceuta"
        MELILLA = "melilla", "Melilla"

    class Regime(models.TextChoices):
        GENERAL = "general", _("General")
        CASH = "cash", _("Criterio de caja")
        SURCHARGE = "surcharge", _("Recargo de equivalencia (el emisor; sin confirmar)")
        SIMPLIFIED = "simplified", _("Simplificado")
        RETAIL = "retail", _("Comerciante minorista (IGIC; sin confirmar)")
        SMALL = "small", _("Pequeño empresario o profesional (IGIC; sin confirmar)")
        CEUTA_73 = "ceuta_73", _("Ordenanza de Ceuta, art. 73.4 y 5 (IPSI)")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    taxpayer = models.OneToOneField(
        Taxpayer, on_delete=models.PROTECT, related_name="+", verbose_name=_("obligado tributario")
    )
    address = models.CharField(_("dirección"), max_length=200)
    postal_code = models.CharField(_("código postal"), max_length=10)
    city = models.CharField(_("población"), max_length=80)
    province = models.CharField(_("provincia"), max_length=60, blank=True)
    email = models.EmailField(_("correo"), blank=True)
    territory = models.CharField(
        _("territorio"),
        max_length=10,
        choices=Territory.choices,
        default=Territory.COMMON,
        help_text=_("Desde dónde se vende: decide si se cobra IVA, IGIC o IPSI, qué es exportación y qué hora cuenta."),
    )
    regime = models.CharField(
        _("régimen"),
        max_length=12,
        choices=Regime.choices,
        default=Regime.GENERAL,
        help_text=_("El del emisor en sus ventas interiores. El recargo que se cobra a un comprador no se pone aquí."),
    )
    oss_from = models.DateField(
        _("en la ventanilla única (OSS) desde"),
        null=True,
        blank=True,
        help_text=_(
            "Desde ese día las ventas a consumidores de otros Estados miembros llevan el IVA de allí, fuera del "
            "total de la factura (sin confirmar). Vacío: llevan el impuesto de aquí."
        ),
    )
    used_goods_keys = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("referencias de bienes usados (REBU)"),
        default=list,
        blank=True,
        help_text=_(
            "Cómo empiezan las referencias (SKU) de lo que se vende por el régimen de bienes usados, separadas "
            "por comas. Sus líneas no muestran impuesto."
        ),
    )
    simplified_activity = models.CharField(
        _("actividad con simplificada hasta 3.000 €"),
        max_length=120,
        blank=True,
        help_text=_("La actividad del art. 4.2 RD 1619/2012 (p. ej. «venta al por menor»); vacío: hasta 400 €."),
    )
    qualified_simplified = models.BooleanField(
        _("simplificada cualificada"),
        default=False,
        help_text=_(
            "A quien da su NIF, hasta el límite, simplificada con sus datos (art. 7.2 y 7.3) en vez de completa."
        ),
    )
    checks_census = models.BooleanField(
        _("comprobar NIF y nombre en el censo de la AEAT"),
        default=False,
        help_text=_(
            "Antes de expedir una factura con NIF se pregunta a la AEAT, con el certificado de la empresa, si el "
            "nombre es el suyo. Si no lo es, el pedido espera a una persona; si no contesta, se expide igual."
        ),
    )
    language = models.CharField(
        _("idioma"),
        max_length=2,
        default="es",
        choices=LANGUAGES,
        help_text=_("El de las facturas si no se sabe el del comprador."),
    )
    report_recipients = ArrayField(
        models.EmailField(),
        verbose_name=_("destinatarios del informe diario"),
        default=list,
        blank=True,
        help_text=_("Separados por comas; vacío: el correo de la empresa."),
    )
    forget_after_days = models.PositiveSmallIntegerField(
        _("retirar los datos de lo no facturado a los (días)"),
        null=True,
        blank=True,
        default=365,
        validators=[MinValueValidator(30)],
        help_text=_(
            "Del comprador, en pedidos que no llevaron a ninguna factura, desde lo último que envió la tienda; 30 como "
            "mínimo. Vacío: no se retiran por edad."
        ),
    )
    created_at = models.DateTimeField(_("alta"), auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["taxpayer__name"]
        verbose_name = _("empresa")
        verbose_name_plural = _("empresas")

    def __str__(self) -> str:
        return str(self.taxpayer)

    @property
    def tenant(self) -> str:
        """The opaque key under which processes, tokens and the taxpayer belong to this company."""
        return str(self.pk)

    @property
    def postal_lines(self) -> list[str]:
        """The address as it is printed, one line each."""
        province = [self.province] if self.province not in ("", self.city) else []
        return [self.address, f"{self.postal_code} {self.city}", *province]

    @property
    def report_addresses(self) -> list[str]:
        """Who gets the daily report; nobody where the company gave no address."""
        return self.report_recipients or ([self.email] if self.email else [])

    @property
    def zone(self) -> str:
        """The time zone from which invoices are issued (verifactu.md 5.4)."""
        return "Atlantic/Canary" if self.territory == self.Territory.CANARIAS else "Europe/Madrid"


class Membership(models.Model):
    """A member of staff who works for a company; superusers work for all."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        ordering: ClassVar = ["company", "user"]
        verbose_name = _("acceso")
        verbose_name_plural = _("accesos")
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "company"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} @ {self.company}"


class Connection(models.Model):
    """One shop of a company: platform, the secrets that sign its deliveries, and its policy.

    `invoice_from` is the cut-over: orders placed earlier are captured and never invoiced (fiscal-policy.md, Cut-over).
    """

    class Platform(models.TextChoices):
        SHOPIFY = "shopify", "Shopify"
        WOOCOMMERCE = "woocommerce", "WooCommerce"
        PRESTASHOP = "prestashop", "PrestaShop"
        MAGENTO = "magento", "Magento / Adobe Commerce"
        STRIPE = "stripe", "Stripe"
        BIGCOMMERCE = "bigcommerce", "BigCommerce"
        GENERIC = "generic", _("Webhook firmado")
        API = "api", "API"

    class Trigger(models.TextChoices):
        PAID = "paid", _("al pagarse")
        SHIPPED = "shipped", _("al enviarse")
        DELIVERED = "delivered", _("al entregarse")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="connections", verbose_name=_("empresa")
    )
    platform = models.CharField(_("plataforma"), max_length=20, choices=Platform.choices)
    name = models.CharField(_("nombre"), max_length=80)
    secret = EncryptedField(_("secreto"), blank=True, default="")
    previous_secret = EncryptedField(
        _("secreto anterior"), blank=True, default="", help_text=_("Sigue valiendo durante el cambio de secreto.")
    )
    invoice_from = models.DateTimeField(
        _("facturar desde"),
        null=True,
        blank=True,
        help_text=_("Los pedidos anteriores se guardan y no se facturan nunca."),
    )
    settle_seconds = models.PositiveSmallIntegerField(
        _("reposo (s)"), default=5, help_text=_("Espera por si el pedido cambia enseguida; 60 s como mucho en total.")
    )
    other_invoicing = models.CharField(
        _("pedidos con factura de otro sistema"),
        max_length=16,
        choices=[("hold", _("retener")), ("reference_only", _("facturar y anotar la referencia"))],
        default="hold",
    )
    nif_keys = ArrayField(
        models.CharField(max_length=80), verbose_name=_("campos del NIF"), default=default_nif_keys, blank=True
    )
    marketplace_channels = ArrayField(
        models.CharField(max_length=80),
        verbose_name=_("canales que facturan ellos"),
        default=list,
        blank=True,
        help_text=_("Canales de venta cuyo operador ya factura al comprador; sus pedidos no se facturan."),
    )
    trigger = models.CharField(_("se factura"), max_length=10, choices=Trigger.choices, default=Trigger.PAID)
    part_payments = models.CharField(
        _("pedidos pagados en parte"),
        max_length=8,
        choices=[("hold", _("retener")), ("invoice", _("facturar lo cobrado"))],
        default="hold",
    )
    zero_totals = models.CharField(
        _("pedidos de total cero"),
        max_length=8,
        choices=[("hold", _("retener")), ("ignore", _("no facturar"))],
        default="hold",
    )
    shop_url = models.CharField(_("dirección de la tienda"), max_length=300, blank=True)
    credentials = EncryptedField(_("credenciales de la API"), blank=True, default="")
    """JSON: the platform's `CREDENTIALS` by name."""
    pull = models.BooleanField(
        _("preguntar a la tienda"),
        default=False,
        help_text=_("Cada pocos minutos se piden los pedidos que cambiaron, por si se perdió algún aviso."),
    )
    pulled_until = models.DateTimeField(_("preguntada hasta"), null=True, blank=True, editable=False)
    """Up to where what changed in the shop is known to have come here."""
    untaxed_default = models.CharField(
        _("lo que llega sin impuesto"),
        max_length=10,
        blank=True,
        help_text=_(
            "Vacío: se retiene y se pregunta. Si no: 21 % dentro del importe (S1:21), exenta (E1…), no sujeta (N1, N2)…"
        ),
    )
    untaxed_words = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("palabras para lo que no lleva impuesto"),
        default=list,
        blank=True,
        help_text=_("Como «product_exempt=E1», separadas por comas: lo que la tienda dice y lo que es."),
    )
    untaxed_shipping = models.CharField(
        _("envío sin impuesto junto a productos con él"),
        max_length=12,
        choices=[("hold", _("retener")), ("goods", _("lleva el de los productos, dentro de su importe"))],
        default="hold",
    )
    untaxed_tips = models.CharField(
        _("propinas sin impuesto"),
        max_length=12,
        choices=[
            ("hold", _("retener")),
            ("not_subject", _("no sujetas (N1)")),
            ("goods", _("llevan el impuesto de los productos, dentro de su importe")),
        ],
        default="hold",
    )
    ask_customers = models.BooleanField(
        _("preguntar al cliente"),
        default=False,
        help_text=_(
            "Si a un pedido le faltan los datos del comprador, se le escribe sin esperar a que alguien lo pida."
        ),
    )
    active = models.BooleanField(_("activa"), default=True)
    rejected_deliveries = models.PositiveIntegerField(_("firmas rechazadas"), default=0, editable=False)
    last_rejected_at = models.DateTimeField(_("última firma rechazada"), null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["company", "name"]
        verbose_name = _("conexión")
        verbose_name_plural = _("conexiones")
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "name"], name="connection_name_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_platform_display()})"

    @property
    def secrets(self) -> list[str]:
        """The secrets that may have signed a delivery, the current one first."""
        return [secret for secret in (self.secret, self.previous_secret) if secret]


class ApiKey(models.Model):
    """A key of the REST API: shown once, kept as SHA-256 (its 256 random bits need no slow hash)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="api_keys", verbose_name=_("empresa"))
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="api_keys", verbose_name=_("conexión")
    )
    name = models.CharField(_("nombre"), max_length=80)
    prefix = models.CharField(_("prefijo"), max_length=16, unique=True)
    key_hash = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("permisos"), default=list)
    created_at = models.DateTimeField(_("creada"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("último uso"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revocada"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["company", "name"]
        verbose_name = _("clave de API")
        verbose_name_plural = _("claves de API")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """The first answer to an Idempotency-Key, kept so that every repetition gets the same one."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    """SHA-256 of method, path and body: the same key with another request is a mistake of the client."""
    status = models.PositiveSmallIntegerField()
    location = models.CharField(max_length=200, blank=True)
    body = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("clave de idempotencia")
        verbose_name_plural = _("claves de idempotencia")
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return self.key
