"""Write the declaración responsable: `manage.py declaracion_responsable [--output file.pdf|.html|.txt] [--json]`."""

from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from common import commands
from invoicing.pdf import FontMissing, LibraryMissing, Renderer
from verifactu.declaration import TITLE, annex, data, declaration_html, declaration_text, warnings

PDF_TIMEOUT = 60.0


class Command(commands.Command):
    help = "Show the declaración responsable of this version, or write it as PDF, HTML or text."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--output", type=Path, metavar="FILE", help="ends in .pdf, .html or .txt; else stdout")

    def run(self, output: Path | None, **options: Any) -> tuple[Any, int]:
        if output:
            content = self._content(output.suffix.lower())
            try:
                output.write_bytes(content)
            except OSError as error:
                raise CommandError(f"{output}: {error.strerror}: name a file in a folder that you may write") from error
        answer = {
            "title": TITLE,
            "version": settings.SYSTEM_VERSION,
            "data": [asdict(datum) for datum in data()],
            "annex": annex(),
            "warnings": warnings(),
            "output": str(output) if output else None,
        }
        return answer, commands.OK

    def lines(self, answer: Any) -> list[str]:
        return [f"{answer['output']}: {TITLE}"] if answer["output"] else declaration_text().splitlines()

    def _content(self, suffix: str) -> bytes:
        match suffix:
            case ".txt":
                return declaration_text().encode()
            case ".html":
                return declaration_html().encode()
            case ".pdf":
                return self._pdf()
        raise CommandError("--output must end in .pdf, .html or .txt", returncode=commands.USAGE)

    def _pdf(self) -> bytes:
        renderer = Renderer()
        try:
            return renderer.print(declaration_html(), timeout=PDF_TIMEOUT)
        except (LibraryMissing, FontMissing) as error:
            raise CommandError(f"{error}\nOr write --output declaracion.html and print that.") from error
        finally:
            renderer.close()
