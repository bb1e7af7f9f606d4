"""`pedidos/`: what the shops sent for the orders behind the invoices, byte for byte, and how it was read.

Only where it is asked for: it holds more of the buyers than any tax needs, and the AEAT's access must not need it
(RD 1007/2023; verifactu.md 9.3).
"""

from common.progress import Told
from invoicing.inspection.archive import Archive
from invoicing.inspection.checks import Checks
from invoicing.inspection.names import file_name
from invoicing.inspection.picture import Held, HeldVersion
from invoicing.inspection.story import whole
from invoicing.models import Snapshot

HEADER = (
    "Pedido", "Tienda", "Versión", "Clase", "Entrega recibida", "Asunto", "SHA-256 de la entrega",
    "Fichero de la entrega", "Leída",
    "SHA-256 del contenido", "Fichero del contenido", "Retirado", "Retirado por", "Motivo de la retirada",
)  # fmt: skip
KINDS = {b"{": "json", b"[": "json", b"<": "xml"}
"""What a body is, by its first byte."""


def write(archive: Archive, versions: Held[HeldVersion], checks: Checks, told: Told) -> int:
    """Write deliveries and versions; return how many orders they are of. What was redacted is named as redacted."""
    done, orders, before = 0, 0, None
    with archive.table("pedidos.csv", HEADER) as table:
        for page in versions.pages():
            for held in page:
                # One by one, each with its redaction: what is forgotten meanwhile is not handed out any more.
                version = Snapshot.objects.select_related(
                    "order__connection", "delivery__redaction", "redaction"
                ).get(pk=held.id)  # fmt: skip
                delivery, order = version.delivery, version.order
                orders += order.pk != before
                before = order.pk
                checks.seal(delivery, version)
                checks.look("deliveries", whole(delivery))
                # An order's number is the shop's: two shops may give the same.
                place = f"pedidos/{file_name(str(order), of=str(order.pk))}/v{version.version:03d}"
                body, content = bytes(delivery.body), version.content.encode()
                files = (f"{place}-entrega.{KINDS.get(body.lstrip()[:1], 'dat')}", f"{place}-contenido.json")
                for path, data in zip(files, (body, content), strict=True):
                    if data:
                        archive.add(path, data)
                gone = getattr(version, "redaction", None) or getattr(delivery, "redaction", None)
                table.row(
                    str(order), str(order.connection), version.version, version.get_kind_display(),
                    delivery.received_at, delivery.topic, delivery.body_sha256, files[0] if body else "",
                    version.captured_at, version.content_hash, files[1] if content else "",
                    gone and gone.at, gone.by if gone else "", gone.reason if gone else "",
                )  # fmt: skip
            done += len(page)
            told.at(done)
    return orders
