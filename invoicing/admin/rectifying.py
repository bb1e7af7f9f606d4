"""The page that corrects an invoice by another one: what is wrong, what is right, and a look at what comes of it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from common import clock
from common.admin import change_url
from common.words import Words
from invoicing import nif
from invoicing.admin import rectify_preview
from invoicing.admin.amounts import AmountField
from invoicing.admin.correcting import RECTIFY, actor, ask, once, reason_field
from invoicing.admin.related import euros
from invoicing.balance import Amounts, Kind
from invoicing.by_staff import (
    SITUATIONS,
    WITH_AMOUNTS,
    WITH_RECIPIENT,
    CannotRectify,
    Correction,
    Reduction,
    correction_of,
    rows_that_stand,
    start_rectification,
)
from invoicing.deciding import issued_for
from invoicing.models import Invoice
from invoicing.remedies import DoesNotFit, Situation, remedy
from invoicing.values import Address, Party
from workflows.models import Process

LABELS = {
    Situation.RETURN_OR_DISCOUNT: gettext_lazy("Devolución, cancelación o descuento posterior"),
    Situation.AMOUNT_OR_RATE: gettext_lazy("Importe, tipo o impuesto equivocado"),
    Situation.RECIPIENT_OR_TEXT: gettext_lazy("Datos del destinatario equivocados"),
    Situation.INSOLVENCY: gettext_lazy("Concurso del cliente"),
    Situation.BAD_DEBT: gettext_lazy("Crédito incobrable"),
    Situation.REBATE: gettext_lazy("Descuento por volumen (rappel)"),
    Situation.REAL_OPERATION: gettext_lazy("La operación existió y la factura está mal"),
    Situation.REJECTED_INVOICE_WRONG: gettext_lazy("La AEAT la rechazó y está mal"),
    Situation.COMPLETE_ONE_ASKED_FOR: gettext_lazy("El cliente pide una completa (canje)"),
    Situation.SIMPLIFIED_BEHIND_EXCHANGE_WRONG: gettext_lazy("La simplificada detrás del canje estaba mal"),
    Situation.EXCHANGE_WRONG: gettext_lazy("Los datos del canje están mal"),
}


class RectifyForm(forms.Form):
    """A situation, the cause to be printed, and amounts by row of what stands or the right recipient."""

    action = forms.ChoiceField(
        label=gettext_lazy("Qué pasa"),
        widget=UnfoldAdminRadioSelectWidget(radio_style=2, attrs={"x-model": "action"}),
    )
    tax_id = forms.CharField(label="NIF", required=False, max_length=20, widget=UnfoldAdminTextInputWidget())
    name = forms.CharField(
        label=gettext_lazy("Nombre o razón social"), required=False, max_length=120, widget=UnfoldAdminTextInputWidget()
    )
    address = forms.CharField(
        label=gettext_lazy("Dirección"), required=False, max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("Una línea de la dirección en cada línea, como se imprime."),
    )  # fmt: skip
    reason = forms.CharField(
        **reason_field(gettext_lazy("Se imprime en el documento y queda en la historia del proceso."))
    )

    stands = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, data: Any, invoice: Invoice, stand: list[tuple[Kind, Amounts]]) -> None:
        fitting = [each for each in SITUATIONS if _fits(each, invoice.tipo)]
        self.mark = rectify_preview.mark(stand)
        super().__init__(data, initial={"action": fitting[0].value, "stands": self.mark})
        choice: Any = self.fields["action"]
        choice.choices = [(each.value, LABELS[each]) for each in fitting]
        self._rows = [f"row_{place}" for place, _kind in enumerate(stand)]
        for name, (kind, amounts) in zip(self._rows, stand, strict=True):
            percent = kind.charged
            rate = _("sin impuesto") if percent is None else f"{percent.normalize():f} % {kind.country}".strip()
            self.fields[name] = AmountField(
                label=_("Lo que baja al {rate} (quedan {left})").format(rate=rate, left=euros(amounts.gross)),
                required=False, max_digits=14, decimal_places=2,
                help_text=_("Euros con impuestos; vacío, no cambia."),
            )  # fmt: skip
        self.order_fields(["action", *self._rows, "tax_id", "name", "address", "reason"])

    @property
    def groups(self) -> Iterator[tuple[list[str], list[Any]]]:
        """The fields that each situation asks for."""
        yield [each.value for each in WITH_AMOUNTS], [self[name] for name in self._rows]
        yield [each.value for each in WITH_RECIPIENT], [self[name] for name in ("tax_id", "name", "address")]
        yield [each.value for each in SITUATIONS], [self["reason"], self["stands"]]

    def clean(self) -> dict[str, Any]:
        """Refuse amounts for rows that are others by now; asked again, they are looked at anew."""
        cleaned = super().clean() or {}
        if cleaned.get("stands", "") not in ("", self.mark):
            self.data = {**self.data, "stands": self.mark}
            self.add_error(None, _("Entretanto ha cambiado lo que queda de la factura: mire los importes."))
        return cleaned

    def correction(self, invoice: Invoice, request: Any) -> Correction:
        """Return what was asked for."""
        cleaned = self.cleaned_data
        given = [(place, cleaned.get(name)) for place, name in enumerate(self._rows)]
        who = str(cleaned["name"]).strip()
        return correction_of(
            invoice,
            Situation(cleaned["action"]),
            reason=cleaned["reason"],
            request=request,
            reductions=[Reduction(row=place, gross=Decimal(gross)) for place, gross in given if gross],
            recipient=Party(
                name=who,
                tax_id=nif.normalise(cleaned["tax_id"]),
                tax_id_as_given=cleaned["tax_id"],
                address=Address(lines=tuple(line.strip() for line in cleaned["address"].splitlines() if line.strip())),
            )
            if who or cleaned["tax_id"]
            else None,
        )


def rectify(page: Any, request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """Ask what is wrong and what is right, show what would be issued, then start the correction."""
    if not request.user.has_perm(RECTIFY) or invoice.order is None:
        raise PermissionDenied
    token = once(request)
    issued = issued_for(invoice.order)
    stand = rows_that_stand(issued)
    form = RectifyForm(request.POST if request.method == "POST" else None, invoice, stand)
    said = {
        "title": _("Rectificar la factura"), "button": _("Ver lo que se expediría"), "token": token,
        "says": _("La factura no cambia: se expide otra que la corrige, con su número, y la AEAT recibe su registro."),
    }  # fmt: skip
    if request.method == "POST" and form.is_valid() and request.POST.get("step") != "change":
        asked = form.correction(invoice, token)
        started = Process.objects.filter(idempotency_key=f"rectify:{token}", tenant=invoice.company.tenant).exists()
        try:
            shown = {} if started else rectify_preview.seen(asked, issued)
        except CannotRectify as why:
            form.add_error(None, str(Words(why.es, why.en)))
            return ask(page, request, invoice, form, **said)
        if shown and request.POST.get("step") != "issue":
            return _preview(page, request, invoice, form, {**said, **shown})
        process = Process.objects.get(pk=start_rectification(asked, actor=actor(request), now=clock.now()).id)
        page.message_user(request, _("En marcha: la factura que la corrige se expide enseguida."))
        return HttpResponseRedirect(change_url(process if request.user.has_perm("workflows.view_process") else invoice))
    return ask(page, request, invoice, form, **said)


def _preview(
    page: Any, request: HttpRequest, invoice: Invoice, form: RectifyForm, context: dict[str, Any]
) -> HttpResponse:
    """Return the page that shows what would be issued, with all that was typed kept in it."""
    given = {name: form.data[name] for name in form.fields if form.data.get(name)}
    given |= {"stands": form.mark, "token": str(context["token"])}
    answer: HttpResponse = page.answer(request, invoice, "admin/invoicing/rectify.html", {
        **context, "given": list(given.items()),
        "about": [(_("Factura"), invoice.num_serie, change_url(invoice))],
    })  # fmt: skip
    return answer


def _fits(situation: Situation, tipo: str) -> bool:
    try:
        remedy(situation, tipo)
    except DoesNotFit:
        return False
    return True
