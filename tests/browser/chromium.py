"""The browser of the tests: the system's Chromium, driven by Playwright, kept from calling anybody but the house."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections
from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
INSTALL = "no Chromium here: apt-get install --no-install-recommends chromium-headless-shell"
ARGUMENTS = [
    "--no-sandbox",  # a container's root has no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Return the path of an installed Chromium, the smallest first."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def a_page(url: str, pictures: Path) -> Iterator[Page]:
    """Open a Spanish browser window on the house at `url`; fail afterwards on whatever a person would not see.

    A script that broke, an answer 5xx, an address outside the house, what the content policy refused. When the test
    itself fails, `pictures` holds the window as it was last.
    """
    # Playwright's loop lives in this thread, and Django would refuse to be asked anything there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    amiss: list[str] = []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="es-ES", base_url=url)
            context.set_default_timeout(20_000)
            page = context.new_page()
            page.on("console", lambda said: amiss.append(said.text) if "Content Security Policy" in said.text else None)
            page.on("pageerror", lambda error: amiss.append(f"script: {error}"))
            page.on("request", lambda asked: amiss.append(asked.url) if not asked.url.startswith(url) else None)
            page.on("response", lambda got: amiss.append(f"{got.status} {got.url}") if got.status >= 500 else None)
            try:
                yield page
            except BaseException:
                pictures.mkdir(exist_ok=True)
                page.screenshot(path=pictures / "last.png", full_page=True)
                raise
            finally:
                # Beside a running loop Django keeps connections of their own, which nobody else would close.
                connections.close_all()
                context.close()
                browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    assert amiss == []
