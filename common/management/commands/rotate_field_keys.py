"""Write every secret under the newest of FIELD_KEYS: `manage.py rotate_field_keys [--dry-run] [--json]`."""

from argparse import ArgumentParser
from typing import Any

from common import commands
from common.progress import progress
from common.rotation import columns, discard, pages, renew
from common.secrets import Under


class Command(commands.Command):
    help = (
        "Write certificates, passwords and the shops' secrets anew under the first of FIELD_KEYS; afterwards the older "
        "keys may be taken away. It runs beside everything else, and as often as you like."
    )
    # That some secret cannot be read is what they would refuse, and what this tells row by row.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="only say under which keys they are")
        parser.add_argument(
            "--discard-unreadable", action="store_true",
            help="empty what no key reads, where that key is lost for good; it is entered again afterwards",
        )  # fmt: skip

    def run(self, dry_run: bool, discard_unreadable: bool, **options: Any) -> tuple[Any, int]:
        answer: dict[str, Any] = {"newest": 0, "renewed": 0, "discarded": 0, "unreadable": [], "dry_run": dry_run}
        with progress(self.say, as_json=self.as_json) as teller:
            for column in columns():
                told, seen = teller.part(f"{column.model._meta.db_table}.{column.column}"), 0
                for page in pages(column):
                    older = [secret for secret in page if secret.under is Under.OLDER]
                    lost = [secret for secret in page if secret.under is Under.NONE]
                    answer["newest"] += len(page) - len(older) - len(lost)
                    answer["renewed"] += len(older) if dry_run else renew(older)
                    if discard_unreadable:
                        answer["discarded"] += len(lost) if dry_run else discard(lost)
                    else:
                        answer["unreadable"] += [secret.name for secret in lost]
                    told.at(seen := seen + len(page))
                told.end(seen)
        return answer, commands.ERROR if answer["unreadable"] else commands.OK

    def lines(self, answer: Any) -> list[str]:
        would = "would be " if answer["dry_run"] else ""
        lines = [
            f"{answer['newest']} secrets were under the newest key, {answer['renewed']} {would}written anew under it"
        ]
        if answer["discarded"]:
            lines.append(f"{answer['discarded']} that no key reads {would or 'were '}emptied: enter them again")
        if answer["unreadable"]:
            lines += [f"cannot be read: {name}" for name in answer["unreadable"]]
            lines.append(
                "Put the key that wrote them back into FIELD_KEYS, after the newest, and run this again. If it is lost "
                "for good: --discard-unreadable, then enter those certificates and secrets again."
            )
        elif not answer["dry_run"]:
            lines.append("Every key of FIELD_KEYS but the first may be taken away.")
        return lines
