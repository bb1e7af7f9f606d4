"""Check that what must be true is true: `manage.py verify_ledger [--company NIF] [--pdf] [--json]`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from common import clock, commands
from common.findings import Finding
from common.progress import progress
from common.verification import broken_seals, ledger_models
from invoicing import verification
from invoicing.documents import Documents
from invoicing.models import Company
from verifactu.chain_ends import remember
from verifactu.models import Installation
from verifactu.verification import broken_links
from workflows.history import illegal_histories
from workflows.verification import stuck_processes

SHOWN = 200


class Command(commands.Command):
    help = (
        "Verify the ledger: I1 deliveries, I2 one invoice per order, I3 numbers, I4 records and chains, "
        "I7 PDFs and exports, I8 seals, I9 processes. Exit code 3 when anything is wrong."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--company", metavar="NIF", help="only this company (seals and processes: all)")
        parser.add_argument("--pdf", action="store_true", help="also decode the QR of every PDF (slow)")

    def run(self, company: str | None, pdf: bool, **options: Any) -> tuple[Any, int]:
        companies = Company.objects.select_related("taxpayer")
        if company:
            companies = companies.filter(taxpayer__nif=company)
            if not companies:
                raise CommandError(f"no company with NIF {company}", returncode=commands.USAGE)
        documents = Documents(settings.DOCUMENTS_DIR)
        decode_qr = _qr_decoder() if pdf else None
        findings: list[Finding] = []
        invoices = 0
        with progress(self.say, as_json=self.as_json) as teller:
            for one in companies:
                part = teller.part(f"{one}: orders, numbers, invoices")
                invoices += verification.invoices_of(one)
                for check in verification.company_checks(one):
                    findings += check()
                part.end(1)
                for installation in Installation.objects.filter(taxpayer=one.taxpayer).select_related("taxpayer"):
                    part = teller.part(f"chain {installation}", installation.head_seq)
                    links = list(broken_links(installation, tell=part.at))
                    remember(installation.pk, links, now=clock.now(), whole=True)
                    findings += links
                    part.end(installation.head_seq)
                part = teller.part(f"{one}: documents")
                findings += verification.damaged_documents(one, documents, decode_qr)
                findings += verification.damaged_exports(one, settings.DOCUMENTS_DIR)
                part.end(1)
            for model in ledger_models():
                count = model.objects.count()
                part = teller.part(f"seals of {model._meta.label}", count)
                findings += broken_seals(model.to_be_verified(), tell=part.at)
                part.end(count)
        findings += stuck_processes()
        findings += illegal_histories()
        answer = {
            "companies": len(companies),
            "invoices": invoices,
            "findings": [{"invariant": f.invariant, "subject": f.subject, "text": f.text} for f in findings],
        }
        return answer, commands.DIFFERENCES if findings else commands.OK

    def lines(self, answer: Any) -> list[str]:
        found = [f"{f['invariant']}  {f['subject']}: {f['text']}" for f in answer["findings"]]
        verdict = f"{len(found)} findings" if found else "everything holds"
        return [*found[:SHOWN], f"{answer['companies']} companies, {answer['invoices']} invoices: {verdict}"]


def _qr_decoder() -> Callable[[bytes], list[str]]:
    try:
        import pypdfium2  # noqa: PLC0415 (needed by --pdf alone, and not a dependency)
        import zxingcpp  # noqa: PLC0415
    except ImportError as error:
        raise CommandError(
            "--pdf needs a QR reader: pip install pypdfium2 zxing-cpp", returncode=commands.ERROR
        ) from error

    def decode(pdf: bytes) -> list[str]:
        page = pypdfium2.PdfDocument(pdf)[0]
        image = page.render(scale=3).to_pil()
        return [code.text for code in zxingcpp.read_barcodes(image)]

    return decode
