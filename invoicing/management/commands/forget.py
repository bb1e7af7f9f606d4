"""Redact what led to no invoice: `manage.py forget [--company NIF] [--dry-run]`, or one customer or order by hand."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from common import clock, commands
from invoicing.models import Company, PrivacyRequest
from invoicing.privacy import ageing
from invoicing.privacy.ageing import Forgotten
from invoicing.privacy.asking import ask_by_hand, preview
from invoicing.privacy.finding import FIRST
from invoicing.privacy.redacting import Why


class Command(commands.Command):
    help = (
        "Redact the personal data of orders and deliveries that led to no invoice and are older than their company "
        "says; every night this happens by itself. With --order or --email: forget these, or with --hand-over prepare "
        "what is held on them; a request is opened, which workers do and the admin shows."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--company", metavar="NIF", help="only this company; needed with --order and --email")
        parser.add_argument("--order", metavar="NUMBER", nargs="+", default=[], help="these orders, by number or id")
        parser.add_argument("--email", default="", help="every order that bears this address")
        parser.add_argument("--reason", default="", help="why; kept for ever, so without personal data")
        parser.add_argument("--hand-over", action="store_true", help="do not forget: prepare what is held")
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def run(
        self, company: str | None, order: list[str], email: str, reason: str, hand_over: bool, dry_run: bool,
        **options: Any,
    ) -> tuple[Any, int]:  # fmt: skip
        whose = self._company(company) if company else None
        if order or email:
            return self._ask(whose, order, email, reason, hand_over, dry_run), commands.OK
        if reason or hand_over:
            raise CommandError("--reason and --hand-over go with --order or --email", returncode=commands.USAGE)
        now = clock.now()
        pk = whose.pk if whose else None
        done = ageing.due(now, company=pk) if dry_run else self._forget(pk)
        return {"orders": done.orders, "deliveries": done.deliveries, "dry_run": dry_run}, commands.OK

    def lines(self, answer: Any) -> list[str]:
        if "request" in answer:
            return [f"request {answer['request']} is opened: workers see to it, the admin shows what came of it"]
        if "waits" in answer:
            waits = f"{answer['waits']} would wait for their invoice to be decided"
            return [f"{answer['redacted']} would be redacted, {answer['kept']} kept because of an invoice, {waits}"]
        verb = "would be redacted" if answer["dry_run"] else "redacted"
        return [f"{answer['orders']} orders and {answer['deliveries']} deliveries without an order {verb}"]

    def _company(self, nif: str) -> Company:
        found = Company.objects.filter(taxpayer__nif=nif).first()
        if found is None:
            raise CommandError(f"no company with NIF {nif}", returncode=commands.USAGE)
        return found

    def _ask(
        self, company: Company | None, order: list[str], email: str, reason: str, hand_over: bool, dry_run: bool
    ) -> dict[str, Any]:
        if company is None or not reason or (hand_over and dry_run):
            raise CommandError(
                "--order and --email need --company and --reason; --hand-over knows no --dry-run",
                returncode=commands.USAGE,
            )
        kind = PrivacyRequest.Kind.EXPORT if hand_over else PrivacyRequest.Kind.REDACT
        asked_by = f"cli:{commands.user()}"
        if dry_run:
            would = preview(company, orders=order, email=email, why=Why(asked_by, reason), now=clock.now())
            return {"redacted": would.redacted, "kept": would.kept, "waits": would.waits, "dry_run": True}
        request = ask_by_hand(
            company, kind=kind, orders=order, email=email, asked_by=asked_by, reason=reason, now=clock.now()
        )
        return {"request": str(request.pk)}

    def _forget(self, company: Any) -> Forgotten:
        orders = deliveries = 0
        for go in (ageing.forget_orders, ageing.forget_deliveries):
            after: Any = FIRST
            while after:
                done = go(clock.now(), after=after, company=company)
                orders, deliveries, after = orders + done.orders, deliveries + done.deliveries, done.after
                self.say(f"{orders} orders, {deliveries} deliveries…")
        return Forgotten(orders, deliveries)
