"""Staff ask on the playground again, meanwhile and aloud, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from caching.templatetags import formatting

CHAT, TRANSCRIPTION = "**/playground/chat/", "**/playground/transcription/"


@pytest.fixture
def playground(open_page: Callable[[str, int], Any]) -> Any:
    page = open_page("light", 1440)
    page.goto("/admin/playground/")
    return page


def hold(page: Any, path: str) -> list[Any]:
    """Keep the next request to `path` until it is continued."""
    held: list[Any] = []
    page.route(path, lambda route: held.append(route), times=1)
    return held


def ask(page: Any, question: str) -> None:
    page.fill("[name=query]", question)
    page.get_by_role("button", name="Ask").click()


def tries(page: Any) -> list[str]:
    return list(page.locator("[data-tries] button").all_inner_texts())


def test_a_try_is_what_was_sent_with_its_settings(playground: Any) -> None:
    held = hold(playground, CHAT)
    playground.select_option("[name=level]", "speed")
    with playground.expect_request(CHAT):
        ask(playground, "Who wrote Faust?")
    playground.fill("[name=query]", "Edited meanwhile")
    playground.select_option("[name=level]", "quality")
    held[0].continue_()
    row = playground.get_by_role("button", name="Who wrote Faust?")
    row.wait_for()
    assert tries(playground) == ["Who wrote Faust?"]
    with playground.expect_request(CHAT) as again:
        row.click()
    assert again.value.post_data_json["query"] == "Who wrote Faust?"
    assert again.value.post_data_json["optimization_level"] == "speed"
    playground.locator("[data-tries] li").nth(1).wait_for()
    assert playground.evaluate("document.activeElement.textContent") == "Who wrote Faust?"
    assert playground.input_value("[name=level]") == "speed"


def test_times_are_written_as_on_the_other_pages(playground: Any) -> None:
    times = [0.04, 3.44, 45.12, 99.94, 101, 684.3, 999.7, 1000, 2107, 61_000, 1_234_560]
    script = "async times => times.map((await import('/static/speech/times.js')).timeText)"
    assert playground.evaluate(script, times) == [formatting.milliseconds(time / 1000) for time in times]
    ask(playground, "Who composed Fidelio?")
    row = playground.locator("[data-tries] li").first
    row.wait_for()
    assert re.fullmatch(r"[\d.,]+ m?s", row.locator(".text-subtle").inner_text())


def test_a_newer_question_ends_the_one_before(playground: Any) -> None:
    ask(playground, "Who painted Guernica?")
    row = playground.get_by_role("button", name="Who painted Guernica?")
    row.wait_for()
    held = hold(playground, CHAT)
    with playground.expect_request(CHAT):
        ask(playground, "Who built Rome?")
    with playground.expect_event("requestfailed") as failed:
        row.click()
    assert failed.value.post_data_json["query"] == "Who built Rome?"
    playground.locator("[data-tries] li").nth(1).wait_for()
    playground.locator("#ask [type=submit]:enabled").wait_for()
    assert tries(playground) == ["Who painted Guernica?"] * 2
    assert playground.locator("#problem").inner_text() == ""
    assert len(held) == 1


def test_a_dictated_question_is_asked_and_its_state_announced(playground: Any) -> None:
    state = playground.locator("[data-recording]")
    held = hold(playground, TRANSCRIPTION)
    playground.get_by_role("button", name="Speak").click()
    playground.get_by_role("status").filter(has_text="Recording").wait_for(state="attached")
    stop = playground.get_by_role("button", name="Stop and ask")
    assert stop.get_attribute("aria-pressed") is None
    with playground.expect_request(TRANSCRIPTION):
        stop.click()
    assert state.inner_text() == "Transcribing…"
    held[0].continue_()
    playground.locator("[data-tries] button").wait_for()
    assert tries(playground) == [playground.input_value("[name=query]")]
    assert playground.get_by_role("button", name="Speak").is_enabled()
    assert state.inner_text() == ""
