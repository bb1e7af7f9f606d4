"""Differences with the AEAT: what differs, what is proposed, and the two buttons; locks and gaps to read."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common import clock
from common.admin import Fact, Label, ReadingAdmin, change_url, colours, link, moment, mono, shown, state_filter
from invoicing import reconciling
from invoicing.models import Gap
from verifactu import reconciling_alerts, repairs
from verifactu.models import Discrepancy, LockEvent
from verifactu.repairs import NothingToApprove
from workflows import alerts
from workflows.admin.levers import ReasonForm
from workflows.admin.words import ALERTS

ALERTS.update(
    {
        reconciling_alerts.DIFFERENCES: Label(alerts.KINDS[reconciling_alerts.DIFFERENCES], "warning"),
        reconciling_alerts.LOCKED: Label(alerts.KINDS[reconciling_alerts.LOCKED], "danger"),
    }
)

STATES = {
    "open": Label(gettext_lazy("por decidir"), "danger"),
    "approved": Label(gettext_lazy("reparándose"), "info"),
    "done": Label(gettext_lazy("reparada"), "success"),
    "dismissed": Label(gettext_lazy("se deja así"), ""),
    "gone": Label(gettext_lazy("desapareció"), ""),
}
WORDS = {
    "estado": "EstadoRegistro",
    "code": gettext_lazy("Código de error"),
    "text": gettext_lazy("Descripción del error"),
    "huella": "Huella",
    "presented": "TimestampPresentacion",
    "peticion": "IdPeticion",
    "generated": "FechaHoraHusoGenRegistro",
    "importe": "ImporteTotal",
    "seq": gettext_lazy("Nº en la cadena"),
    "operation": gettext_lazy("Operación"),
    "state": gettext_lazy("Estado"),
    "theirs_is_seq": gettext_lazy("La AEAT tiene el nº"),
}
"""What the two sides are made of, in words."""

CONSEQUENCES = {
    "resend": gettext_lazy(
        "Los registros de esta factura que la AEAT no tiene esperan otra vez su envío, tal como están y en su orden. "
        "No se genera ni se cambia ningún registro."
    ),
    "adopt": gettext_lazy(
        "Nuestro registro toma el resultado que dice la AEAT. Lo que respondió queda guardado aquí como prueba."
    ),
}


@admin.register(Discrepancy)
class DiscrepancyAdmin(ReadingAdmin):
    when_empty = gettext_lazy(
        "Aquí queda lo que no coincida al comparar con la AEAT, cada noche o con la orden reconcile_aeat."
    )
    tenant_path = "installation__taxpayer__tenant"
    page_template = "admin/verifactu/discrepancy.html"
    list_display = ("num_serie", "kind_shown", "state_label", "proposal_shown", "month", "found", "decided_by")
    list_select_related = ("installation__taxpayer",)
    list_filter = (state_filter(STATES),)
    search_fields = ("num_serie",)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may approve and dismiss: the permission to change differences."""
        return bool(request.user.has_perm("verifactu.change_discrepancy"))

    @display(description=gettext_lazy("diferencia"))
    def kind_shown(self, row: Discrepancy) -> str:
        return str(row.get_kind_display())

    @display(description=gettext_lazy("estado"), label=colours(STATES), ordering="state")
    def state_label(self, row: Discrepancy) -> tuple[str, Any]:
        return shown(STATES, row.state)

    @display(description=gettext_lazy("propuesta"))
    def proposal_shown(self, row: Discrepancy) -> str:
        return str(row.get_proposal_display())

    @display(description=gettext_lazy("hallada"), ordering="found_at")
    def found(self, row: Discrepancy) -> str:
        return moment(row.found_at)

    def page(self, request: HttpRequest, obj: Discrepancy) -> dict[str, Any]:
        return {
            "heading": obj.num_serie,
            "state": STATES[obj.state],
            "what": obj.get_kind_display(),
            "proposal": obj.get_proposal_display(),
            "buttons": self._buttons(obj) if self.has_decide_permission(request) else [],
            "facts": [
                Fact("FechaExpedicionFactura", obj.fecha_expedicion),
                Fact("IDEmisorFactura", obj.id_emisor),
                Fact(_("Instalación"), link(obj.installation)),
                Fact(_("Registro"), link(obj.record)),
                Fact(_("Hallada"), moment(obj.found_at)),
                Fact(_("Vista por última vez"), moment(obj.seen_at)),
                Fact(_("Decidido por"), obj.decided_by or "—"),
                Fact(_("Decidido"), moment(obj.decided_at)),
                Fact(_("Motivo"), obj.reason or "—"),
            ],
            "ours": [Fact(WORDS.get(name, name), mono(value)) for name, value in obj.ours.items() if value],
            "theirs": [Fact(WORDS.get(name, name), mono(value)) for name, value in obj.theirs.items() if value],
        }

    def _buttons(self, row: Discrepancy) -> list[tuple[Any, str, str, str]]:
        buttons = []
        if row.state == "open" and row.proposal in CONSEQUENCES:
            buttons.append((_("Aprobar la reparación"), "build", "primary", "approve"))
        if row.state in ("open", "approved"):
            buttons.append((_("Dejarlo así"), "done", "default", "dismiss"))
        return [
            (text, icon, variant, reverse(f"admin:verifactu_discrepancy_{name}", args=[row.pk]))
            for text, icon, variant, name in buttons
        ]

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<uuid:pk>/{name}/",
                self.admin_site.admin_view(partial(self._decide, name)),
                name=f"verifactu_discrepancy_{name}",
            )
            for name in ("approve", "dismiss")
        ]
        return [*own, *super().get_urls()]

    def _decide(self, name: str, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask once more, with the reason; then do it. What was decided meanwhile is told and changes nothing."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        row = self.get_object(request, str(pk))
        if row is None:
            return self.not_there(request, str(pk))
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            decide = reconciling.approve if name == "approve" else repairs.dismiss
            reason, actor = form.cleaned_data["reason"], request.user.get_username()
            try:
                decide(row.pk, actor=actor, reason=reason, now=clock.now())
            except NothingToApprove:
                says = _("Esta diferencia ya está decidida o ha cambiado: vuelva a mirarla.")
                self.message_user(request, says, messages.ERROR)
            else:
                self.message_user(request, _("Decisión guardada."))
            return HttpResponseRedirect(change_url(row))
        asks = {
            "approve": (_("Aprobar la reparación"), CONSEQUENCES.get(row.proposal, "")),
            "dismiss": (
                _("Dejarlo así"),
                _("No se repara nada. Mientras siga igual, no se vuelve a avisar de esta diferencia."),
            ),
        }
        title, says = map(str, asks[name])
        context = {
            "form": form, "title": title, "says": says, "button": title, "button_variant": "primary",
            "back": change_url(row),
        }  # fmt: skip
        return self.answer(request, row, "admin/workflows/confirm.html", context)


@admin.register(LockEvent)
class LockEventAdmin(ReadingAdmin):
    when_empty = gettext_lazy(
        "Expedir y enviar no se han cerrado nunca: solo se cierran tras restaurar una copia de seguridad."
    )
    tenant_path = "installation__taxpayer__tenant"
    list_display = ("installation", "move_shown", "at_shown", "actor")
    list_select_related = ("installation__taxpayer",)

    @display(description=gettext_lazy("qué pasó"))
    def move_shown(self, event: LockEvent) -> str:
        return str(event.get_move_display())

    @display(description=gettext_lazy("cuándo"), ordering="id")
    def at_shown(self, event: LockEvent) -> str:
        return moment(event.at)

    def page(self, request: HttpRequest, obj: LockEvent) -> dict[str, Any]:
        return {
            "heading": f"{obj.installation}: {obj.get_move_display()}",
            "facts": [
                Fact(_("Instalación"), link(obj.installation)),
                Fact(_("Cuándo"), moment(obj.at)),
                Fact(_("Quién"), obj.actor),
                Fact(_("Motivo"), obj.reason),
                *(Fact(name, mono(value)) for name, value in obj.facts.items()),
            ],
        }


@admin.register(Gap)
class GapAdmin(ReadingAdmin):
    when_empty = gettext_lazy("Los números siguen sin hueco: solo una copia de seguridad restaurada puede abrir uno.")
    tenant_path = "series__company"
    list_display = ("series", "first_number", "last_number", "actor")
    list_select_related = ("series",)

    def page(self, request: HttpRequest, obj: Gap) -> dict[str, Any]:
        return {
            "heading": str(obj),
            "facts": [
                Fact(_("Motivo"), obj.reason),
                Fact(_("Quién"), obj.actor),
                Fact(_("Cuándo"), moment(obj.at)),
                *(Fact(number, source) for number, source in obj.known_from.items()),
            ],
        }
