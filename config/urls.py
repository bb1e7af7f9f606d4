"""The routes of all apps."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config.health import healthz, readyz
from config.metrics import metrics
from invoicing.admin.queue import holds
from invoicing.customers.page import customer
from invoicing.webhooks import webhook
from verifactu.admin.declaration import declaration
from workflows.links import decide

admin.autodiscover()  # here, not when Django starts: no worker and few commands need it (config/apps.py)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/declaracion-responsable/", admin.site.admin_view(declaration), name="declaration"),
    path("admin/holds/", admin.site.admin_view(holds), name="holds"),
    path("admin/", admin.site.urls),
    path("api/", include("invoicing.api.urls")),
    path("webhooks/<uuid:connection_id>/", webhook, name="webhook"),
    path("decide/<str:signed>/", decide, name="decide"),
    path("customer/<str:signed>/", customer, name="customer"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
]
