"""What a restore, and comparisons with the AEAT and with a shop, leave behind."""

import json

from common import clock
from invoicing.models import CensusCheck, Endpoint, Event, Gap, Invoice, Notification, Reconciliation, VatCheck
from verifactu.models import Discrepancy, LockEvent


def leave_troubles(invoice: Invoice, *, reason: str) -> None:
    """Write a lock of the invoice's chain, a difference about it, a gap in its series, what remained of a shop's
    orders, a VAT number asked about, and an event that was not taken, each for that reason."""
    now, chain = clock.now(), invoice.record.installation
    LockEvent(installation=chain, move="locked", at=now, actor="ana", reason=reason).save()
    Discrepancy(
        installation=chain, month="2027-01", id_emisor=invoice.issuer_nif, num_serie="#9001",
        fecha_expedicion="02-01-2027", kind="missing", record=invoice.record, ours={"state": "accepted"},
        proposal="resend", found_at=now, seen_at=now, reason=reason,
    ).save()  # fmt: skip
    CensusCheck(
        company=invoice.company, nif="B12345674", name="Ferretería Soler SL", requester=invoice.issuer_nif,
        outcome="not_identified", at=clock.now(), raw=reason,
    ).save()  # fmt: skip
    VatCheck(
        company=invoice.company, number="DE123456788", requester="ESA58818501", outcome="invalid", at=now,
        request_identifier="#9001", raw=reason,
    ).save()  # fmt: skip
    Gap(
        series=invoice.series, first_number=9001, last_number=9002, known_from={"#9001": "aeat"}, reason=reason,
        actor="ana", at=now,
    ).save()  # fmt: skip
    told = Event(company=invoice.company, kind="order.held", key=f"trouble:{reason}", at=now,
                 body=json.dumps({"data": {"number": reason}}))  # fmt: skip
    told.save()
    endpoint = Endpoint.objects.create(
        company=invoice.company, name=reason, url="https://erp.example.com/#9001", kinds=["order.held"],
        secret="whsec_x", created_at=now,
    )  # fmt: skip
    Notification.objects.create(event=told, endpoint=endpoint, state="failed", detail=reason)
    assert invoice.order
    Reconciliation(
        company=invoice.company, connection=invoice.order.connection, since=now, until=now, finished_at=now, remained=1,
        remains=[{"order": "9001", "number": "#9001", "state": "missing", "reason": reason}],
    ).save()  # fmt: skip
