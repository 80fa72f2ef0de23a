"""Take the pictures of the documents: `make screenshots`, or `make screenshots ARGS="dashboard requests"` for some.

Starts a server with sample data and traffic of its own, and writes docs/images/screens/NAME-SCHEME[-phone].webp.
"""

from __future__ import annotations

import base64
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import django

from speechsite.settings import BASE_DIR

django.setup()

from speechsite.tests.screens import traffic  # noqa: E402
from speechsite.tests.screens.chromium import SCHEMES, chromium, log_in, new_page  # noqa: E402
from speechsite.tests.screens.pages import SCREENS, Screen  # noqa: E402
from speechsite.tests.support.server import Server  # noqa: E402

IMAGES = BASE_DIR / "docs" / "images" / "screens"
DESKTOP, PHONE = 1440, 390
# Of a picture, in pixels of CSS; a page is cut there.
LOWEST, HIGHEST = 900, {DESKTOP: 1700, PHONE: 1500}
QUALITY = 50
# Charts are drawn anew a moment after the window has changed.
ALL_PAINTED = """() => [...document.querySelectorAll("canvas[data-chart]")].every((canvas) => canvas.width &&
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((part) => part))"""


@contextmanager
def running() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as directory, traffic.Shop(delay=0.4) as shop:
        environment = {
            "REDIS_URL": "",
            "LLM_PROVIDER": "openai",
            "OPENAI_BASE_URL": f"{shop.url}/v1",
            "OPENAI_API_KEY": "sk-loopback",
            "TTS_PROVIDER": "espeak",
            "LOG_LEVEL": "ERROR",
        }
        server = Server(Path(directory), environment, first_user=True)
        try:
            yield server
        finally:
            server.stop()


def take(page: Any, name: str, width: int) -> None:
    """Write a picture of the page from its top to its end, or to HIGHEST."""
    page.wait_for_load_state("networkidle")
    height = min(HIGHEST[width], max(LOWEST, page.evaluate("document.documentElement.scrollHeight")))
    if page.locator("dialog[open]").count():
        height = LOWEST
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(ALL_PAINTED)
    page.wait_for_timeout(300)
    session = page.context.new_cdp_session(page)
    picture = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    file = IMAGES / f"{name}{'-phone' if width == PHONE else ''}.webp"
    file.write_bytes(base64.b64decode(picture["data"]))
    sys.stdout.write(f"  {file.name:36}{file.stat().st_size / 1000:6.0f} kB\n")


def everywhere(
    browser: Any, server: Server, state: Any, name: str, show: Callable[[Any], None], *, phone: bool
) -> None:
    for scheme in SCHEMES:
        for width in (DESKTOP, PHONE) if phone else (DESKTOP,):
            page = new_page(browser, server, state, scheme, width)
            show(page)
            take(page, f"{name}-{scheme}", width)
            page.context.close()


def too_often(page: Any) -> None:
    """Log in with a wrong password until it is refused."""
    page.goto("/admin/login/")
    while not page.get_by_text("Too many attempts").count():
        page.fill("[name=username]", "nobody")
        page.fill("[name=password]", "wrong")
        page.click("[type=submit]")


def expired_form(page: Any) -> None:
    page.goto("/admin/login/")
    page.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').value = ''")
    page.fill("[name=username]", "nobody")
    page.fill("[name=password]", "wrong")
    page.click("[type=submit]")


def failing(server: Server) -> Callable[[Any], None]:
    """A page whose table is gone."""

    def show(page: Any) -> None:
        with closing(sqlite3.connect(server.directory / "db.sqlite3", timeout=30)) as database:
            database.execute("ALTER TABLE caching_cacherule RENAME TO gone")
            page.goto("/admin/caching/cacherule/")
            database.execute("ALTER TABLE gone RENAME TO caching_cacherule")

    return show


def add_a_rule_and_a_review(page: Any) -> None:
    """Leave something on the pages that traffic alone does not fill."""
    page.goto("/admin/caching/cacherule/add/")
    page.fill("[name=name]", "Exchange rates change by the hour")
    page.select_option("[name=text_match]", "contains")
    page.fill("[name=text]", "exchange rate")
    page.fill("[name=ttl]", "3600")
    page.click("[name=_save]")
    page.goto("/admin/requests/")
    page.locator("tr", has=page.locator(".sg-pill-same")).locator("a[data-request]").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Right", exact=True).click()
    page.get_by_text("Marked as right").first.wait_for()


def before_login(server: Server) -> dict[str, Callable[[Any], None]]:
    return {
        "login": lambda page: page.goto("/admin/login/"),
        "error-400": lambda page: page.goto(f"http://gateway.example:{server.port}/"),
        "error-403": expired_form,
        "error-429": too_often,
    }


def main(wanted: list[str]) -> None:
    def is_wanted(name: str) -> bool:
        return not wanted or name in wanted

    IMAGES.mkdir(parents=True, exist_ok=True)
    with running() as server, chromium() as browser:
        state = log_in(new_page(browser, server), server)
        for name, show in before_login(server).items():
            if is_wanted(name):
                everywhere(browser, server, None, name, show, phone=name == "login")
        if is_wanted("dashboard-empty"):
            everywhere(browser, server, state, "dashboard-empty", lambda page: page.goto("/admin/"), phone=True)
        server.manage("demo_traffic")
        for screen in SCREENS:
            if screen.of_samples and is_wanted(screen.name):
                picture(browser, server, state, screen)
        traffic.fill(server, most=len(traffic.ANSWERS))
        traffic.curate(server, server.directory)
        add_a_rule_and_a_review(new_page(browser, server, state))
        for screen in SCREENS:
            if not screen.of_samples and is_wanted(screen.name):
                picture(browser, server, state, screen)
        if is_wanted("error-500"):
            everywhere(browser, server, state, "error-500", failing(server), phone=False)


def picture(browser: Any, server: Server, state: Any, screen: Screen) -> None:
    everywhere(browser, server, state, screen.name, screen.open, phone=screen.is_main)


if __name__ == "__main__":
    main(sys.argv[1:])
