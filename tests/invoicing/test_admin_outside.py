"""What VIES and the census answered, in the admin: in the list in a word, on its page word for word, to read only."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from common import clock
from common.admin import change_url
from invoicing.models import CensusCheck, VatCheck
from tests import world

LITERAL = "<answer>1 < 2</answer>"

pytestmark = pytest.mark.django_db


@pytest.fixture
def vies() -> VatCheck:
    return VatCheck.objects.create(
        company=world.la_encina(), number="DE811569869", requester="ESB12345674", outcome="valid", at=clock.now(),
        request_identifier="WAPIAAAAY0", raw=LITERAL,
    )  # fmt: skip


@pytest.fixture
def census() -> CensusCheck:
    return CensusCheck.objects.create(
        company=world.la_encina(), nif="12345678Z", name="Ana García", requester="B12345674", outcome="revoked",
        at=clock.now(), census_name="GARCIA ANA", raw=LITERAL,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "outcome", "told"),
    [
        ("vies", "válido", ("DE811569869", "ESB12345674", "WAPIAAAAY0")),
        ("census", "identificado, NIF revocado", ("12345678Z", "Ana García", "GARCIA ANA", "B12345674")),
    ],
)
def test_an_answer_stands_in_list_and_page(
    admin_client: Client, request: pytest.FixtureRequest, answer: str, outcome: str, told: tuple[str, ...]
) -> None:
    row: Any = request.getfixturevalue(answer)
    shown = admin_client.get(reverse(f"admin:invoicing_{row._meta.model_name}_changelist")).content.decode()
    page = admin_client.get(change_url(row)).content.decode()
    for text in (outcome, told[0]):
        assert text in shown
    for text in (outcome, *told, "&lt;answer&gt;1 &lt; 2&lt;/answer&gt;"):
        assert text in page
    assert LITERAL not in page
    assert admin_client.post(change_url(row), {"outcome": "invalid"}).status_code == 405
