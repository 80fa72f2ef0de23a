from __future__ import annotations

import pytest
import redis
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching.models import AuditEntry, Call
from caching.models.audit import AuditAction
from caching.redis import store
from caching.reports import queries
from caching.reports.period import Period
from caching.reports.semantic_quality import verdicts
from caching.semantic.cache import SemanticQuery, tier
from caching.semantic.scoring.pair_verdicts import learned, pair_of
from caching.tests.support.paraphrases import remember
from caching.tests.support.staff import READING, browser_of
from speechsite.tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db

ANSWER = "llm:exact:judged"
ASKED = SemanticQuery("judged", "What are your opening hours?")


@pytest.fixture
def hit(redis_client: redis.Redis) -> Call:
    """A semantic hit whose entry is in Redis and in the index of this process."""
    store.put(ANSWER, {"answer": "Nine to five."}, 600)
    remember(tier(), ASKED, ANSWER, 600)
    wait_until(is_findable)
    return Call.objects.create(
        created=timezone.now(),
        cache_type="llm",
        outcome="semantic",
        key=ANSWER,
        question="Opening hours?",
        match="0123456789abcdef",
        pair=pair_of(ASKED.scope, "Opening hours?", ASKED.text),
    )


def is_findable() -> bool:
    return ANSWER in {near.entry.id for near in tier().matcher.candidates(ASKED.text, ASKED.scope)}


def judge(browser: Browser, hit: Call, verdict: str) -> int:
    return browser.post(reverse("judge", args=[hit.pk]), {"verdict": verdict}).status_code


def test_wrong_removes_the_entry_everywhere_and_is_counted_and_logged(hit: Call) -> None:
    assert is_findable()
    assert judge(browser_of("judge", *READING, "add_judgement"), hit, "wrong") == 302
    assert store.get(ANSWER) is None and not is_findable()
    said = verdicts(queries.reviews(Period(hit.created, timezone.now())))
    assert said["staff"] == {"right": 0, "wrong": 1} and said["client"] == {"right": 0, "wrong": 0}
    assert learned.verdict(hit.pair) is False
    entry = AuditEntry.objects.get()
    assert (entry.action_flag, entry.client_name) == (AuditAction.REVIEWED, hit.client)
    assert ANSWER in entry.change_message and "wrong, deleted" in entry.change_message


def test_wrong_can_be_undone_for_ten_minutes(hit: Call, redis_client: redis.Redis) -> None:
    browser = browser_of("judge", *READING, "add_judgement")
    store.put(ANSWER, {"answer": "Nine to five.", "question": ASKED.text, "by": "bot"}, 600)
    undo = reverse("undo-verdict", args=[hit.pk])
    judge(browser, hit, "wrong")
    wait_until(lambda: not is_findable())
    assert undo in browser.get("/admin/?tab=health").content.decode()
    browser.post(undo)
    assert (store.get(ANSWER) or {})["answer"] == "Nine to five." and learned.verdict(hit.pair) is True
    assert 590 < redis_client.ttl(ANSWER) <= 600
    wait_until(is_findable)
    page = browser.post(undo, follow=True).content.decode()
    assert "It is too late" in page and undo not in page
    assert browser_of("reader", *READING).post(undo).status_code == 403


def test_right_is_counted_and_removes_nothing(hit: Call) -> None:
    assert judge(browser_of("judge", *READING, "add_judgement"), hit, "right") == 302
    assert verdicts(queries.reviews(Period(hit.created, timezone.now())))["staff"] == {"right": 1, "wrong": 0}
    assert store.get(ANSWER) and "Reviewed as right, deleted 0" in AuditEntry.objects.get().change_message


def test_who_may_only_look_sees_no_buttons_and_is_refused(hit: Call) -> None:
    reader = browser_of("reader", *READING)
    assert reverse("judge", args=[hit.pk]) not in reader.get("/admin/?tab=health").content.decode()
    assert judge(reader, hit, "wrong") == 403
    assert store.get(ANSWER)


def test_the_page_shows_who_said_what(hit: Call) -> None:
    browser = browser_of("judge", *READING, "add_judgement")
    judge(browser, hit, "wrong")
    page = browser.get("/admin/?tab=health").content.decode()
    assert reverse("judge", args=[hit.pk]) not in page
    assert "staff 0 right, 1 wrong" in " ".join(page.split())


def test_only_a_semantic_hit_can_be_judged(hit: Call) -> None:
    Call.objects.update(outcome="miss", match="")
    assert judge(browser_of("judge", *READING, "add_judgement"), hit, "right") == 404


def test_it_takes_a_token_and_a_post(hit: Call) -> None:
    strict = browser_of("judge", *READING, "add_judgement")
    strict.handler.enforce_csrf_checks = True
    assert judge(strict, hit, "wrong") == 403
    assert strict.get(reverse("judge", args=[hit.pk])).status_code == 405
