"""Who is to blame for a submission that was turned down as a whole: every code of the list has its cause and remedy."""

import pytest

from verifactu.client import Refused
from verifactu.errors import CODES, Effect, effect, technical
from verifactu.refusals import Cause, cause, remedy

WHOLE = sorted(code for code in CODES if effect(code) is Effect.SUBMISSION_REJECTED)


def refused(code: str = "", kind: str = "fault") -> Refused:
    return Refused(reason="x", kind=kind, code=code)


@pytest.mark.parametrize("code", WHOLE)
def test_every_code_that_refuses_a_submission_has_a_remedy(code: str) -> None:
    assert remedy(cause(refused(code)))


# Source: verifactu.md 7.3 and 12.1.
@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("4141", Cause.SUSPENDED),
        ("4102 4106 4119 4136 4137", Cause.RECORD),
        ("4112 4132 4140", Cause.CERTIFICATE),
        ("4104 4105 4116 4117 4120 4121 4123 4124", Cause.HEADER),
        ("3500 3501 4108 4110 4111 4118 4128", Cause.TECHNICAL),
        ("4134 4135 4138 4139 9999", Cause.SERVICE),
    ],
)
def test_the_cause_follows_the_meaning_of_the_code(codes: str, expected: Cause) -> None:
    assert {cause(refused(code)) for code in codes.split()} == {expected}


def test_only_what_may_be_a_records_fault_has_records_looked_at_one_by_one() -> None:
    headers = {code for code in WHOLE if cause(refused(code)) is Cause.RECORD}
    assert headers.isdisjoint({"4104", "4105", "4112", "4115", "4116", "4117", "4141"})
    assert {code for code in headers if technical(code)} == {"4103"}


def test_a_refused_certificate_is_one_without_a_code_too() -> None:
    assert cause(refused(kind="certificate")) is Cause.CERTIFICATE
    assert cause(refused(kind="http")) is Cause.SERVICE
    assert cause(refused(kind="redirect")) is Cause.SERVICE
