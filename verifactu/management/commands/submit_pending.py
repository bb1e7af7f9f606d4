"""Have the workers send what waits: `manage.py submit_pending [--company NIF] [--dry-run] [--json]`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Count, Min, Q

from common import clock, commands
from verifactu.models import Installation, Submission, Taxpayer
from verifactu.submission import wake


class Command(commands.Command):
    help = "Wake the sender of every chain with records that wait; pace, back-off and stops hold as ever."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--company", metavar="NIF", help="only this taxpayer's chains")
        parser.add_argument("--dry-run", action="store_true", help="say what waits and wake nobody")

    def run(self, company: str | None, dry_run: bool, **options: Any) -> tuple[Any, int]:
        if company and not Taxpayer.objects.filter(nif=company).exists():
            raise CommandError(f"no company with NIF {company}", returncode=commands.USAGE)
        pending = Q(records__state="pending")
        chains = Installation.objects.filter(pending, **({"taxpayer__nif": company} if company else {}))
        now, answer = clock.now(), []
        for chain in (
            chains.select_related("taxpayer")
            .annotate(waiting=Count("records", filter=pending), oldest=Min("records__generated_at", filter=pending))
            .order_by("taxpayer__nif", "created_at")
        ):
            last = Submission.objects.filter(installation=chain).first()
            if not (dry_run or chain.stopped_at):
                wake(chain.pk, now=now)
            answer.append(
                {
                    "company": chain.taxpayer.nif,
                    "installation": chain.numero,
                    "waiting": chain.waiting,
                    "oldest": chain.oldest,
                    "not_before": last.next_at if last and last.next_at and last.next_at > now else None,
                    "stopped": chain.stopped_reason,
                    "woken": not (dry_run or chain.stopped_at),
                }
            )
        stopped = any(row["stopped"] for row in answer)
        return answer, commands.PARTIAL if stopped and not dry_run else commands.OK

    def lines(self, answer: Any) -> list[str]:
        if not answer:
            return ["Nothing waits."]
        return [
            f"{row['company']} {row['installation']}: {row['waiting']} wait since {row['oldest']:%Y-%m-%d %H:%M}"
            + (f"; STOPPED: {row['stopped']}" if row["stopped"] else "")
            + (f"; not before {row['not_before']:%H:%M:%S}" if row["not_before"] else "")
            for row in answer
        ]
