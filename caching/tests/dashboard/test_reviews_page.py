"""The queue of reviews, and the estimate of other thresholds."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching.models import AuditEntry, Call, HourlyUsage, Judgement
from caching.redis import store
from caching.reports import queries
from caching.reports.period import Period
from caching.reports.review_queue import queue
from caching.reports.what_if import THRESHOLDS, what_if
from caching.tests.support.staff import READING, browser_of
from speechsite.tests.support.databases import on_database

pytestmark = pytest.mark.django_db
PAGE = reverse("reviews")
REVIEWING = (*READING, "add_judgement")


def match(probability: float, outcome: str = "semantic", **fields: Any) -> Call:
    return Call.objects.create(
        **{
            "created": timezone.now() - timedelta(minutes=5),
            "cache_type": "llm",
            "outcome": outcome,
            "level": "balanced",
            "client": "bot",
            "key": "llm:exact:stored",
            "question": f"asked {outcome} {probability}",
            "matched": "stored question",
            "similarity": 0.9,
            "probability": probability,
            "match": secrets.token_hex(8),
            "pair": secrets.token_hex(12),
            **fields,
        }
    )


def review(hit: Call, verdict: str = "right", **fields: Any) -> None:
    about = {"level": hit.level, "probability": hit.probability, "pair": hit.pair}
    Judgement.objects.create(match=hit.match, judge="model", verdict=verdict, **{**about, **fields})


def usage(outcome: str, requests: int, cost: str = "0") -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    about = {"cache_type": "llm", "level": "balanced", "currency": "USD"}
    HourlyUsage.objects.create(hour=hour, outcome=outcome, requests=requests, cost=Decimal(cost), **about)


def test_the_riskiest_comes_first_and_what_needs_no_review_is_counted_apart() -> None:
    sure, risky = match(0.99), match(0.93)
    unlikely, likely = match(0.4, "near"), match(0.9, "near")
    match(1.0)
    review(match(0.91))
    match(0.5, created=timezone.now() - timedelta(days=31))
    found = queue()
    assert [hit.pk for hit in found.hits] == [risky.pk, sure.pk, likely.pk, unlikely.pk]
    assert (found.waiting, found.same_wording) == (4, 1)
    assert [hit.pk for hit in queue("near", "bot").hits] == [likely.pk, unlikely.pk]
    assert not queue(client="another").hits


def test_a_verdict_leads_to_the_next_match_and_can_be_undone(redis_client: redis.Redis) -> None:
    first, second = match(0.93), match(0.95)
    store.put(first.key, {"answer": "Nine to five.", "question": "stored question", "by": "bot"}, 600)
    browser = browser_of("judge", *REVIEWING)
    page = browser.get(PAGE).content.decode()
    assert "Nine to five." in page and f'name="next" value="{second.pk}"' in page
    form = {"verdict": "wrong", "back": "reviews", "next": second.pk, "query": "kind=semantic"}
    page = browser.post(reverse("judge", args=[first.pk]), form, follow=True).content.decode()
    assert store.get(first.key) is None
    assert second.question in page and "Undo and restore" in page and "1 to review" in page
    page = browser.post(reverse("undo-verdict", args=[first.pk]), {"back": "reviews"}, follow=True).content.decode()
    assert "Restored the entry" in page and "Reviewed as <b>right</b>" in page and store.get(first.key)


def test_the_latest_verdict_of_staff_is_in_force_however_often_they_change_their_mind() -> None:
    hit, browser = match(0.93), browser_of("judge", *REVIEWING)
    for verdict in ("right", "wrong", "right", "right"):
        browser.post(reverse("judge", args=[hit.pk]), {"verdict": verdict, "back": "reviews"})
        assert Judgement.objects.filter(match=hit.match).order_by("pk").last().verdict == verdict  # type: ignore[union-attr]
    assert Judgement.objects.count() == 2
    assert AuditEntry.objects.filter(change_message__startswith="Reviewed as").count() == 4


def test_a_near_miss_that_is_wrong_deletes_nothing(redis_client: redis.Redis) -> None:
    hit = match(0.8, "near")
    store.put(hit.key, {"answer": "Nine to five."}, 600)
    browser_of("judge", *REVIEWING).post(reverse("judge", args=[hit.pk]), {"verdict": "wrong"})
    assert store.get(hit.key) and Judgement.objects.get().verdict == "wrong"


def test_readers_see_no_buttons_and_others_no_page() -> None:
    hit = match(0.93)
    assert reverse("judge", args=[hit.pk]) not in browser_of("reader", *READING).get(PAGE).content.decode()
    assert browser_of("viewer", "view_hourlyusage").get(PAGE).status_code == 403


def test_another_threshold_reuses_saves_and_errs_as_its_matches_and_reviews_say(database_url: str) -> None:
    with on_database(database_url):
        usage("semantic", 300)
        usage("near", 600)
        usage("miss", 900, "1.80")
        for number in range(30):
            review(match(0.965), "wrong" if number < 3 else "right")
        for number in range(60):
            review(match(0.75, "near"), "wrong" if number < 30 else "right")
        month = Period.last(timedelta(days=30))
        review(match(0.965, created=month.start - timedelta(days=1)), "wrong", created=month.end)
        [found] = what_if(month, queries.lookups(month))
    by_threshold = dict(zip(THRESHOLDS, found.estimates, strict=True))
    strict, loose, none = by_threshold[0.96], by_threshold[0.7], by_threshold[0.98]
    # 900 matches in 30 days, of which a third is at 0.965; a miss costs 0.002.
    assert (round(strict.reused, 6), round(loose.reused, 6), none.reused) == (10, 30, 0)
    assert (strict.saved, loose.saved) == (pytest.approx(Decimal("0.02")), pytest.approx(Decimal("0.06")))
    assert strict.share == pytest.approx(10 / 40)
    assert strict.wrong and strict.wrong.low < 0.1 < strict.wrong.high
    assert loose.wrong and loose.wrong.low < 33 / 90 < loose.wrong.high
    assert none.wrong is None and not loose.is_guess
    # Of the period alone.
    assert (strict.reviews, loose.reviews) == (30, 90)


def test_an_estimate_without_reviews_of_most_of_its_matches_is_called_a_guess(admin_client: Browser) -> None:
    usage("near", 10)
    review(match(0.95))
    for _ in range(9):
        match(0.6, "near")
    page = " ".join(admin_client.get(PAGE).content.decode().split())
    assert "(a guess)" in page and "not reviewed" in page


def test_the_page_says_what_measuring_costs(admin_client: Browser, settings: Any) -> None:
    settings.SEMANTIC_VERIFY_SHARE = 0.0
    usage("miss", 1000, "20")
    usage("semantic", 30_000)
    page = " ".join(admin_client.get(PAGE).content.decode().split())
    # 1,000 hits a day, 2 % of them reviewed for $0.02 each.
    assert "SEMANTIC_VERIFY_SHARE=0.02" in page and "about $0.40 a day" in page


def test_the_page_takes_few_queries_and_any_address(admin_client: Browser, django_assert_max_num_queries: Any) -> None:
    for _ in range(5):
        match(0.95)
    with django_assert_max_num_queries(45):
        admin_client.get(PAGE)
    for query in ("hit=x", "hit=99999999999999999999", "last=7", "kind=nothing", "client=%00"):
        assert admin_client.get(f"{PAGE}?{query}").status_code in (200, 400)
