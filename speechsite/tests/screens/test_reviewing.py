"""Staff review with the keyboard, try another threshold, and pin an answer, in a real browser."""

from __future__ import annotations

from typing import Any

from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

QUESTION, PARAPHRASE = "Where is my luggage?", "Can you tell me where my luggage is?"


def test_staff_review_with_keys_and_move_the_threshold(staff_server: Server, open_page: Any) -> None:
    assert staff_server.chat(QUESTION).status == 200
    staff_server.chat_until_matched(PARAPHRASE)
    page = open_page("light", 1440)
    entry = page.locator(".sg-queue a", has_text=PARAPHRASE).first
    wait_until(lambda: page.goto("/admin/reviews/?kind=semantic") and entry.count(), 60, pause=0.3)
    entry.click()
    page.wait_for_url("**hit=*")
    page.keyboard.press("w")
    page.get_by_text("Undo and restore").wait_for()
    assert staff_server.chat(QUESTION).headers["X-Cache"] == "MISS"
    page.keyboard.press("u")
    page.get_by_text("Restored the entry").wait_for()
    assert "Reviewed as right" in page.locator(".sg-review-foot").inner_text()
    slider = page.locator(".sg-slider input").first
    row = page.locator("[data-what-if] tbody tr:visible").first
    before = row.inner_text()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("[data-what-if]").first.locator("tbody tr:visible").count() == 1
    assert row.inner_text() != before


def test_staff_pin_an_answer_from_its_page(staff_server: Server, open_page: Any) -> None:
    question = "Which entrance has a ramp?"
    assert staff_server.chat(question).status == 200
    page = open_page("dark", 390)
    link = page.locator(".sg-key a", has_text=question).first
    wait_until(lambda: page.goto("/admin/keys/?kind=llm:exact&q=ramp") and link.count(), pause=0.3)
    link.click()
    page.get_by_role("button", name="Pin this answer").click()
    page.get_by_text("Pinned: this answer does not expire").wait_for()
    wait_until(lambda: staff_server.chat(question).headers.get("X-Provider") == "curated", pause=0.5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
