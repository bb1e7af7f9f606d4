"""The verification address and its symbol ("Código QR y URL de cotejo" 0.5.0)."""

from urllib.parse import parse_qsl, urlsplit

import pypdfium2
import pytest
import zxingcpp
from lxml import etree
from weasyprint import HTML

from verifactu import qr


@pytest.mark.parametrize(
    ("num_serie", "fecha", "expected"),
    [
        # The two addresses that the specification prints.
        (
            "12345678-G33",
            "01-09-2024",
            "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR?nif=89890001K&numserie=12345678-G33&fecha=01-09-2024&importe=241.4",
        ),
        (
            "12345678&G33",
            "01-01-2024",
            "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR?nif=89890001K&numserie=12345678%26G33&fecha=01-01-2024&importe=241.4",
        ),
    ],
)
def test_examples_of_the_specification(num_serie: str, fecha: str, expected: str) -> None:
    made = qr.url(environment="test", nif="89890001K", num_serie=num_serie, fecha=fecha, importe="241.4")
    assert made == expected


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ("production", "www2.agenciatributaria.gob.es"),
        ("test", "prewww2.aeat.es"),
        ("simulator", "prewww2.aeat.es"),
    ],
)
def test_each_environment_has_its_host(environment: str, host: str) -> None:
    made = qr.url(environment=environment, nif="N", num_serie="1", fecha="01-01-2027", importe="1.00")
    assert urlsplit(made).hostname == host
    assert urlsplit(made).path == "/wlpl/TIKE-CONT/ValidarQR"


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(ValueError, match="staging"):
        qr.url(environment="staging", nif="N", num_serie="1", fecha="01-01-2027", importe="1.00")


def test_every_printable_character_survives_form_decoding_in_the_official_order() -> None:
    number = "".join(map(chr, range(32, 127)))
    made = qr.url(environment="test", nif="89890001K", num_serie=number, fecha="01-01-2027", importe="-121.00")
    assert parse_qsl(urlsplit(made).query, keep_blank_values=True) == [
        ("nif", "89890001K"),
        ("numserie", number),
        ("fecha", "01-01-2027"),
        ("importe", "-121.00"),
    ]


URL = qr.url(environment="test", nif="89890001K", num_serie="2027/A/000001", fecha="02-01-2027", importe="121.00")


def test_the_symbol_is_read_back_from_a_printed_page_and_has_level_m() -> None:
    page = f"<style>@page {{ size: 80mm }} svg {{ width: 40mm }}</style>{qr.svg(URL)}"
    image = pypdfium2.PdfDocument(HTML(string=page).write_pdf())[0].render(scale=4).to_pil()
    (found,) = zxingcpp.read_barcodes(image)
    assert found.text == URL
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    assert found.ec_level == "M"


@pytest.mark.parametrize(("quiet_zone", "margin"), [(True, 8), (False, 0)])
def test_the_box_leaves_four_modules_around_unless_told_not_to(quiet_zone: bool, margin: int) -> None:
    drawn = qr.svg(URL, quiet_zone=quiet_zone)
    assert drawn.startswith("<svg ")
    root = etree.fromstring(drawn.encode())
    side = int(root.get("viewBox", "").split()[-1]) - margin
    assert (side - 17) % 4 == 0, "the side of a QR symbol is 17 + 4 x version"
    assert root.get("width") is None
    assert root.get("height") is None
