"""Chromium, and staff who are logged in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from speechsite.tests.support.server import Server

PROGRAM = shutil.which("chromium") or ""
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    # A microphone that beeps, and may be used.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # A name that ALLOWED_HOSTS does not have.
    "--host-resolver-rules=MAP gateway.example 127.0.0.1",
]
SCHEMES = ("light", "dark")
WIDTHS = (1440, 1024, 390)
SLOW_MS = 30_000


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield running
        running.close()


def new_page(browser: Any, server: Server, state: Any = None, scheme: str = "light", width: int = 1440) -> Any:
    context = browser.new_context(
        base_url=server.url,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        storage_state=state,
        timezone_id="Europe/Berlin",
    )
    context.set_default_timeout(SLOW_MS)
    return context.new_page()


def log_in(page: Any, server: Server) -> Any:
    """Log in as the `first_user` that the server made. Return the cookies: the login is limited."""
    password = re.search(r"Password +(\S+)", server.log)
    assert password
    page.goto("/admin/login/?next=/admin/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", password[1])
    page.click("[type=submit]")
    page.wait_for_url("**/admin/")
    return page.context.storage_state()
