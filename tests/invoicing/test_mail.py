"""The letter as the customer's mail program parses it, and EMAIL_URL."""

import email
import email.policy
import traceback
from datetime import date
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured

from invoicing.mail import BadRecipient, email_settings, file_name, letter, message_id, send
from invoicing.values import PricedLine, PrintedInvoice, PrintedParty, TaxShare

INVOICE_ID = UUID("0190a1b2-c3d4-7e5f-8a6b-123456789abc")
PDF = b"%PDF-1.7\n\x00\xff binary \r\n %%EOF"
PRINTED = PrintedInvoice(
    title="Factura",
    number="F2026/000124",
    series="F2026",
    tipo="F1",
    issue_date=date(2026, 10, 14),
    issuer=PrintedParty(name="Papelería La Encina SL", tax_id="B12345674"),
    recipient=PrintedParty(name="Lucía Ferrer"),
    order_number="#1501",
    lines=(
        PricedLine(
            description="Archivador",
            quantity=Decimal(1),
            unit_price=Decimal("1020.33"),
            discount=Decimal(0),
            rate=Decimal(21),
            base=Decimal("1020.33"),
            gross=Decimal("1234.60"),
        ),
    ),
    shares=(TaxShare(calificacion="S1", rate=Decimal(21), base=Decimal("1020.33"), tax=Decimal("214.27")),),
    tax_total=Decimal("214.27"),
    total=Decimal("1234.60"),
    qr_url="https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR?nif=B12345674",
    environment="production",
)


def sent(**changes: Any) -> EmailMessage:
    """Write the letter, send it through Django, and parse what went out."""
    arguments: dict[str, Any] = {
        "printed": PRINTED,
        "pdf": PDF,
        "to": "lucia@example.com",
        "company_name": "Papelería La Encina SL",
        "from_email": "facturas@laencina.example",
        "message_id": message_id(INVOICE_ID, "facturas@laencina.example"),
    }
    send(letter(**{**arguments, **changes}))
    raw = mail.outbox[-1].message().as_bytes()
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part
    return str(part.get_content())


class TestLetter:
    def test_it_says_what_it_is_to_whom_and_from_whom(self) -> None:
        message = sent()
        assert message["Subject"] == "Factura F2026/000124 de Papelería La Encina SL"
        assert message["To"] == "lucia@example.com"
        (sender,) = message["From"].addresses
        assert (sender.display_name, sender.addr_spec) == ("Papelería La Encina SL", "facturas@laencina.example")
        for kind in ("plain", "html"):
            text = body(message, kind)
            for content in ("Lucía Ferrer", "F2026/000124", "14/10/2026", "#1501", "1.234,60\N{NO-BREAK SPACE}€"):
                assert content in text
            assert "pruebas" not in text.lower()

    def test_the_pdf_is_attached_unchanged(self) -> None:
        (attachment,) = sent().iter_attachments()
        assert attachment.get_content_type() == "application/pdf"
        assert attachment.get_filename() == "factura-F2026-000124.pdf"
        assert attachment.get_content() == PDF

    def test_every_sending_has_the_same_message_id(self) -> None:
        first, second = sent(), sent()
        assert first["Message-ID"] == second["Message-ID"]
        assert first["Message-ID"] == f"<invoice.{INVOICE_ID}@laencina.example>"
        assert first["Auto-Submitted"] == "auto-generated"

    def test_anything_but_production_says_so(self) -> None:
        message = sent(printed=msgspec.structs.replace(PRINTED, environment="simulator"))
        assert message["Subject"].strip().startswith("[Prueba] ")
        assert "no tiene validez fiscal" in body(message, "plain")
        assert "no tiene validez fiscal" in body(message, "html")

    def test_an_invoice_without_recipient_and_order_still_reads_well(self) -> None:
        text = body(sent(printed=msgspec.structs.replace(PRINTED, recipient=None, order_number="")), "plain")
        assert text.startswith("Hola:")
        assert "pedido" not in text

    def test_names_cannot_begin_headers_or_markup(self) -> None:
        evil = "Encina\r\nBcc: mallory@example.com\r\n\r\n<script>alert(1)</script>"
        printed = msgspec.structs.replace(
            PRINTED, number="F1\nBcc: mallory@example.com", recipient=PrintedParty(name=evil), order_number=evil
        )
        message = sent(printed=printed, company_name=evil)
        assert message["Bcc"] is None
        assert mail.outbox[-1].recipients() == ["lucia@example.com"]
        assert "<script>" not in body(message, "html")
        assert "&lt;script&gt;" in body(message, "html")

    @pytest.mark.parametrize(
        "to",
        [
            "",
            "lucia",
            "lucia@example",
            "lucia@example.com, mallory@example.com",
            "lucia@example.com\nBcc: mallory@example.com",
            "Lucía <lucia@example.com>",
            "lucia@example.com\n",
        ],
    )
    def test_anything_but_one_address_is_refused_for_ever(self, to: str) -> None:
        with pytest.raises(BadRecipient):
            sent(to=to)

    def test_the_sender_may_be_configured_with_a_name(self) -> None:
        configured = "Facturas <facturas@laencina.example>"
        (sender,) = sent(from_email=configured)["From"].addresses
        assert (sender.display_name, sender.addr_spec) == ("Papelería La Encina SL", "facturas@laencina.example")
        assert message_id(INVOICE_ID, configured) == f"<invoice.{INVOICE_ID}@laencina.example>"

    def test_a_domain_with_letters_of_its_own_becomes_ascii(self) -> None:
        # RFC 3492: the Punycode of "papelería".
        assert message_id(INVOICE_ID, "f@papelería.es") == f"<invoice.{INVOICE_ID}@xn--papelera-i2a.es>"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("F2026-000124", "factura-F2026-000124.pdf"),
        ("FAC/2026 7", "factura-FAC-2026-7.pdf"),
        ("../../etc/passwd", "factura-etc-passwd.pdf"),
        ('a"; filename="x.exe', "factura-a-filename-x-exe.pdf"),
    ],
)
def test_the_file_name_is_safe_everywhere(number: str, name: str) -> None:
    assert file_name(number) == name


class TestFiles:
    """Without EMAIL_URL."""

    @pytest.fixture(autouse=True)
    def to_files(self, settings: Any, tmp_path: Path) -> Path:
        for name, value in email_settings("", tmp_path).items():
            setattr(settings, name, value)
        return tmp_path / "mail"

    def test_each_letter_is_a_file_that_mail_programs_open(self, to_files: Path) -> None:
        written = letter(
            printed=PRINTED,
            pdf=PDF,
            to="lucia@example.com",
            company_name="La Encina",
            from_email="facturas@laencina.example",
            message_id=message_id(INVOICE_ID, "facturas@laencina.example"),
        )
        send(written)
        send(written)
        files = list(to_files.iterdir())
        assert len(files) == 2
        assert all(file.suffix == ".eml" and str(INVOICE_ID) in file.name for file in files)
        assert to_files.stat().st_mode & 0o077 == 0
        parsed = email.message_from_bytes(files[0].read_bytes(), policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        (attachment,) = parsed.iter_attachments()
        assert attachment.get_content() == PDF


class TestEmailUrl:
    @pytest.mark.parametrize(
        ("url", "host", "port", "user", "password", "starttls", "tls"),
        [
            ("smtp://mail.example.com", "mail.example.com", 25, "", "", False, False),
            ("smtp://127.0.0.1:1025/", "127.0.0.1", 1025, "", "", False, False),
            ("smtp+tls://ana:s3cret@mail.example.com", "mail.example.com", 587, "ana", "s3cret", True, False),
            # percent-encoding: user ana@example.com, password a/b:c%d
            ("smtps://ana%40example.com:a%2Fb%3Ac%25d@m.es", "m.es", 465, "ana@example.com", "a/b:c%d", False, True),
            ("smtps://ana:s@[2001:db8::1]:2465", "2001:db8::1", 2465, "ana", "s", False, True),
        ],
    )
    def test_it_becomes_django_settings(
        self, url: str, host: str, port: int, user: str, password: str, starttls: bool, tls: bool
    ) -> None:
        assert email_settings(url, Path("/data")) == {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": host,
            "EMAIL_PORT": port,
            "EMAIL_HOST_USER": user,
            "EMAIL_HOST_PASSWORD": password,
            "EMAIL_USE_TLS": starttls,
            "EMAIL_USE_SSL": tls,
            "EMAIL_TIMEOUT": 30,
        }

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("mail.example.com:25", "begins with none of"),
            ("http://ana:geheim@mail.example.com", "begins with none of"),
            ("smtp://", "names no host"),
            ("smtps://ana:geheim@", "names no host"),
            ("smtps://ana:geheim@mail.example.com:99999", "host or port"),
            ("smtps://ana:geheim@mail.example.com:port", "host or port"),
            ("smtps://ana:geheim@mail.example.com:0", "port 0"),
            ("smtps://ana:geheim@[::1", "host or port"),
            ("smtps://ana@mail.example.com", "go together"),
            ("smtps://:geheim@mail.example.com", "go together"),
            ("smtps://mail.example.com/inbox", "text after host"),
            ("smtps://mail.example.com?tls=no", "text after host"),
            # A slash in a password that was not percent-encoded ends the host early.
            ("smtps://ana:geh/eim@mail.example.com", "host or port|text after"),
        ],
    )
    def test_nonsense_is_refused_without_telling_the_password(self, url: str, reason: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=reason) as caught:
            email_settings(url, Path("/data"))
        assert "geh" not in "".join(traceback.format_exception(caught.value))
        assert "EMAIL_URL" in str(caught.value)
