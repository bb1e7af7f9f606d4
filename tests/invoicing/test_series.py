"""Series of a company: their code goes on from year to year, and no two of them write the same number."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from invoicing import numbering
from invoicing.models import Company, Series
from tests.world import la_encina

pytestmark = pytest.mark.django_db


def next_of(company: Company, day: date, kind: Series.Kind = Series.Kind.COMPLETE) -> str:
    with transaction.atomic():
        return numbering.text(*numbering.take(company=company, environment="simulator", kind=kind, day=day))


def test_a_new_year_goes_on_with_the_code_and_begins_at_one() -> None:
    company = la_encina()
    Series.objects.create(
        company=company, environment="simulator", kind="complete", code="PW", year=2027, first_number=124,
        next_number=124,
    )  # fmt: skip
    days = (date(2027, 12, 31), date(2028, 1, 1), date(2028, 1, 1), date(2027, 12, 31))
    assert [next_of(company, day) for day in days] == [
        "PW2027-000124", "PW2028-000001", "PW2028-000002", "PW2027-000125",
    ]  # fmt: skip


def test_each_kind_has_its_own() -> None:
    company, day = la_encina(), date(2027, 3, 1)
    assert {next_of(company, day, kind) for kind in Series.Kind} == {
        "PF2027-000001", "PS2027-000001", "PR2027-000001", "PC2027-000001",
    }  # fmt: skip


def test_no_two_series_of_a_company_write_the_same_number() -> None:
    company, day = la_encina(), date(2027, 3, 1)
    next_of(company, day)
    with pytest.raises(IntegrityError), transaction.atomic():
        Series.objects.create(company=company, environment="simulator", kind="corrective", code="PF", year=2027)
    assert next_of(la_encina(nif="B87654323"), day) == "PF2027-000001"
