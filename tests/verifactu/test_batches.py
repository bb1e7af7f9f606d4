"""Which records travel together, and what is set aside because it would take the others with it."""

import re

import pytest
from django.db import transaction

from benchmarks.submitting import chain_record
from common import clock
from common.ids import uuid7
from invoicing.models import Company
from tests.verifactu.examples import ALTA, ANULACION
from tests.world import la_encina
from verifactu import chain
from verifactu.batches import next_batch
from verifactu.errors import UnreadableXML
from verifactu.models import ChainEvent, Record
from verifactu.records import fecha, fecha_hora_huso
from verifactu.rules import AEAT_ZONE
from verifactu.xml import body_errors, fragment, wrong_fragments
from verifactu.xml.namespaces import INFORMACION

END = "</sum1:RegistroAlta>"
GOOD, BAD, BROKEN = fragment(ALTA), fragment(ALTA).replace(">F1<", ">F9<"), fragment(ALTA)[:-5]


@pytest.mark.parametrize(
    ("fragments", "places"),
    [
        ([], set()),
        ([GOOD], set()),
        ([GOOD, fragment(ANULACION)], set()),
        ([BAD], {0}),
        ([GOOD, BAD, GOOD, BAD], {1, 3}),
        ([GOOD, BROKEN, GOOD], {1}),
        ([GOOD, "", "<x/>"], {1, 2}),
        # Together they would be one record, with a comment in it.
        ([GOOD.replace(END, "<!--"), f"-->{END}"], {0, 1}),
    ],
)
def test_the_wrong_ones_are_found_among_the_right_ones(fragments: list[str], places: set[int]) -> None:
    found = wrong_fragments(fragments)
    assert set(found) == places
    assert all(found.values())
    if BAD in fragments:
        assert "F9" in found[fragments.index(BAD)][0]


@pytest.mark.django_db
def test_a_record_that_validates_no_more_is_set_aside_and_the_others_go() -> None:
    first, _, third = append(3)
    # A row like the third, of a time when the schema was another.
    row = {field.attname: getattr(third, field.attname) for field in Record._meta.concrete_fields}
    row |= {"id": uuid7(), "seq": 4, "seal": "", "xml": third.xml.replace("IDVersion>1.0<", "IDVersion>0.9<")}
    Record(**row).save(force_insert=True)
    batch = next_batch(first.installation, None, now=clock.now())
    assert [record.seq for record in batch] == [1, 2, 3]
    aside = Record.objects.get(seq=4)
    assert (aside.state, "0.9" in aside.reason) == ("quarantined", True)
    assert ChainEvent.objects.get(record=aside).move == "quarantine"


@pytest.mark.parametrize("doctype", [b"<!DOCTYPE x>", b'<!DOCTYPE x [<!ENTITY e "F1">]>'])
def test_a_message_with_a_doctype_is_none(doctype: bytes) -> None:
    assert body_errors(GOOD.encode()) == []
    with pytest.raises(UnreadableXML, match="DOCTYPE"):
        body_errors(doctype + GOOD.encode())


@pytest.mark.parametrize("cut", ["{}", "<![CDATA[<a {}]]>", "<![CDATA[<a ]]><![CDATA[{}]]>", "{}<![CDATA[>]]>"])
def test_a_text_that_names_the_namespace_is_as_long_as_it_is(cut: str) -> None:
    """500 letters at most (SuministroInformacion.xsd, TextMax500Type); the name is short while a message is judged."""
    longest = "x" * (500 - len(INFORMACION)) + INFORMACION

    def with_text(text: str) -> str:
        return GOOD.replace(f">{ALTA.DescripcionOperacion}<", f">{cut.format(text)}<")

    more = len(re.sub(r"<!\[CDATA\[|\]\]>|\{\}", "", cut))
    assert wrong_fragments([with_text(longest[more:])]) == {}
    assert set(wrong_fragments([with_text("x" + longest[more:])])) == {0}


def test_no_other_namespace_stands_for_the_contracts() -> None:
    other = GOOD.replace(INFORMACION, "\x7f")
    assert set(wrong_fragments([GOOD, other])) == {1}


def append(count: int) -> list[Record]:
    """Append records to the company's chain."""
    company = Company.objects.first() or la_encina()
    with transaction.atomic():
        head = chain.lock(tenant=company.tenant)
        return [_append(head, company) for _ in range(count)]


def _append(head: chain.Head, company: Company) -> Record:
    stamp = head.stamp(clock.now())
    local = stamp.astimezone(AEAT_ZONE)
    registro = chain_record(
        head.installation.head_seq + 1,
        link=head.encadenamiento(),
        system=head.sistema(),
        issuer=company.taxpayer.nif,
        day=fecha(local.date()),
        stamp=fecha_hora_huso(local),
    )
    return chain.append(head, registro, id=uuid7(), stamp=stamp, covers="", answer_token="", now=stamp)
