"""Identifiers: the vectors that TypeID publishes (spec/valid.yml and spec/invalid.yml of jetify-com/typeid)."""

from uuid import UUID

import pytest

from common.ids import uuid7
from invoicing.api import ids

PUBLISHED = [
    ("00000000-0000-0000-0000-000000000000", "00000000000000000000000000"),
    ("00000000-0000-0000-0000-000000000001", "00000000000000000000000001"),
    ("00000000-0000-0000-0000-00000000000a", "0000000000000000000000000a"),
    ("00000000-0000-0000-0000-000000000010", "0000000000000000000000000g"),
    ("00000000-0000-0000-0000-000000000020", "00000000000000000000000010"),
    ("ffffffff-ffff-ffff-ffff-ffffffffffff", "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
    ("0110c853-1d09-52d8-d73e-1194e95b5f19", "0123456789abcdefghjkmnpqrs"),
    ("01890a5d-ac96-774b-bcce-b302099a8057", "01h455vb4pex5vsknk084sn02q"),
]


@pytest.mark.parametrize(("uuid", "letters"), PUBLISHED)
def test_text_and_back_as_published(uuid: str, letters: str) -> None:
    assert ids.text("ord", UUID(uuid)) == f"ord_{letters}"
    assert ids.uuid("ord", f"ord_{letters}") == UUID(uuid)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "ord",
        "ord_",
        "01h455vb4pex5vsknk084sn02q",  # no kind
        "inv_01h455vb4pex5vsknk084sn02q",  # another kind
        "ORD_01h455vb4pex5vsknk084sn02q",
        "ord_01H455VB4PEX5VSKNK084SN02Q",  # capitals
        "ord_01h455vb4pex5vsknk084sn02",  # short
        "ord_01h455vb4pex5vsknk084sn02qq",  # long
        "ord_8zzzzzzzzzzzzzzzzzzzzzzzzz",  # 129 bits
        "ord_01h455vb4pex5vsknk084sn02u",  # u, l, i and o are not letters here
        "ord_01h455vb4pex5vsknk084sn02l",
        "ord_01890a5d-ac96-774b-bcce-b302099a8057",
        "ord_" + "\u0660" * 26,  # digits, but not ours
    ],
)
def test_what_is_no_identifier(wrong: str) -> None:
    with pytest.raises(ids.NotAnId):
        ids.uuid("ord", wrong)


def test_identifiers_sort_as_their_uuids() -> None:
    uuids = [uuid7() for _ in range(200)]
    assert sorted(ids.text("inv", uuid) for uuid in uuids) == [ids.text("inv", uuid) for uuid in sorted(uuids)]
