"""The pages of the staff in a real browser, on a real server with two workers."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings

from speechsite.tests.plugin import PASSWORD
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or ""
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
]
VIEWS = [(scheme, width) for scheme in ("light", "dark") for width in (1440, 390)]
SLOW_MS = 30_000
QUESTION, PARAPHRASE = "What are your opening hours?", "what are your opening hours please"

# Installed by `make axe`.
AXE = settings.BASE_DIR / ".ci" / "axe" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, server_redis: RedisServer) -> Iterator[Server]:
    """A server of its own, because it finds answers by meaning."""
    url = f"redis://:{PASSWORD}@127.0.0.1:{server_redis.port}/1"
    running = Server(tmp_path_factory.mktemp("browser"), {"REDIS_URL": url})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def password(server: Server) -> str:
    """Of the staff user that the server made when it first started."""
    found = re.search(r"Password +(\S+)", server.log)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def logged_in(server: Server, browser: Any, password: str) -> Any:
    """The cookies of staff who logged in, once: the login is limited."""
    context = browser.new_context(base_url=server.url)
    context.set_default_timeout(SLOW_MS)
    page = context.new_page()
    page.goto("/admin/login/?next=/admin/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", password)
    page.click("[type=submit]")
    page.wait_for_url("**/admin/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_page(server: Server, browser: Any, logged_in: Any) -> Iterator[Callable[[str, int], Any]]:
    """A page on which staff are logged in; every message of its console is an error of the test."""
    complaints: list[str] = []
    contexts = []

    def opened(scheme: str, width: int) -> Any:
        context = browser.new_context(
            base_url=server.url,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            storage_state=logged_in,
        )
        context.set_default_timeout(SLOW_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/admin/")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def figure(page: Any, title: str) -> str:
    """What stands on the card of this title."""
    # A badge may stand behind the title.
    heading = page.locator("h3", has_text=re.compile(rf"^\s*{title}\b"))
    return str(page.locator(".sg-card", has=heading).locator(".sg-value").first.inner_text())


def requests_on(page: Any) -> int:
    return int(figure(page, "Requests").split()[0].replace(",", ""))


def shown_requests(page: Any) -> int:
    page.goto("/admin/")
    # Before the first request there are first steps in place of figures.
    return requests_on(page) if page.locator(".sg-value").count() else 0


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_staff_see_what_was_sent(server: Server, open_page: Any, scheme: str, width: int) -> None:
    page = open_page(scheme, width)
    time.sleep(1.5)  # what other tests sent is written by now
    before = shown_requests(page)
    question = f"Seen in {scheme} on {width} pixels?"
    for _ in range(3):
        assert server.chat(question).status == 200
    wait_until(lambda: shown_requests(page) >= before + 3, pause=0.3)
    assert page.evaluate("document.documentElement.classList.contains('dark')") == (scheme == "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    painted = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(n => n)"
    assert page.locator("[data-chart]").first.evaluate(painted)
    page.get_by_role("link", name="7 d").click()
    page.wait_for_url("**period=7d")
    assert requests_on(page) >= before + 3
    page.locator("#chart-hits summary").click()
    assert page.locator("#chart-hits td.count").first.is_visible()


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_staff_open_a_key_play_it_and_remove_it(server: Server, open_page: Any, scheme: str, width: int) -> None:
    text = f"Spoken for {scheme}, {width}."
    assert server.speak(text).status == 200
    page = open_page(scheme, width)
    page.goto("/admin/keys/?kind=tts&q=" + text.replace(" ", "+"))
    page.locator(".sg-key a").first.click()
    page.wait_for_selector("canvas[data-drawn]")
    length = page.evaluate(
        "async () => { const a = document.querySelector('audio'); await a.play(); return a.duration }"
    )
    assert length > 0.5
    page.wait_for_function("document.querySelector('audio').currentTime > 0.1")
    address = page.url
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("Deleted 1 entry.").wait_for()
    assert server.request("GET", address.removeprefix(server.url)).status in (302, 404)
    assert server.speak(text).headers["X-Cache"] == "MISS"


def test_staff_mark_a_semantic_hit_as_wrong(server: Server, open_page: Any) -> None:
    assert server.chat(QUESTION).status == 200
    wait_until(lambda: server.chat(PARAPHRASE).headers.get("X-Cache-Match") == "semantic", pause=0.3)
    page = open_page("light", 1440)
    row = page.locator("tr", has_text=PARAPHRASE).first
    wait_until(lambda: page.goto("/admin/?tab=health") and row.count(), pause=0.3)
    assert QUESTION in row.inner_text()
    row.get_by_role("button", name="Wrong").click()
    page.get_by_text("Marked as wrong. Deleted 1 entry").wait_for()
    assert server.chat(QUESTION).headers["X-Cache"] == "MISS"


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_staff_ask_on_the_playground(open_page: Any, scheme: str, width: int) -> None:
    page = open_page(scheme, width)
    page.goto("/admin/playground/")
    # Other numbers make other questions, also by meaning.
    question = f"What is {width + len(scheme)} in words?"
    page.fill("[name=query]", question)
    for expected in ("miss", "hit (exact)"):
        page.get_by_role("button", name="Ask").click()
        page.locator("[data-fill=chat-cache]", has_text=expected).wait_for()
        page.locator("[data-fill=speech-cache]", has_text=expected).wait_for()
        page.wait_for_selector("canvas[data-drawn]")
    assert question in page.locator("[data-fill=curl]").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_staff_see_a_request_come_in_and_why_it_was_answered(server: Server, open_page: Any) -> None:
    page = open_page("light", 1440)
    page.goto("/admin/requests/")
    question = "Is the request seen as it comes?"
    assert server.chat(question).status == 200
    row = page.locator("tr", has_text=question).first
    row.wait_for()
    assert "MISS" in row.inner_text().upper()
    row.click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_text("Ask again in the playground").wait_for()
    assert question in drawer.inner_text() and "open=" in page.url
    page.keyboard.press("Escape")
    page.wait_for_function("!location.search.includes('open=')")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: make axe")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(server: Server, open_page: Any, scheme: str) -> None:
    assert server.chat("What does axe find?").status == 200
    page = open_page(scheme, 1440)
    found = {}
    for path in ("/admin/?period=7d", "/admin/?tab=health", "/admin/requests/"):
        page.goto(path)
        # Not by a tag: the policy of the pages allows no script inside one.
        page.evaluate(AXE.read_text())
        told = page.evaluate("axe.run()")
        found[path] = [(each["id"], each["nodes"][0]["html"]) for each in told["violations"]]
    assert not any(found.values()), found
