from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.test import Client as Browser
from django.urls import reverse

from caching import ledger
from caching.dashboard.recent import MAX_NEW, differing
from caching.ledger import Event, Usage, recent, recent_stream
from caching.ledger.writer import writer
from caching.maintenance import erasure
from caching.models import Judgement
from caching.tests.support.staff import READING, browser_of

pytestmark = pytest.mark.django_db

PAGE = "/admin/requests/"
FEED = reverse("requests-feed")


@pytest.fixture
def staff(db: None, redis_client: redis.Redis) -> Browser:
    return browser_of("staff", *READING, "add_judgement")


def happened(outcome: Any, question: str = "Where is my order?", **fields: Any) -> None:
    known: dict[str, Any] = {"level": "balanced", "provider": "acme", "model": "m1", "client": "bot", "listed": True}
    ledger.record(Event("llm", outcome, Usage(), question=question, **{**known, **fields}))


def latest() -> list[recent_stream.Recent]:
    found = recent_stream.latest()
    assert found is not None
    return found


def rows(page: Any) -> list[str]:
    found = re.findall(r"<tr data-id.*?</tr>", page.content.decode(), re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in found]


def shown(browser: Browser, query: str = "") -> list[str]:
    recent.recorder.flush()
    return rows(browser.get(f"{PAGE}?{query}"))


def test_requests_of_every_kind_are_shown_newest_first_with_their_pill(staff: Browser) -> None:
    happened("exact", "one")
    happened("semantic", "two", matched="2", reasons=["same wording"])
    happened("semantic", "three", matched="3", reasons=["passed all guards"])
    happened("miss", "four")
    happened("bypass", "five")
    happened("error", "six", code="provider_timeout", message="acme did not answer in time")
    found = shown(staff)
    pills = ["Error six provider_timeout", "Bypass five", "Miss four", "Semantic three", "Same words two", "Hit one"]
    assert [pill in row for pill, row in zip(pills, found, strict=True)] == [True] * 6, found


def test_the_address_filters_and_searches(staff: Browser) -> None:
    happened("exact", "Where is my order?")
    happened("miss", "How much is it?", client="shop", provider="other")
    happened("error", "", code="provider_timeout")
    expected = {"pill=hit": 1, "pill=error": 1, "client=shop": 1, "provider=acme": 2, "q=ORDER": 1, "q=timeout": 1}
    expected |= {"type=tts": 0, "pill=nonsense": 3, "q=no+such": 0, "client=shop&pill=hit": 0}
    assert {query: len(shown(staff, query)) for query in expected} == expected


def test_nothing_is_shown_of_a_request_that_may_not_be_kept(staff: Browser, redis_client: redis.Redis) -> None:
    happened("miss", "a secret", listed=False)
    assert shown(staff) == []
    assert not redis_client.keys("llm:requests*")


def test_texts_are_for_those_who_may_read_them(staff: Browser) -> None:
    happened(
        "semantic", "Where is my parcel?", matched="Where's the parcel?", match="m1", reasons=["passed all guards"]
    )
    [row] = shown(browser_of("figures", "view_hourlyusage"))
    assert "parcel" not in row and "bot" in row
    id = latest()[0].id
    address = reverse("request", args=[id])
    assert "parcel" not in browser_of("counts", "view_hourlyusage").get(address).content.decode()
    assert "parcel" in staff.get(address).content.decode()
    assert shown(browser_of("more", "view_hourlyusage"), "q=parcel") == []
    assert browser_of("nobody").get(PAGE).status_code == 403


def test_the_feed_tells_only_what_came_after(staff: Browser) -> None:
    happened("miss", "first")
    recent.recorder.flush()
    told = staff.get(reverse("requests-feed")).json()
    happened("exact", "second")
    recent.recorder.flush()
    later = staff.get(reverse("requests-feed"), {"after": told["last"]}).json()
    assert ("first" in told["rows"], "first" in later["rows"], "second" in later["rows"]) == (True, False, True)
    assert staff.get(reverse("requests-feed"), {"after": later["last"]}).json()["rows"].strip() == ""


def test_under_load_a_sample_is_shown_and_said_to_be_one(staff: Browser) -> None:
    for number in range(recent.MAX_HITS * 4):
        happened("exact", f"question {number}")
    assert len(shown(staff)) == recent.MAX_HITS
    assert "about 1 in <b data-share>4</b>" in staff.get(PAGE).content.decode()


def test_the_stream_is_bounded(staff: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_stream, "MAX_LENGTH", 100)
    told = [{"at": number} for number in range(400)]
    recent_stream.append(told, 0)
    # Redis trims by whole nodes, of 100 entries.
    assert len(latest()) <= 200


def test_a_semantic_hit_is_reviewed_from_its_drawer(staff: Browser) -> None:
    happened("semantic", "Where's it?", matched="Where is it?", match="m1", pair="p1", reasons=["passed all guards"])
    recent.recorder.flush()
    assert writer.flush()
    id = latest()[0].id
    page = staff.get(reverse("request", args=[id]), {"drawer": 1}).content.decode()
    assert "<mark>Where&#x27;s</mark>" in page
    [address] = re.findall(r'action="([^"]*/verdict/)"', page)
    assert staff.post(address, {"verdict": "right", "back": "requests"})["Location"] == PAGE
    assert Judgement.objects.get().verdict == "right"
    assert "Reviewed as <b>right</b>" in staff.get(reverse("request", args=[id])).content.decode()


def test_a_request_that_is_gone_and_an_id_that_is_none_are_a_page(staff: Browser) -> None:
    for id in ("1-1", "nonsense", "9" * 40, "1-1-1"):
        page = staff.get(reverse("request", args=[id]))
        assert (page.status_code, "no longer kept" in page.content.decode()) == (404, True)


def test_a_client_that_is_forgotten_is_shown_no_more(staff: Browser) -> None:
    happened("miss", "keep me", client="other")
    happened("error", "forget me", client="bot", code="provider_timeout")
    recent.recorder.flush()
    erasure.forget("bot", "holder")
    assert [("forget" in row, "keep" in row) for row in shown(staff)] == [(False, True)]


def test_without_redis_the_page_says_so(use_redis: Callable[[str], None]) -> None:
    use_redis("")
    assert "Redis is not connected" in browser_of("staff", *READING).get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("text", "other", "words"),
    [
        ("How can I pay?", "How do I pay", ["can"]),
        ("Where is my order?", "where is MY order", []),
        ("", "anything", []),
        ("alone", "", ["alone"]),
    ],
)
def test_the_words_that_differ_are_marked(text: str, other: str, words: list[str]) -> None:
    assert [word.text for word in differing(text, other) if word.differs] == words


def test_of_many_new_requests_the_latest_are_shown_and_it_says_so(staff: Browser) -> None:
    happened("exact", "The first?")
    recent.recorder.flush()
    first = staff.get(FEED).json()
    for number in range(MAX_NEW + 10):
        happened("miss", f"Question {number}?")
        recent.recorder.flush()
    told = staff.get(FEED, {"after": first["last"]}).json()
    assert told["rows"].count("<tr ") == MAX_NEW and f"Question {MAX_NEW + 9}?" in told["rows"]
    assert told["dropped"] == 10
