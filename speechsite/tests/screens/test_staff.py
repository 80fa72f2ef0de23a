"""The pages of the staff in a real browser, on a real server with two workers."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

VIEWS = [(scheme, width) for scheme in ("light", "dark") for width in (1440, 390)]
QUESTION, PARAPHRASE = "What are your opening hours?", "what are your opening hours please"


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
def test_staff_see_what_was_sent(staff_server: Server, open_page: Any, scheme: str, width: int) -> None:
    page = open_page(scheme, width)
    time.sleep(1.5)  # what other tests sent is written by now
    before = shown_requests(page)
    question = f"Seen in {scheme} on {width} pixels?"
    for _ in range(3):
        assert staff_server.chat(question).status == 200
    wait_until(lambda: shown_requests(page) >= before + 3, pause=0.3)
    assert page.evaluate("document.documentElement.classList.contains('dark')") == (scheme == "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    painted = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(n => n)"
    page.locator("[data-chart]").first.wait_for()
    page.wait_for_function(f"({painted})(document.querySelector('[data-chart]'))")
    page.get_by_role("link", name="7 d").click()
    page.wait_for_url("**period=7d")
    assert requests_on(page) >= before + 3
    page.locator("#chart-hits summary").click()
    assert page.locator("#chart-hits td.count").first.is_visible()


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_staff_open_a_key_play_it_and_remove_it(staff_server: Server, open_page: Any, scheme: str, width: int) -> None:
    text = f"Spoken for {scheme}, {width}."
    assert staff_server.speak(text).status == 200
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
    assert staff_server.request("GET", address.removeprefix(staff_server.url)).status in (302, 404)
    assert staff_server.speak(text).headers["X-Cache"] == "MISS"


def test_staff_mark_a_semantic_hit_as_wrong(staff_server: Server, open_page: Any) -> None:
    assert staff_server.chat(QUESTION).status == 200
    staff_server.chat_until_matched(PARAPHRASE)
    page = open_page("light", 1440)
    row = page.locator("tr", has_text=PARAPHRASE).first
    wait_until(lambda: page.goto("/admin/?tab=health") and row.count(), pause=0.3)
    assert QUESTION in row.inner_text()
    row.get_by_role("button", name="Wrong").click()
    page.get_by_text("Marked as wrong. Deleted 1 entry").wait_for()
    assert staff_server.chat(QUESTION).headers["X-Cache"] == "MISS"


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


def test_staff_see_a_request_come_in_and_why_it_was_answered(staff_server: Server, open_page: Any) -> None:
    page = open_page("light", 1440)
    page.goto("/admin/requests/")
    question = "Is the request seen as it comes?"
    assert staff_server.chat(question).status == 200
    row = page.locator("tr", has_text=question).first
    row.wait_for()
    assert "MISS" in row.inner_text().upper()
    row.click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_text("Ask again in the playground").wait_for()
    assert question in drawer.inner_text() and "open=" in page.url
    page.keyboard.press("Escape")
    page.wait_for_function("!location.search.includes('open=')")


def test_a_click_on_a_bar_opens_its_day(staff_server: Server, open_page: Any) -> None:
    assert staff_server.chat("How long is the guarantee?").status == 200
    page = open_page("light", 1440)
    wait_until(lambda: page.goto("/admin/?period=7d") and page.locator("#chart-hits canvas").count(), pause=0.3)
    page.wait_for_function("Chart.getChart(document.querySelector('#chart-hits canvas'))")
    box = page.locator("#chart-hits canvas").bounding_box()
    # The last bar is today's; a click above it counts too.
    page.mouse.click(box["x"] + box["width"] - 60, box["y"] + box["height"] / 2)
    page.wait_for_url(re.compile(r"start=(\d{4}-\d\d-\d\d)&end=\1"))
    assert requests_on(page) >= 1


def test_money_has_its_cents_on_the_axis_of_a_chart(staff_server: Server, open_page: Any) -> None:
    assert staff_server.chat("What does it cost?").status == 200
    page = open_page("light", 1440)
    wait_until(lambda: page.goto("/admin/") and page.locator("#chart-money canvas").count(), pause=0.3)
    label = (
        "value => Chart.getChart(document.querySelector('#chart-money canvas')).options.scales.y.ticks.callback(value)"
    )
    page.wait_for_function("Chart.getChart(document.querySelector('#chart-money canvas'))")
    shown = [page.evaluate(label, value) for value in (0, 0.0034, 0.025, 0.5, 2, 1500)]
    assert shown == ["$0.00", "$0.0034", "$0.025", "$0.50", "$2.00", "$1,500.00"]
