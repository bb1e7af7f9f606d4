"""A file of an export on its way to whoever may have it; who that is, the caller has seen to."""

from django.conf import settings
from django.http import FileResponse

from invoicing.documents import Documents
from invoicing.models import Export

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file_response(export: Export, kind: str) -> FileResponse:
    """Return a file of an export, streamed, to be saved and never executed.

    :raises FileNotFoundError: when the file is gone.
    :raises Tampered: when it does not hold the bytes that were stored.
    """
    sha256 = getattr(export, f"{kind}_sha256")
    return FileResponse(
        Documents(settings.DOCUMENTS_DIR, kind).open(sha256),
        as_attachment=True,
        filename=f"{export.file_stem}.{kind}",
        content_type=MEDIA_TYPES[kind],
        headers={
            "ETag": f'"{sha256}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )
