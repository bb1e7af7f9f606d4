"""Confirm that a taxpayer's installation may issue in production: `confirm_production --company NIF [--text TEXT]`."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from common import clock, commands
from verifactu import going_live
from verifactu.models import Installation, Taxpayer


class Command(commands.Command):
    help = "Show what production binds a taxpayer to, and confirm it with the sentence typed (docs/how-to/deploy.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--company", metavar="NIF", required=True, help="the taxpayer")
        parser.add_argument("--text", help="the sentence; without it, it is asked for at a terminal, else only shown")
        parser.add_argument("--by", metavar="NAME", default="", help="who confirms (default: this system's user)")

    def run(self, company: str, text: str | None, by: str, **options: Any) -> tuple[Any, int]:
        taxpayer = Taxpayer.objects.filter(nif=company.upper()).first()
        if taxpayer is None:
            raise CommandError(f"no company with NIF {company}", returncode=commands.USAGE)
        chain = Installation.objects.filter(taxpayer=taxpayer, environment="production", active=True).first()
        if chain is None:
            raise CommandError(f"{company} has no active installation in production")
        now = clock.now()
        answer: dict[str, Any] = {
            "company": taxpayer.nif, "installation": chain.numero, "confirmed": not going_live.awaits(chain),
            "says": going_live.says(chain, now=now), "sentence": going_live.sentence(chain, now=now),
        }  # fmt: skip
        if answer["confirmed"]:
            return answer, commands.OK
        if text is None and sys.stdin.isatty() and not self.as_json:
            self.say(f"{answer['says']}\n\n{answer['sentence']}")
            text = input("> ")
        if text is None:
            return answer, commands.DIFFERENCES
        try:
            going_live.confirm(chain.pk, typed=text, actor=f"cli:{by or getpass.getuser()}", now=now)
        except going_live.WrongText as error:
            raise CommandError(str(error)) from error
        except going_live.NothingToConfirm:  # somebody was first
            return answer | {"confirmed": True}, commands.OK
        return answer | {"confirmed": True}, commands.OK

    def lines(self, answer: Any) -> list[str]:
        if answer["confirmed"]:
            return [f"{answer['company']} {answer['installation']}: confirmed; what waited goes on by itself."]
        return [answer["says"], "", f"Not confirmed. Type it with --text: {answer['sentence']}"]
