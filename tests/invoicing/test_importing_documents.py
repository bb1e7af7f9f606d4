"""The documents of a file: where each begins, and that its bytes are those of the file."""

import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.importing import documents as module
from invoicing.importing.documents import Document, documents
from invoicing.webhooks import MAX_BODY

ODD = '{ "id" :1.10,\t"a":"\\u00e9 \\"]},[{",  "id": [ 2 , {"b":[]} ],"ñ":"é😀"}'
"""Valid JSON as nobody's encoder writes it; its bytes are to come through as they are."""

VALUES = st.text() | st.floats() | st.none() | st.lists(st.text(max_size=5), max_size=3)


def found(data: bytes) -> list[Document]:
    return list(documents(io.BytesIO(data)))


def bodies(data: bytes) -> list[bytes]:
    assert [document.fault for document in found(data) if document.fault] == []
    return [document.body for document in found(data)]


class TestJsonLines:
    def test_each_line_is_a_document(self) -> None:
        data = f'{ODD}\n{{"id": 2}}\n'.encode()
        assert found(data) == [Document("line 1", ODD.encode()), Document("line 2", b'{"id": 2}')]

    def test_byte_order_mark_windows_line_ends_and_blank_lines_are_no_part_of_it(self) -> None:
        data = b'\xef\xbb\xbf{"id": 1}\r\n\r\n  {"id": 2} \r\n\n{"id": 3}'
        assert found(data) == [
            Document("line 1", b'{"id": 1}'), Document("line 3", b'{"id": 2}'), Document("line 5", b'{"id": 3}'),
        ]  # fmt: skip

    def test_a_broken_line_hides_none_of_the_others(self) -> None:
        data = b'{"id": 1}\n{"id": 2\n{"id": 3}\n'
        assert bodies(data) == [b'{"id": 1}', b'{"id": 2', b'{"id": 3}']

    def test_a_line_that_is_too_large_is_told_and_not_kept(self) -> None:
        large = b'{"id": "%s"}' % (b"x" * 3 * MAX_BODY)
        before, fault, after = found(b'{"id": 1}\n' + large + b'\n{"id": 3}')
        assert (before.body, after) == (b'{"id": 1}', Document("line 3", b'{"id": 3}'))
        assert (fault.place, fault.body) == ("line 2", b"")
        assert str(MAX_BODY) in fault.fault

    def test_what_stands_far_to_the_right_is_not_lost_without_a_word(self) -> None:
        (fault, after) = found(b'{"id": 1}' + b" " * 2 * MAX_BODY + b'{"id": 2}\n{"id": 3}')
        assert (fault.place, fault.body, after.body) == ("line 1", b"", b'{"id": 3}')

    @pytest.mark.parametrize("over", [-1, 0, 1])
    def test_the_limit_is_that_of_a_webhook(self, over: int) -> None:
        document = b'{"id": "%s"}' % (b"x" * (MAX_BODY + over - 10))
        assert len(document) == MAX_BODY + over
        for data in (document, b"[" + document + b"]", b'{"id": 0}\n' + document + b"  \n"):
            assert bool(found(data)[-1].fault) == (over > 0)


class TestOneDocument:
    def test_may_take_several_lines(self) -> None:
        pretty = json.dumps({"id": 1, "lines": [{"a": 1}, {"b": 2}]}, indent=2).encode()
        assert found(b"\n" + pretty + b"\n") == [Document("line 2", pretty)]

    @pytest.mark.parametrize("data", [b"", b"\n \r\n", b"\xef\xbb\xbf", b"[]", b" [ \n ] \n"])
    def test_there_may_be_none(self, data: bytes) -> None:
        assert found(data) == []


class TestArray:
    def test_elements_are_the_text_that_they_have(self) -> None:
        data = f'\ufeff[\n  {ODD},\r\n{{"id": 2}}  ,{{"id":3}}\n]\n'.encode()
        assert found(data) == [
            Document("order 1, line 2", ODD.encode()), Document("order 2, line 3", b'{"id": 2}'),
            Document("order 3, line 3", b'{"id":3}'),
        ]  # fmt: skip

    @given(
        st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), min_size=1, max_size=5),
        st.sampled_from(["", " ", "\n", "\r\n\t "]),
        st.booleans(),
        st.sampled_from([1, 2, 7, 64 * 1024]),
    )
    def test_whatever_they_are_and_however_they_are_cut(
        self, content: list[dict[str, Any]], blank: str, ascii_only: bool, chunk: int
    ) -> None:
        texts = [json.dumps(each, ensure_ascii=ascii_only).encode() for each in content]
        data = b"[" + blank.encode() + (blank + "," + blank).encode().join(texts) + blank.encode() + b"]"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "CHUNK", chunk)
            assert bodies(data) == texts

    def test_bytes_that_are_not_utf_8_come_through_for_the_reader_to_refuse(self) -> None:
        assert bodies(b'[{"a":"\xff\xc3"},{"b":1}]') == [b'{"a":"\xff\xc3"}', b'{"b":1}']

    def test_an_element_that_is_too_large_hides_none_of_the_others(self) -> None:
        large = b'{"id": "%s"}' % (b"x" * MAX_BODY)
        before, fault, after = found(b'[{"id": 1},' + large + b',{"id": 3}]')
        assert (before.body, fault.body, after.body) == (b'{"id": 1}', b"", b'{"id": 3}')
        assert (fault.place, str(MAX_BODY) in fault.fault) == ("order 2, line 1", True)

    @pytest.mark.parametrize(
        ("data", "place", "line"),
        [
            (b'[{"id": 1},\n{"id": 2}', "line 2", ""),  # cut between two
            (b'[{"id": 1},\n{"id": 2},\n{"id": 3', "order 3, line 3", "line 3"),  # cut in one
            (b'[{"id": 1},\n{"id": 2},\n{"id": 3,\n"b" 4},\n{"id": 5}]', "order 3, line 3", "line 4"),
            (b'[{"id": 1},\n{"id": 2},\n]', "order 3, line 3", "line 3"),  # a comma too many
            (b'[{"id": 1},\n{"id": 2}\n{"id": 3}]', "line 3", ""),  # one too few
            (b'[{"id": 1},\n{"id": 2}]\n{"id": 3}', "line 3", "follows"),
            (b'[{"id": 1},\n{"id": 2},\n' + b"[" * 100_000, "order 3, line 3", "deep"),
            (b'[{"id": 1},\n{"id": 2},\n"' + b"x" * 9 * MAX_BODY + b'",{"id": 4}]', "order 3, line 3", "line 3"),
        ],
    )
    def test_of_a_broken_one_the_rest_is_told_to_be_lost(self, data: bytes, place: str, line: str) -> None:
        one, two, fault = found(data)
        assert (one.body, two.body) == (b'{"id": 1}', b'{"id": 2}')
        assert (fault.place, fault.body) == (place, b"")
        assert line in fault.fault


@pytest.mark.parametrize("shape", ["lines", "array"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, shape: str) -> None:
    line = b'{"id": 1, "note": "%s"}' % (b"x" * 4000)
    file = tmp_path / "orders.json"
    joint = b"\n" if shape == "lines" else b",\n"
    body = joint.join([line] * 5_000)  # 20 MB
    file.write_bytes(body if shape == "lines" else b"[" + body + b"]")
    del body
    tracemalloc.start()
    try:
        with file.open("rb") as source:
            count = sum(document.body == line for document in documents(source))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 5_000
    assert peak < 8 * MAX_BODY
