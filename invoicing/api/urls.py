"""The addresses under /api/."""

from django.urls import path, re_path

from invoicing.api.base import Unknown
from invoicing.api.corrections import AmendInvoice, AnnulInvoice
from invoicing.api.docs import docs, schema
from invoicing.api.events import Events, OneEvent
from invoicing.api.exports import ExportCsv, Exports, ExportXlsx, OneExport
from invoicing.api.invoices import InvoicePdf, Invoices, OneInvoice
from invoicing.api.orders import OneOrder, Orders
from invoicing.api.processes import (
    AnswerProcess,
    CancelProcess,
    OneProcess,
    Processes,
    ReplayProcess,
    ResumeProcess,
)
from invoicing.api.rectifying import RectifyInvoice
from invoicing.api.resolution import AnswerMany, ResolveHold
from invoicing.api.status import Status
from invoicing.api.tokens import AnswerToken
from invoicing.api.webhooks import Endpoints, EndpointSecret, OneEndpoint, Resend, TryEndpoint

app_name = "api"
urlpatterns = [
    path("schema/", schema, name="schema"),
    path("docs/", docs, name="docs"),
    path("v1/status/", Status.as_view(), name="status"),
    path("v1/orders/", Orders.as_view(), name="orders"),
    path("v1/orders/<str:id>/", OneOrder.as_view(), name="order"),
    path("v1/orders/<str:id>/resolution/", ResolveHold.as_view(), name="resolution"),
    path("v1/invoices/", Invoices.as_view(), name="invoices"),
    path("v1/invoices/<str:id>/", OneInvoice.as_view(), name="invoice"),
    path("v1/invoices/<str:id>/pdf/", InvoicePdf.as_view(), name="pdf"),
    path("v1/invoices/<str:id>/amend/", AmendInvoice.as_view(), name="amend"),
    path("v1/invoices/<str:id>/rectify/", RectifyInvoice.as_view(), name="rectify"),
    path("v1/invoices/<str:id>/annul/", AnnulInvoice.as_view(), name="annul"),
    path("v1/processes/", Processes.as_view(), name="processes"),
    path("v1/processes/answers/", AnswerMany.as_view(), name="process-answers"),
    path("v1/processes/<str:id>/", OneProcess.as_view(), name="process"),
    path("v1/processes/<str:id>/resume/", ResumeProcess.as_view(), name="process-resume"),
    path("v1/processes/<str:id>/cancel/", CancelProcess.as_view(), name="process-cancel"),
    path("v1/processes/<str:id>/replay/", ReplayProcess.as_view(), name="process-replay"),
    path("v1/processes/<str:id>/answer/", AnswerProcess.as_view(), name="process-answer"),
    path("v1/tokens/<path:key>/answer/", AnswerToken.as_view(), name="token-answer"),
    path("v1/exports/", Exports.as_view(), name="exports"),
    path("v1/exports/<str:id>/", OneExport.as_view(), name="export"),
    path("v1/exports/<str:id>/csv/", ExportCsv.as_view(), name="export-csv"),
    path("v1/exports/<str:id>/xlsx/", ExportXlsx.as_view(), name="export-xlsx"),
    path("v1/webhooks/", Endpoints.as_view(), name="webhooks"),
    path("v1/webhooks/<str:id>/", OneEndpoint.as_view(), name="webhook"),
    path("v1/webhooks/<str:id>/secret/", EndpointSecret.as_view(), name="webhook-secret"),
    path("v1/webhooks/<str:id>/test/", TryEndpoint.as_view(), name="webhook-test"),
    path("v1/webhooks/<str:id>/resend/", Resend.as_view(), name="webhook-resend"),
    path("v1/events/", Events.as_view(), name="events"),
    path("v1/events/<str:id>/", OneEvent.as_view(), name="event"),
    # Last: an address that is none answers as every refusal does, and is never redirected (a POST would lose its body).
    re_path("", Unknown.as_view(), name="unknown"),
]
