"""Bodies that no honest shop sends: each is refused by name, none ends in another error."""

from decimal import Decimal

import pytest

from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.storefronts.payload import Node, clean, load

READERS = [
    ("shopify", "orders/paid"),
    ("shopify", "refunds/create"),
    ("woocommerce", "order.updated"),
    ("api", "order"),
]

BAD_BODIES = {
    "empty": b"",
    "not JSON": b"<html>502</html>",
    "cut short": b'{"id":1,"total":"5',
    "a list": b"[]",
    "a number": b"12",
    "null": b"null",
    "not UTF-8": b'{"id":"\xff"}',
    "a surrogate in raw bytes": b'{"id":"\xed\xa0\x80"}',
    "half a character": b'{"id":1,"note":"\\ud83d"}',
    "half a character in capitals": b'{"id":1,"note":"\\uDE00"}',
    "half a character deep in a key": b'{"id":1,"a":[{"\\ud83d":1}]}',
    "NUL": b'{"id":1,"note":"a\\u0000b"}',
    "NaN": b'{"id":1,"total_price":NaN}',
    "infinity": b'{"id":1,"total_price":-Infinity}',
    "deep arrays": b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"id":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of 5,000 digits": b'{"id":' + b"9" * 5_000 + b"}",
    "raw control characters": b'{"id":"a\nb"}',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
@pytest.mark.parametrize(("platform", "topic"), READERS)
def test_a_bad_body_is_unreadable(platform: str, topic: str, body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        PLATFORMS[platform].read(body, topic, ReaderSettings())
    assert caught.value.reason
    str(caught.value).encode()  # the reason itself can be stored and shown


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_bad_body_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Unreadable):
        load(body)


class TestLoad:
    def test_numbers_keep_their_digits(self) -> None:
        assert load(b'{"a":0.1,"b":2.940}')["b"].amount() == Decimal("2.940")

    def test_of_a_repeated_key_the_last_counts(self) -> None:
        assert load(b'{"a":"1","a":"2"}')["a"].text() == "2"

    def test_whole_surrogate_pairs_are_text(self) -> None:
        assert load(b'{"a":"\\ud83d\\ude00"}')["a"].text() == "\N{GRINNING FACE}"

    def test_a_backslash_before_u_is_no_escape(self) -> None:
        assert load(b'{"a":"C:\\\\ud800"}')["a"].text() == "C:\\ud800"

    def test_a_byte_order_mark_is_passed_over(self) -> None:
        assert load(b'\xef\xbb\xbf{"a":"1"}')["a"].text() == "1"

    @pytest.mark.parametrize("number", [b"1e3", b"1E-5", b"10.00000000"])
    def test_plain_numbers_in_any_writing(self, number: bytes) -> None:
        assert load(b'{"a":' + number + b"}")["a"].amount() == Decimal(number.decode())

    @pytest.mark.parametrize("number", [b"1e400", b"1e-400", b"1e999999999999999", b"12345678901", b"0.123456789"])
    def test_numbers_that_fit_no_invoice_are_refused(self, number: bytes) -> None:
        with pytest.raises(Unreadable):
            load(b'{"a":' + number + b"}")["a"].amount()

    def test_pointers_are_escaped(self) -> None:
        assert Node({"a/b": {"c~d": 1}})["a/b"]["c~d"].pointer == "/a~1b/c~0d"


class TestClean:
    @pytest.mark.parametrize(
        ("raw", "shown"),
        [
            ("  a\t b\n", "a b"),
            ("a\x01b\x7fc\x85d", "a b c d"),
            ("a\uffffb", "a b"),
            ("Jose\u0301", "José"),  # composed, so that equal names are equal bytes
            ("Größe 42, «L» 5 €", "Größe 42, «L» 5 €"),
        ],
    )
    def test_leaves_what_a_page_and_an_xml_can_hold(self, raw: str, shown: str) -> None:
        assert clean(raw) == shown
