"""Whatever comes back that is no answer: the records keep what they had, the bytes are kept, the outcome has a name.

Each message goes through the real client over TLS, from a door that says it, into the rows of a submission in flight.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.x509.oid import NameOID
from django.db import transaction

from benchmarks.submitting import chain_record
from common import clock
from common.ids import uuid7
from tests.verifactu.answering import fault, respuesta, respuesta_consulta
from tests.verifactu.door import PASSWORD, Authority, door, saying
from tests.verifactu.sound import ANSWER, HELD
from tests.verifactu.test_answers import HOSTILE, TYPED
from tests.world import la_encina
from verifactu import chain
from verifactu.certificates import Certificate
from verifactu.client import Client, Outcome
from verifactu.models import Answer, Record, Submission
from verifactu.records import Cabecera, PersonaFisicaJuridica, fecha, fecha_hora_huso
from verifactu.submission import Batch, settle
from verifactu.xml import envelope

VERDICT = ("codigo_error", "descripcion_error", "csv", "verdict_at")
NO_ANSWER: list[tuple[str, bytes, dict[str, Any]]] = [
    *((f"hostile {number}", message, {}) for number, message in enumerate(HOSTILE)),
    ("answer to a query", respuesta_consulta(HELD), {}),
    ("an answer under an error of HTTP", respuesta(ANSWER), {"status": "500 Internal Server Error"}),
    ("a state that is none", TYPED.replace(b">ParcialmenteCorrecto<", b">Regular<"), {}),
    ("a verdict that is none", TYPED.replace(b">Incorrecto<", b">Quizas<"), {}),
    ("an answer cut short", respuesta(ANSWER)[:400], {"missing": 2000}),
    ("a fault of theirs", fault(code="20009", text="", client=False), {"status": "500 X"}),
]
SPEAKS_OF_OTHERS = [
    ("lines of other invoices", respuesta(ANSWER)),
    ("no line at all", respuesta(replace(ANSWER, lines=()))),
]

Ask = Callable[..., Outcome]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def ask(authority: Authority, tmp_path: Path) -> Ask:
    """Send the records of a submission to a door that says `body`."""
    certificate = Certificate.from_pkcs12(authority.p12({NameOID.COMMON_NAME: "cliente"}), PASSWORD)
    trust = tmp_path / "ca.pem"
    trust.write_bytes(authority.pem())

    def run(submission: Submission, body: bytes, **saying_what: Any) -> Outcome:
        header = Cabecera(ObligadoEmision=PersonaFisicaJuridica(NombreRazon="X", NIF="B12345674"))
        with door(authority, tmp_path, saying(body, **saying_what)) as here:
            client = Client(endpoint=here.url, certificate=certificate, ca_file=str(trust), timeout=(5, 5))
            return client.submit(envelope(header, submission.records.values_list("xml", flat=True)))

    return run


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "body", "how"), NO_ANSWER, ids=[name for name, _, _ in NO_ANSWER])
def test_no_answer_is_no_verdict(name: str, body: bytes, how: dict[str, Any], ask: Ask) -> None:
    submission = in_flight(3)
    before = frozen(submission)
    settled = settle(Batch(submission_id=submission.pk), ask(submission, body, **how))
    submission = Submission.objects.get(pk=submission.pk)
    assert (settled.state, submission.state) == ("unknown", "unknown")
    assert submission.reason
    assert frozen(submission) == before
    assert set(submission.records.values_list("state", *VERDICT)) == {("unknown", "", "", "", None)}
    assert [bytes(answer.body) for answer in Answer.objects.all()] == ([body] if body else [])


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "body"), SPEAKS_OF_OTHERS, ids=[name for name, _ in SPEAKS_OF_OTHERS])
def test_an_answer_about_others_is_no_verdict_on_ours(name: str, body: bytes, ask: Ask) -> None:
    submission = in_flight(2)
    settled = settle(Batch(submission_id=submission.pk), ask(submission, body))
    assert settled.state == "unknown"
    assert set(submission.records.values_list("state", *VERDICT)) == {("unknown", "", "", "", None)}


def in_flight(count: int) -> Submission:
    """Append records to a chain and commit the submission that takes them."""
    company = la_encina()
    with transaction.atomic():
        head = chain.lock(tenant=company.tenant)
        for number in range(1, count + 1):
            stamp = head.stamp(clock.now())
            local = stamp.astimezone(ZoneInfo("Europe/Madrid"))
            registro = chain_record(
                number,
                link=head.encadenamiento(),
                system=head.sistema(),
                issuer=company.taxpayer.nif,
                day=fecha(local.date()),
                stamp=fecha_hora_huso(local),
            )
            chain.append(head, registro, id=uuid7(), stamp=stamp, covers="", answer_token="", now=stamp)
    submission = Submission(
        installation=head.installation, first_seq=1, count=count, started_at=clock.now(), state="sending"
    )
    submission.save(force_insert=True)
    Record.objects.update(state="in_flight", submission=submission)
    return submission


def frozen(submission: Submission) -> list[tuple[Any, ...]]:
    return list(submission.records.order_by("seq").values_list("seq", "huella", "xml", "seal"))
