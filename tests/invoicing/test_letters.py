"""The letter in its language or in the company's words; what came back; how the company's paper is set."""

# ruff: noqa: E501 (rows of cases)

import email
import email.policy
import hashlib
import mailbox
import subprocess
import sys
from datetime import timedelta
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from common import clock
from invoicing.bounces import NoReport, keep
from invoicing.capture import capture_delivery
from invoicing.deciding import decide_order
from invoicing.issuing import issue_document
from invoicing.letters import HOUSE, BadText, Words, check, filled, kind_of
from invoicing.mail import letter
from invoicing.models import Bounce, Company, Delivery, Document, Invoice, Letterhead, MailTemplate, Membership
from invoicing.values import PrintedParty
from tests.databases import Database
from tests.invoicing import gallery
from tests.invoicing.gallery import LANGUAGES, changed
from tests.workflows import bench
from tests.world import SOLER, arrive, la_encina, sale, shop
from workflows.models import Process

KINDS = {"invoice": gallery.COMPLETE, "corrective": gallery.BY_SUBSTITUTION, "exchange": gallery.EXCHANGED}


def parsed(printed: Any, words: Words | None = None) -> EmailMessage:
    written = letter(
        printed=printed, pdf=b"%PDF", to="lucia@example.com", company_name="La Encina", from_email="f@encina.example",
        message_id="<x@encina.example>", words=words,
    )  # fmt: skip
    message = email.message_from_bytes(written.message().as_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def bodies(message: EmailMessage) -> list[str]:
    found = [message.get_body((kind,)) for kind in ("plain", "html")]
    return [str(part.get_content()) for part in found if part]


class TestWords:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_document_has_its_letter_in_each_language(self, kind: str, language: str) -> None:
        printed = changed(KINDS[kind], language=language)
        assert kind_of(printed) == kind
        message = parsed(printed)
        title = {
            "es": ("Factura", "Factura rectificativa"), "en": ("Invoice", "Corrective invoice"),
            "ca": ("Factura", "Factura rectificativa"), "fr": ("Facture", "Facture rectificative"),
            "de": ("Rechnung", "Rechnungskorrektur"),
        }[language][kind == "corrective"]  # fmt: skip
        # A long one is folded before its first word.
        assert str(message["Subject"]).strip().startswith(title)
        assert printed.number in str(message["Subject"])
        total = {"invoice": ("87,24", "87.24"), "exchange": ("87,24", "87.24"), "corrective": ("108,90", "108.90")}
        for body in bodies(message):
            for content in (printed.number, "#1501", total[kind][language == "en"], "La Encina", "AEAT"):
                if content != "AEAT" or language not in ("es", "ca"):
                    assert content in body
            assert all(other.number in body for other in printed.references)

    def test_a_line_with_nothing_to_say_is_left_out(self) -> None:
        message = parsed(changed(gallery.SIMPLIFIED, order_number=""))
        for body in bodies(message):
            assert "Pedido" not in body
            assert "Hola:" in body

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_trial_says_so_in_its_language(self, language: str) -> None:
        message = parsed(changed(environment="test", language=language))
        assert str(message["Subject"]).startswith("[")
        mark = {"es": "no tiene validez fiscal", "en": "no fiscal validity", "ca": "no té validesa fiscal",
                "fr": "aucune valeur fiscale", "de": "keine steuerliche Gültigkeit"}[language]  # fmt: skip
        assert all(mark in body for body in bodies(message))

    def test_the_companys_own_words_are_text_and_never_markup(self) -> None:
        words = Words(
            "Tu {document}\n {number}", "Buenas, {customer}.\r\n\r\n<b>{total}</b> & {company}\nPedido {order}"
        )
        plain, html = bodies(parsed(gallery.COMPLETE, words))
        assert "Buenas, Ferretería Soler SL.\n\n<b>87,24\N{NO-BREAK SPACE}€</b> & La Encina\nPedido #1501" in plain
        assert "&lt;b&gt;87,24" in html
        assert "&amp; La Encina<br>" in html
        assert parsed(gallery.COMPLETE, words)["Subject"] == "Tu Factura F2026-000124"

    def test_a_shops_text_cannot_name_places_of_its_own(self) -> None:
        party = PrintedParty(name="{total} {company.taxpayer}", tax_id="X")
        said = filled(Words("{customer}", "{customer}"), changed(recipient=party), "La Encina")
        assert said.subject == "{total} {company.taxpayer}"

    @pytest.mark.parametrize("text", ["{nombre}", "{number!r}", "{company.taxpayer}", "{", "a } b", "{}", "{total:>9}"])
    def test_what_is_no_place_is_refused(self, text: str) -> None:
        with pytest.raises(BadText):
            check(text)

    def test_the_houses_own_words_are_right(self) -> None:
        assert len(HOUSE) == 15
        for words in HOUSE.values():
            check(words.subject + words.body)


def report(invoice: Invoice, *, action: str = "failed", status: str = "5.1.1", part: str = "message/rfc822") -> bytes:
    """Return a report as RFC 3464, appendix E.1, shows it, about this invoice's letter."""
    inner = f"Message-ID: <invoice.{invoice.pk}@encina.example>\r\nSubject: Factura\r\nTo: lucia@example.com\r\n"
    rest = "\r\nCuerpo\r\n" if part == "message/rfc822" else "\r\n"
    return (
        "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\r\nTo: f@encina.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\n\r\nThe original message was not delivered.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        f"Original-Recipient: rfc822;lucia@example.com\r\nFinal-Recipient: RFC822; lferrer@mail.example\r\n"
        f"Action: {action}\r\nStatus: {status}\r\nDiagnostic-Code: SMTP; 550 5.1.1\r\n  User unknown\r\n\r\n"
        f"--B\r\nContent-Type: {part}\r\n\r\n{inner}{rest}--B--\r\n"
    ).encode()


@pytest.fixture
def company(fresh_database: Database, tmp_path: Path, settings: Settings) -> Company:
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    return la_encina()


@pytest.fixture
def invoice(company: Company) -> Invoice:
    """One that was issued as every other, by the order of Soler."""
    arrive(shop(company), sale(SOLER))
    captured = capture_delivery(Delivery.objects.get(), now=clock.now())
    assert captured
    assert captured.order
    with transaction.atomic():
        decided = decide_order(captured.order.pk, (), now=clock.now())
    return issue_document(captured.order.pk, decided, now=clock.now)


def staff(company: Company, *permissions: str) -> Client:
    user = User.objects.create_user("ana", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    Membership.objects.create(user=user, company=company)
    client = Client(headers={"Accept-Language": "es"})
    client.force_login(user)
    return client


class TestBounces:
    @pytest.mark.parametrize("part", ["message/rfc822", "text/rfc822-headers"])
    def test_a_report_stands_beside_its_invoice_once(self, invoice: Invoice, part: str) -> None:
        raw = report(invoice, part=part)
        (bounce,) = keep(raw, now=clock.now())
        assert keep(raw, now=clock.now() + timedelta(days=1)) == []
        stored = Bounce.objects.get()
        assert stored == bounce
        assert (stored.invoice, stored.recipient, stored.action) == (invoice, "lucia@example.com", "failed")
        assert (stored.status, stored.diagnostic) == ("5.1.1", "550 5.1.1 User unknown")
        assert stored.report_sha256 == hashlib.sha256(raw).hexdigest()

    def test_what_is_no_trouble_of_ours_is_left_alone(self, invoice: Invoice) -> None:
        unknown = Invoice(pk="0190a1b2-c3d4-7e5f-8a6b-123456789abc")
        for raw in (
            b"Subject: Hola\r\n\r\n<invoice.x@y>",
            report(invoice, action="delivered"),
            report(unknown),
            report(invoice).replace(b"multipart/report; report-type=delivery-status;", b"multipart/mixed;"),
            report(invoice).replace(b"<invoice.", b"<export."),
            b"\xff\xfe not mail at all",
        ):
            with pytest.raises(NoReport):
                keep(raw, now=clock.now())
        assert not Bounce.objects.exists()

    def test_a_maildir_is_read_once_and_its_other_mail_is_untouched(
        self, invoice: Invoice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        box = mailbox.Maildir(tmp_path / "box")
        for raw in (report(invoice), report(invoice, action="delayed", status="4.4.1"), b"Subject: Hola\n\nHola"):
            box.add(raw)
        call_command("read_bounces", maildir=tmp_path / "box")
        assert (
            "3 messages: 1 failed and 1 late letters noted; 0 reports known already, 1 other" in capsys.readouterr().out
        )
        assert len(mailbox.Maildir(tmp_path / "box")) == 3
        call_command("read_bounces", maildir=tmp_path / "box")
        assert capsys.readouterr().out.startswith("0 messages")
        assert Bounce.objects.count() == 2

    def test_an_mbox_may_be_read_again(
        self, invoice: Invoice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        box = mailbox.mbox(tmp_path / "mbox")
        box.add(report(invoice))
        box.close()
        for _ in range(2):
            call_command("read_bounces", mbox=tmp_path / "mbox", as_json=True)
        assert '"known": 1' in capsys.readouterr().out
        assert Bounce.objects.count() == 1

    def test_one_message_may_come_on_standard_input(self, invoice: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", type("In", (), {"buffer": BytesIO(report(invoice))}))
        call_command("read_bounces", file="-")
        assert Bounce.objects.get().invoice == invoice

    def test_a_place_that_is_not_there_is_a_mistake(self) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", "read_bounces", "--mbox", "/nowhere"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "there is no file /nowhere" in done.stderr

    def test_the_invoices_page_says_what_to_do(self, company: Company, invoice: Invoice) -> None:
        client = staff(company, "view_invoice")
        address = reverse("admin:invoicing_invoice_change", args=[invoice.pk])
        assert "Correo devuelto" not in client.get(address).content.decode()
        keep(report(invoice).replace(b"User unknown", b"<script>x</script>"), now=clock.now())
        page = client.get(address).content.decode()
        assert "Correo devuelto" in page
        assert "La dirección no existe: pida otra al cliente" in page
        assert "&lt;script&gt;x" in page
        listed = client.get(reverse("admin:invoicing_invoice_changelist") + "?correo=failed").content.decode()
        assert invoice.num_serie in listed


class TestPaper:
    """The company's page, and what comes of it."""

    def rendered(self, invoice: Invoice) -> Document:
        from django.conf import settings

        from invoicing.documents import Documents
        from invoicing.pdf import shared
        from invoicing.printing import printed

        stored = Documents(settings.DOCUMENTS_DIR).store(shared().render(printed(invoice), timeout=60))
        document = Document(invoice=invoice, sha256=stored.sha256, size=stored.size, rendered_at=clock.now())
        document.save()
        return document

    def form(self, company: Company, **changes: Any) -> dict[str, Any]:
        return {
            "address": company.address, "postal_code": company.postal_code, "city": company.city, "province": "",
            "email": "", "language": "ca", "report_recipients": "", "territory": "common", "simplified_activity": "",
            "regime": "general",
            "letterhead-TOTAL_FORMS": "1", "letterhead-INITIAL_FORMS": str(Letterhead.objects.count()),
            "letterhead-MIN_NUM_FORMS": "0", "letterhead-MAX_NUM_FORMS": "1",
            "letterhead-0-company": str(company.pk), "letterhead-0-accent": "#7A3B10", "letterhead-0-footer": "Tomo 1234",
            "letterhead-0-iban": "ES91 2100 0418 4502 0005 1332", "letterhead-0-bank": "CaixaBank",
            "letterhead-0-logo_file": SimpleUploadedFile("logo.png", gallery.SVG_LOGO), **changes,
        }  # fmt: skip

    def test_logo_colour_footer_and_bank_are_set_on_the_companys_page_and_printed(self, company: Company) -> None:
        client = staff(company, "view_company", "change_company")
        address = reverse("admin:invoicing_company_change", args=[company.pk])
        answer = client.post(address, self.form(company))
        assert answer.status_code == 302, answer.context["errors"]
        row = Letterhead.objects.get()
        assert (row.accent, row.iban) == ("#7a3b10", "ES9121000418450200051332")
        assert bytes(row.logo).startswith(b"<svg")
        assert "data:image/svg+xml;base64," in client.get(address).content.decode()
        example = client.get(reverse("admin:invoicing_company_see_example", args=[company.pk]) + "?language=ca")
        assert example["Content-Type"] == "application/pdf"
        with pypdfium2.PdfDocument(example.content) as document:
            text = " ".join(document[0].get_textpage().get_text_range().split())
        for content in (
            "EJEMPLO-1",
            "Tomo 1234",
            "IBAN ES91 2100 0418 4502 0005 1332 · CaixaBank",
            "SENSE VALIDESA FISCAL",
        ):
            assert content in text
        assert not Document.objects.exists()

    @pytest.mark.parametrize(
        ("field", "value", "why"),
        [
            ("accent", "#ffffe0", "demasiado claro"),
            ("accent", "red;}", "Un color como"),
            ("iban", "ES91 2100 0418 4502 0005 1333", "No es un IBAN válido"),
            ("footer", "1\n2\n3\n4\n5", "Caben cuatro líneas"),
            (
                "logo_file",
                SimpleUploadedFile("logo.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
                "SVG",
            ),
        ],
    )
    def test_what_would_not_print_is_refused(self, company: Company, field: str, value: Any, why: str) -> None:
        client = staff(company, "view_company", "change_company")
        address = reverse("admin:invoicing_company_change", args=[company.pk])
        answer = client.post(address, self.form(company, **{f"letterhead-0-{field}": value}))
        assert answer.status_code == 200
        assert why in answer.content.decode()
        assert not Letterhead.objects.exists()

    def test_a_duplicate_is_marked_and_stored_nowhere(self, company: Company, invoice: Invoice) -> None:
        document = self.rendered(invoice)
        client = staff(company, "view_invoice")
        page = client.get(reverse("admin:invoicing_invoice_change", args=[invoice.pk])).content.decode()
        address = reverse("admin:invoicing_invoice_duplicate", args=[invoice.pk])
        assert address in page
        with pypdfium2.PdfDocument(client.get(address).content) as copy:
            text = " ".join(copy[0].get_textpage().get_text_range().split())
        assert "DUPLICADO" in text
        assert invoice.num_serie in text
        assert Document.objects.get().sha256 == document.sha256

    def test_the_record_in_the_pdf_is_the_stored_one(self, invoice: Invoice, settings: Settings) -> None:
        from invoicing.documents import Documents

        pdf = Documents(settings.DOCUMENTS_DIR).read(self.rendered(invoice).sha256)
        with pypdfium2.PdfDocument(pdf) as document:
            assert bytes(document.get_attachment(0).get_data()) == invoice.record.xml.encode()

    def test_a_letter_goes_to_another_address_in_the_companys_words(self, company: Company, invoice: Invoice) -> None:
        self.rendered(invoice)
        client = staff(company, "view_invoice", "mail_invoice", "view_mailtemplate", "add_mailtemplate")
        texts = {"company": str(company.pk), "kind": "invoice", "language": "es", "subject": "Tu {number}"}
        add = reverse("admin:invoicing_mailtemplate_add")
        assert "{nombre}" in client.post(add, {**texts, "body": "Hola, {nombre}"}).content.decode()
        assert client.post(add, {**texts, "body": "{greeting}\nAquí va."}).status_code == 302
        assert MailTemplate.objects.get().subject == "Tu {number}"

        address = reverse("admin:invoicing_invoice_mail", args=[invoice.pk])
        token = str(client.get(address).context["token"])
        for _ in range(2):
            assert client.post(address, {"to": "otra@example.com", "token": token}).status_code == 302
        bench.drain()
        (sent,) = mail.outbox
        assert sent.to == ["otra@example.com"]
        assert sent.subject.endswith(f"Tu {invoice.num_serie}")
        assert "Aquí va." in sent.body
        assert Process.objects.get(workflow="mail-invoice").actor == "ana"

    def test_who_may_not_send_gets_no_button_and_no_page(self, company: Company, invoice: Invoice) -> None:
        self.rendered(invoice)
        client = staff(company, "view_invoice")
        address = reverse("admin:invoicing_invoice_mail", args=[invoice.pk])
        assert address not in client.get(reverse("admin:invoicing_invoice_change", args=[invoice.pk])).content.decode()
        assert client.post(address, {"to": "x@example.com"}).status_code == 403
