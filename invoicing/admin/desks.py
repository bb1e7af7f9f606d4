"""The business's workflows in words, for the pages of `workflows.admin`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import Model, Q
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import link, moment
from invoicing import answering
from invoicing.admin.asked import known
from invoicing.admin.resolving import ResolutionForm, ask
from invoicing.answers import outline
from invoicing.customers.answer import ACTOR as CUSTOMER
from invoicing.exports import progress
from invoicing.holds import CATALOGUE
from invoicing.models import Company, Connection, Delivery, Endpoint, Invoice, Order, PrivacyRequest
from verifactu.history import records_of
from verifactu.models import Installation, Submission
from workflows.admin.desks import DESKS, SUBJECTS, Desk, Subject
from workflows.admin.words import ACTORS, CODES
from workflows.models import Process

MOST_FOUND = 200
"""Ids that a search by name may bring; whoever finds more types more."""


def waits_for_the_aeat(process: Process) -> Any:
    """Say which record the process waits for, and how its sending stands."""
    tag = next((tag for tag in process.tags if tag.startswith("invoice:")), "")
    invoice = (
        Invoice.objects.filter(pk=tag.partition(":")[2]).select_related("record__installation").first() if tag else None
    )
    if invoice is None:
        return _("Espera la respuesta de la AEAT.")
    record = records_of(invoice.record)[-1]
    last = Submission.objects.filter(installation=record.installation_id).first()
    if last and last.failures:
        return format_html(
            _("Espera a que la AEAT responda al registro {}. El último envío falló ({}); el siguiente, a las {}."),
            link(record), last.reason or last.state, moment(last.next_at),
        )  # fmt: skip
    return format_html(_("Espera a que la AEAT responda al registro {}."), link(record))


def writes_pages(process: Process) -> Any:
    """Say how many pages of the export are written."""
    written = progress(process.pk)
    return _("Escribe las facturas por páginas: lleva %(done)s de %(total)s.") % {
        "done": written.done, "total": written.total,
    }  # fmt: skip


def _names(model: type[Model], field: str) -> Callable[[Iterable[str]], Mapping[str, str]]:
    def names(ids: Iterable[str]) -> Mapping[str, str]:
        rows = model._default_manager.filter(pk__in=list(ids)).values_list("pk", field)
        return {str(pk): str(name) or str(pk) for pk, name in rows}

    return names


def _orders(text: str) -> Iterable[Any]:
    found = Order.objects.filter(Q(number=text) | Q(external_id=text))
    return list(found.values_list("pk", flat=True)[:MOST_FOUND])


def _invoices(text: str) -> Iterable[Any]:
    found = Invoice.objects.filter(Q(num_serie=text) | Q(order__number=text))
    return list(found.values_list("pk", flat=True)[:MOST_FOUND])


SUBJECTS.update(
    {
        "order": Subject(gettext_lazy("Pedido"), "admin:invoicing_order_change", _names(Order, "number"), _orders),
        "invoice": Subject(
            gettext_lazy("Factura"), "admin:invoicing_invoice_change", _names(Invoice, "num_serie"), _invoices
        ),
        "mail": Subject(
            gettext_lazy("Correo de la factura"), "admin:invoicing_invoice_change", _names(Invoice, "num_serie")
        ),
        "company": Subject(
            gettext_lazy("Empresa"), "admin:invoicing_company_change", _names(Company, "taxpayer__name")
        ),
        "connection": Subject(
            gettext_lazy("Conexión"), "admin:invoicing_connection_change", _names(Connection, "name")
        ),
        "delivery": Subject(gettext_lazy("Entrega"), "admin:invoicing_delivery_change", _names(Delivery, "topic")),
        "endpoint": Subject(
            gettext_lazy("Aviso a otro sistema"), "admin:invoicing_endpoint_change", _names(Endpoint, "name")
        ),
        "privacy": Subject(
            gettext_lazy("Petición de privacidad"),
            "admin:invoicing_privacyrequest_change",
            _names(PrivacyRequest, "reason"),
        ),
        "chain": Subject(
            gettext_lazy("Instalación"), "admin:verifactu_installation_change", _names(Installation, "numero")
        ),
    }
)

ASKS_VIES = gettext_lazy("Preguntar a VIES por el NIF-IVA")
RECTIFIES = gettext_lazy("Expedir la factura que la corrige")
FOLLOWING = {
    "aeat-answer": gettext_lazy("Esperar la respuesta de la AEAT"),
    "announce": gettext_lazy("Anotar la respuesta en la factura"),
    "send_correction": gettext_lazy("Registrar la factura de nuevo"),
    "send_annulment": gettext_lazy("Registrar la anulación"),
}
"""The steps of a record until its verdict stands (invoicing/acknowledging.py)."""

ACTORS[CUSTOMER] = gettext_lazy("el cliente")
CODES.update({code: lazy(outline, str)(code) for code in CATALOGUE})

DESKS.update(
    {
        "capture": Desk(
            title=gettext_lazy("Leer una entrega"),
            steps={
                "take_in": gettext_lazy("Leer la entrega"),
                "pull": gettext_lazy("Pedir a la tienda lo que falta"),
            },
        ),
        "invoice-order": Desk(
            title=gettext_lazy("Facturar un pedido"),
            steps={
                "decide": gettext_lazy("Decidir qué documento corresponde"),
                "check_vat": ASKS_VIES,
                "issue": gettext_lazy("Expedir la factura y su registro"),
                "leave": gettext_lazy("Dejarlo sin factura"),
            },
            question=ask,
            resolution_form=ResolutionForm,
            resolve=answering.resolve,
            known=known,
        ),
        "complete-invoice": Desk(
            title=gettext_lazy("Completar una factura"),
            steps={
                "render_pdf": gettext_lazy("Crear el PDF"),
                "start_mail": gettext_lazy("Encargar el correo al cliente"),
                **FOLLOWING,
            },
            question=ask,
            resolution_form=ResolutionForm,
            resolve=answering.resolve,
            known=known,
            waiting=waits_for_the_aeat,
            answer_by_hand=False,  # a verdict that the AEAT never gave
        ),
        "rectify-recipient": Desk(
            title=gettext_lazy("Rectificar una factura, con NIF-IVA"),
            steps={
                "judge_number": gettext_lazy("Ver si el NIF-IVA vale"),
                "check_vat": ASKS_VIES,
                "rectify-invoice": RECTIFIES,
            },
            question=ask,
            resolution_form=ResolutionForm,
            resolve=answering.resolve,
        ),
        "rectify-invoice": Desk(title=gettext_lazy("Rectificar una factura"), steps={"issue_correction": RECTIFIES}),
        "subsanar": Desk(
            title=gettext_lazy("Subsanar el registro de una factura"),
            steps=FOLLOWING,
            question=ask,
            resolution_form=ResolutionForm,
            resolve=answering.resolve,
            known=known,
            waiting=waits_for_the_aeat,
            answer_by_hand=False,
        ),
        "annul-invoice": Desk(
            title=gettext_lazy("Anular una factura"),
            steps=FOLLOWING,
            question=ask,
            resolution_form=ResolutionForm,
            resolve=answering.resolve,
            known=known,
            waiting=waits_for_the_aeat,
            answer_by_hand=False,
        ),
        "go-on-in-production": Desk(
            title=gettext_lazy("Seguir tras confirmar el paso a producción"),
            steps={"resume_held": gettext_lazy("Hacer seguir lo que esperaba")},
        ),
        "ask-customer": Desk(
            title=gettext_lazy("Preguntar a un cliente"),
            steps={"send_question": gettext_lazy("Enviar el correo con el enlace")},
        ),
        "ask-unbidden": Desk(
            title=gettext_lazy("Preguntar al cliente sin esperar a nadie"),
            steps={"ask_if_still_held": gettext_lazy("Preguntar, si el pedido sigue retenido")},
        ),
        "send-event": Desk(
            title=gettext_lazy("Avisar a otro sistema"),
            steps={"post_event": gettext_lazy("Enviar el suceso hasta que lo acepten")},
        ),
        "mail-invoice": Desk(
            title=gettext_lazy("Enviar una factura por correo"),
            steps={
                "send_mail": gettext_lazy("Enviar el correo"),
                "send_again": gettext_lazy("Enviar el correo a otra dirección"),
            },
        ),
        "export-invoices": Desk(
            title=gettext_lazy("Exportar facturas"),
            steps={
                "plan_pages": gettext_lazy("Contar las facturas y repartirlas en páginas"),
                "export-page": gettext_lazy("Escribir las páginas"),
                "assemble": gettext_lazy("Componer el CSV y el XLSX"),
                "mail_link": gettext_lazy("Avisar por correo"),
                "clear_up": gettext_lazy("Retirar las páginas"),
            },
            waiting=writes_pages,
        ),
        "export-page": Desk(
            title=gettext_lazy("Escribir una página de una exportación"),
            steps={"write_page": gettext_lazy("Escribir la página")},
        ),
        "daily-sales-report": Desk(
            title=gettext_lazy("Informe diario de ventas"),
            steps={
                "count_figures": gettext_lazy("Sumar las ventas del día"),
                "render_report": gettext_lazy("Crear el PDF"),
                "mail_report": gettext_lazy("Enviar el correo"),
            },
        ),
        "reconcile-aeat": Desk(
            title=gettext_lazy("Comparar con lo que tiene la AEAT"),
            steps={
                "find_chains": gettext_lazy("Reunir las instalaciones"),
                "compare": gettext_lazy("Comparar un mes"),
                "tell": gettext_lazy("Avisar de lo que queda por decidir"),
            },
        ),
        "reconcile-orders": Desk(
            title=gettext_lazy("Comparar con lo que vendió la tienda"),
            steps={
                "open_window": gettext_lazy("Ver desde cuándo"),
                "look": gettext_lazy("Preguntar a la tienda"),
                "on_its_way": gettext_lazy("Ver qué sigue en curso"),
                "conclude": gettext_lazy("Anotar lo que queda"),
            },
        ),
        "load-exchange-rates": Desk(
            title=gettext_lazy("Cargar los tipos de cambio del BCE"),
            steps={"fetch_rates": gettext_lazy("Pedir los que ha publicado")},
        ),
        "forget-old": Desk(
            title=gettext_lazy("Retirar los datos de lo que no se facturó"),
            steps={
                "forget_a_batch_of_orders": gettext_lazy("Retirar los de unos pedidos"),
                "forget_a_page_of_deliveries": gettext_lazy("Retirar los de entregas sin pedido"),
            },
        ),
        "privacy-request": Desk(
            title=gettext_lazy("Atender una petición de privacidad"),
            steps={
                "find_named": gettext_lazy("Hallar los pedidos que nombra"),
                "asked_what": gettext_lazy("Ver qué se pide y hasta cuándo"),
                "find_orders": gettext_lazy("Buscar más pedidos"),
                "find_deliveries": gettext_lazy("Buscar entregas sin pedido"),
                "stop_shop": gettext_lazy("Desconectar la tienda"),
                "redact_found": gettext_lazy("Retirar los datos de lo hallado"),
                "redact_shop_orders": gettext_lazy("Retirar los datos de sus pedidos"),
                "redact_shop_deliveries": gettext_lazy("Retirar los de entregas sin pedido"),
                "note": gettext_lazy("Anotar lo que espera"),
                "offer": gettext_lazy("Preparar lo que se guarda para entregarlo"),
                "remind": gettext_lazy("Avisar de que vence"),
                "conclude": gettext_lazy("Anotar lo hecho y lo que se conserva"),
            },
        ),
        "purge-answers": Desk(
            title=gettext_lazy("Retirar respuestas antiguas de la API"),
            steps={"remove_answers": gettext_lazy("Retirar las caducadas")},
        ),
        "aeat-watch": Desk(
            title=gettext_lazy("Vigilar certificados y cadenas"),
            steps={
                "look_at_certificates": gettext_lazy("Mirar cuándo caducan los certificados"),
                "look_at_chains": gettext_lazy("Mirar el final de cada cadena"),
                "keep_this_declaration": gettext_lazy("Guardar la declaración de esta versión"),
            },
        ),
        "submit-chain": Desk(
            title=gettext_lazy("Enviar registros a la AEAT"),
            steps={
                "claim": gettext_lazy("Reunir los registros pendientes"),
                "send": gettext_lazy("Enviarlos"),
                "ask": gettext_lazy("Preguntar a la AEAT qué tiene"),
                "wake_next": gettext_lazy("Llamar al siguiente envío"),
                "sleep": gettext_lazy("Esperar el tiempo que pide la AEAT"),
            },
        ),
    }
)
