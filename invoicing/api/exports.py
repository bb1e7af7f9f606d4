"""Exports: a period's invoices, register or figures as files, made in the background."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import QuerySet
from django.http import FileResponse
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from common import clock
from common.words import Words
from invoicing.api import ids
from invoicing.api.base import ApiView, answer, client, json_body, one
from invoicing.api.examples import EXPORT, EXPORT_REQUESTED, EXPORT_WANTED
from invoicing.api.idempotency import Done, once
from invoicing.api.problems import Problem
from invoicing.api.resources import Moment
from invoicing.api.schema import IDEMPOTENCY_KEY, operation
from invoicing.books import check, periods
from invoicing.downloads import file_response
from invoicing.exports import ExportInvoices, OneADay, export_invoices, progress, request_export
from invoicing.mail import BadRecipient, one_address
from invoicing.models import Company, Export
from workflows.encoding import decode
from workflows.models import Process

STATES = {
    "pending": "queued",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "failed",
    "expired": "failed",
}
"""What a client is told of a process's state; in any other one it runs."""


class Language(StrEnum):
    """In which the headers and the letter are."""

    ES = "es"
    EN = "en"


class ExportKind(StrEnum):
    """Which book is wanted."""

    INVOICES = "facturas"
    REGISTER = "libro"
    M303 = "303"
    M349 = "349"
    M369 = "369"
    M390 = "390"


class ExportBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client asks for."""

    kind: ExportKind = ExportKind.INVOICES
    period: Annotated[str, msgspec.Meta(max_length=7)] | None = None
    first: date | None = msgspec.field(name="from", default=None)
    last: date | None = msgspec.field(name="to", default=None)
    email: Annotated[str, msgspec.Meta(max_length=254)] | None = None
    language: Language = Language.ES


class FileResource(msgspec.Struct, frozen=True, kw_only=True):
    """One of the files."""

    url: str
    sha256: str
    size: int


class ExportResource(msgspec.Struct, frozen=True, kw_only=True):
    """An export and where it stands."""

    id: str
    kind: str = "facturas"
    state: str
    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="to")
    requested_at: Moment
    pages_done: int
    pages: int
    invoices: int | None
    error: str
    csv: FileResource | None
    xlsx: FileResource | None
    url: str


class Exports(ApiView):
    """A place to ask for exports."""

    scopes: ClassVar = {"POST": "invoices:read"}

    @operation(
        name="exports_request",
        title=Words("Pedir una exportación", "Ask for an export"),
        says=Words(
            "Prepara en CSV y XLSX las facturas expedidas entre dos días, ambos incluidos; el libro registro; o las "
            "cifras de los modelos 303, 349, 369 o 390 de un periodo. De facturas, una al día por clave: pedida otra "
            "vez, responde con la misma. Location dice cómo va.",
            "Prepares as CSV and XLSX the invoices issued between two days, both included; their register; or a "
            "period's figures for modelos 303, 349, 369 or 390. Of invoices one a day for each key: asked again, it "
            "answers with the same one. Location tells how it goes.",
        ),
        scope="invoices:read",
        answer=ExportResource,
        status=202,
        body=ExportBody,
        body_examples=EXPORT_WANTED,
        examples=EXPORT_REQUESTED,
        parameters=(IDEMPOTENCY_KEY,),
        headers={"Location": Words("Dónde seguirla.", "Where to follow it."),
                 "Idempotent-Replayed": Words("true si es la primera respuesta, repetida.",
                                             "true when this is the first answer, repeated.")},
        problems=("body-invalid", "idempotency-key-missing", "idempotency-key-invalid", "request-in-flight",
                  "export-of-today", "length-required", "body-too-large", "media-type-unsupported",
                  "idempotency-key-reused"),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Start an export."""
        body = json_body(request)
        return once(request, body, lambda: _start(request, _wanted(body)), kept_as=ExportResource, now=clock.now())


class OneExport(ApiView):
    """One export."""

    scopes: ClassVar = {"GET": "invoices:read"}

    @operation(
        name="exports_read",
        title=Words("Una exportación", "An export"),
        says=Words(
            "Cómo va: páginas escritas de cuántas y, cuando termina, sus ficheros o por qué no los hay.",
            "How it goes: pages written of how many and, at its end, its files or why there are none.",
        ),
        scope="invoices:read",
        answer=ExportResource,
        examples=EXPORT,
        problems=("not-found",),
    )
    def get(self, request: Request, id: str) -> Response:
        """Show an export."""
        company = client(request).company
        return answer(_resource(one(_processes(company), ids.EXPORT, id), company))


class ExportCsv(ApiView):
    """The CSV of an export."""

    scopes: ClassVar = {"GET": "invoices:read"}

    @operation(
        name="exports_csv",
        title=Words("El CSV de una exportación", "The CSV of an export"),
        says=Words(
            "UTF-8 con BOM, punto y coma, coma decimal. 404 hasta que termina.",
            "UTF-8 with BOM, semicolons, decimal commas. 404 until it is done.",
        ),
        scope="invoices:read",
        media_type="text/csv",
        problems=("not-found",),
    )
    def get(self, request: Request, id: str) -> FileResponse:
        """Give the stored bytes."""
        return file_response(_export(request, id), "csv")


class ExportXlsx(ApiView):
    """The spreadsheet of an export."""

    scopes: ClassVar = {"GET": "invoices:read"}

    @operation(
        name="exports_xlsx",
        title=Words("El XLSX de una exportación", "The XLSX of an export"),
        says=Words(
            "Las mismas celdas, con fechas e importes como tales. 404 hasta que termina.",
            "The same cells, with dates and amounts as such. 404 until it is done.",
        ),
        scope="invoices:read",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        problems=("not-found",),
    )
    def get(self, request: Request, id: str) -> FileResponse:
        """Give the stored bytes."""
        return file_response(_export(request, id), "xlsx")


def _wanted(body: bytes) -> ExportBody:
    """Return what the body asks for.

    :raises Problem: `body-invalid`, pointing to what is wrong.
    """
    try:
        wanted = msgspec.json.decode(body, type=ExportBody)
    except msgspec.DecodeError as error:
        reason, _, path = str(error).partition(" - at `$")
        pointer = path.rstrip("`").replace(".", "/")
        raise Problem("body-invalid", errors=[{"pointer": pointer, "detail": reason}]) from error
    _days(wanted)
    if wanted.email:
        try:
            one_address(wanted.email)
        except BadRecipient as error:
            raise Problem("body-invalid", errors=[{"pointer": "/email", "detail": "is not one address"}]) from error
    return wanted


def _days(wanted: ExportBody) -> tuple[date, date]:
    """Return the first and the last day that a body asks for.

    :raises Problem: `body-invalid`, where it names no period, two, or one that the kind is not of.
    """
    if wanted.period is not None:
        if wanted.first or wanted.last:
            raise _invalid("/period", "name either a period or from and to")
        try:
            first, last = periods.period(wanted.period)
        except ValueError as error:
            raise _invalid("/period", str(error)) from error
    else:
        if not wanted.first or not wanted.last:
            raise _invalid("/to" if wanted.first else "/from", "is missing; or name a period")
        first, last = wanted.first, wanted.last
    if first > last:
        raise _invalid("/to", "the period ends before it begins")
    try:
        check(wanted.kind.value, first, last)
    except ValueError as error:
        raise _invalid("/period" if wanted.period else "/to", str(error)) from error
    return first, last


def _invalid(pointer: str, detail: str) -> Problem:
    return Problem("body-invalid", errors=[{"pointer": pointer, "detail": detail}])


def _start(request: Request, wanted: ExportBody) -> Done:
    who = client(request)
    first, last = _days(wanted)
    try:
        handle = request_export(
            who.company,
            requested_by=who.actor,
            first=first,
            last=last,
            kind=wanted.kind.value,
            email=who.company.email if wanted.email is None else wanted.email,
            language=wanted.language.value,
            now=clock.now(),
        )
    except OneADay as error:
        raise Problem("export-of-today", url=_url(error.process)) from error
    resource = _resource(Process.objects.get(pk=handle.id), who.company)
    return Done(202, resource, resource.url)


def _export(request: Request, identifier: str) -> Export:
    exports: QuerySet[Export] = Export.objects.filter(company=client(request).company)
    return one(exports, ids.EXPORT, identifier)


def _processes(company: Company) -> "QuerySet[Process]":
    return Process.objects.filter(workflow=export_invoices.name, tenant=company.tenant)


def _resource(process: Process, company: Company) -> ExportResource:
    asked = decode(process.payload, ExportInvoices)
    export = Export.objects.filter(pk=process.pk, company=company).first()
    written = progress(process.pk)
    return ExportResource(
        id=ids.text(ids.EXPORT, process.pk),
        kind=asked.kind,
        state=STATES.get(process.state, "running"),
        first=asked.first,
        last=asked.last,
        requested_at=process.created_at.astimezone(ZoneInfo(company.zone)),
        pages_done=written.done,
        pages=written.total,
        invoices=export.count if export else None,
        error=(process.error or {}).get("message", "") if STATES.get(process.state) == "failed" else "",
        csv=_file(export, "csv") if export else None,
        xlsx=_file(export, "xlsx") if export else None,
        url=_url(process.pk),
    )


def _file(export: Export, kind: str) -> FileResource:
    return FileResource(
        url=reverse(f"api:export-{kind}", args=[ids.text(ids.EXPORT, export.pk)]),
        sha256=getattr(export, f"{kind}_sha256"),
        size=getattr(export, f"{kind}_size"),
    )


def _url(process: UUID) -> str:
    return reverse("api:export", args=[ids.text(ids.EXPORT, process)])
