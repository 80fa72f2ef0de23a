from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
import redis
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching.models import BarChange, Call, EntryHits, ErrorCount, HourlyUsage, Judgement, MinuteUsage
from caching.redis import store
from caching.semantic.cache import tier
from caching.tests.support.hours import insert_hours
from caching.tests.support.staff import READING, browser_of

pytestmark = pytest.mark.django_db

PAGE = "/admin/"
HEALTH = "?period=24h&tab=health"
MAX_QUERIES = 32
MAX_SECONDS = 0.3


@pytest.fixture
def staff(db: None, redis_client: redis.Redis) -> Browser:
    tier()  # made when a server starts
    return browser_of("staff", *READING)


def hours_ago(number: int) -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=number)


def hour(outcome: str, requests: int, **fields: Any) -> HourlyUsage:
    defaults = {"hour": hours_ago(0), "cache_type": "llm", "level": "balanced", "provider": "acme", "model": "m1"}
    defaults |= {"client": "bot", "currency": "USD", "outcome": outcome, "requests": requests}
    row: HourlyUsage = HourlyUsage.objects.create(**{**defaults, **fields})
    return row


def semantic_hit(**fields: Any) -> Call:
    defaults = {"created": timezone.now(), "cache_type": "llm", "outcome": "semantic", "key": "llm:exact:a"}
    defaults |= {"question": "Opening hours please?", "matched": "What are your opening hours?"}
    defaults |= {"similarity": 0.951, "probability": 0.99, "reasons": ["passed all guards"]}
    hit: Call = Call.objects.create(**{**defaults, **fields})
    return hit


def text_of(page: Any) -> str:
    """What a person reads, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def test_the_anonymous_and_those_who_are_no_staff_are_sent_to_the_login() -> None:
    for browser in (Browser(), browser_of("customer", is_staff=False)):
        for path in (PAGE, reverse("chart-csv", args=["hits"]), reverse("keys")):
            response = browser.get(path)
            assert (response.status_code, response["Location"].split("?")[0]) == (302, "/admin/login/")


def test_one_tab_says_what_is_saved_and_the_other_whether_it_is_right_and_healthy(staff: Browser) -> None:
    hour("exact", 6, saved=Decimal("1.25"), under_5_ms=6, seconds=0.018)
    hour("semantic", 2, saved=Decimal("0.5"), under_5_ms=2, seconds=0.006)
    hour("miss", 2, cost=Decimal("0.4"), under_500_ms=2, seconds=0.8)
    hour("error", 10)
    ErrorCount.objects.create(minute=timezone.now(), provider="acme", code="provider_timeout", requests=10)
    semantic_hit()
    text = text_of(staff.get(PAGE))
    assert "You saved $1.75 of $2.15 (81%). 40% of 20 requests came from the cache, 125 times faster." in text
    for figure in ("80.0%", "8 of 10 lookups", "$1.75", "$0.40", "By client", "bot"):
        assert figure in text
    text = text_of(staff.get(f"{PAGE}{HEALTH}"))
    for figure in ("50.0%", "10 of 20 requests", "375 ms", "Opening hours please?", "0.951", "passed all guards"):
        assert figure in text
    assert "acme provider_timeout 10 0" in text


def test_the_cards_are_compared_with_the_period_before(staff: Browser) -> None:
    hour("exact", 3, saved=Decimal(3))
    hour("exact", 2, saved=Decimal(2), hour=hours_ago(30))
    hour("miss", 2, hour=hours_ago(30))
    text = text_of(staff.get(PAGE))
    assert "100.0% +50.0 pts" in text and "$3.00 +50%" in text and "3 −25%" in text


def test_days_beside_a_change_of_the_clock_are_compared_with_as_many_whole_days(staff: Browser) -> None:
    staff.cookies["tz"] = "Europe/Berlin"
    # The 25th has 25 hours, of which these are the first and the last.
    hour("exact", 1, hour=datetime(2026, 10, 24, 22, tzinfo=UTC))
    hour("exact", 3, hour=datetime(2026, 10, 25, 22, tzinfo=UTC))
    hour("exact", 8, hour=datetime(2026, 10, 26, 12, tzinfo=UTC))
    text = text_of(staff.get(PAGE, {"start": "2026-10-26", "end": "2026-10-26"}))
    assert "vs. previous day" in text and "8 +100%" in text
    hour("exact", 1, hour=datetime(2026, 3, 16, 12, tzinfo=UTC))
    assert "vs. previous 7 days" in text_of(staff.get(PAGE, {"start": "2026-03-23", "end": "2026-03-29"}))


def test_the_period_and_the_filters_choose_what_is_counted(staff: Browser) -> None:
    hour("exact", 1)
    hour("exact", 10, client="other", provider="elsewhere", level="speed", cache_type="tts")
    hour("exact", 4, client="caller", provider="heard", level="quality", cache_type="stt")
    hour("exact", 100, hour=hours_ago(5 * 24))
    chosen = {
        "": "15 of 15",
        "period=7d": "115 of 115",
        "period=7d&client=other": "10 of 10",
        "cache_type=tts": "10 of 10",
        "cache_type=stt": "4 of 4",
        "level=balanced": "1 of 1",
        "provider=elsewhere": "10 of 10",
    }
    for query, expected in chosen.items():
        assert f"{expected} lookups" in text_of(staff.get(f"{PAGE}?{query}")), query


def test_a_period_of_ones_own_is_given_by_two_days(staff: Browser) -> None:
    hour("exact", 7, hour=datetime(2026, 1, 5, 23, tzinfo=UTC))
    hour("exact", 1, hour=datetime(2026, 1, 6, 0, tzinfo=UTC))
    assert "7 of 7 lookups" in text_of(staff.get(f"{PAGE}?start=2026-01-04&end=2026-01-05"))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("start=2026-01-05", "both a start and an end date"),
        ("start=2026-01-05&end=2026-01-01", "must be before the end date"),
        ("level=x", ""),
    ],
)
def test_a_period_or_filter_that_makes_no_sense_is_no_error_page(staff: Browser, query: str, message: str) -> None:
    page = staff.get(f"{PAGE}?{query}")
    assert page.status_code == 200 and message in text_of(page)


def test_what_has_no_price_is_named_and_never_counted_as_free(staff: Browser) -> None:
    hour("miss", 3, model="unheard-of", unpriced=3, currency="")
    text = text_of(staff.get(PAGE))
    assert "acme unheard-of 3" in text and "excludes 3 unpriced requests" in text
    assert "acme unheard-of 3" in text_of(staff.get(f"{PAGE}?client=another"))


def test_a_question_is_shown_and_not_run(staff: Browser) -> None:
    semantic_hit(question="<script>alert(1)</script>")
    EntryHits.objects.create(
        day=timezone.now().date(), cache_type="llm", key="llm:exact:a", question="<script>alert(2)</script>", hits=1
    )
    page = staff.get(f"{PAGE}?period=24h")
    pages = page.content + staff.get(f"{PAGE}{HEALTH}").content
    assert b"<script>alert" not in pages and pages.count(b"&lt;script&gt;alert") >= 2
    policy = dict(part.split(" ", 1) for part in page["Content-Security-Policy"].split("; "))
    assert "unsafe-inline" not in policy["script-src"] and policy["default-src"] == "'self'"
    assert not re.search(rb"<script(?![^>]*src=)", page.content), "the policy forbids scripts inside a page"


def test_the_table_of_a_chart_has_the_figures_of_the_chart(staff: Browser) -> None:
    hour("exact", 4)
    hour("miss", 1)
    page = staff.get(PAGE)
    [chart] = [chart for chart in page.context["charts"] if chart.slug == "hits"]
    assert chart.rows[-1][1:] == (4, 0, 1, 0, 0.8)
    assert text_of(page).count(f"{chart.labels[-1]} 4 0 1 0 80.0%") == 1
    drawn = json.loads(chart.json)
    assert [each["values"][-1] for each in drawn["sets"] if not each["before"]] == [4, 0, 1, 0, 0.8]
    # By time, in a file, each row says when exactly.
    first = next(
        csv.DictReader(staff.get(reverse("chart-csv", args=["hits"])).content.decode("utf-8-sig").splitlines())
    )
    assert datetime.fromisoformat(first["Time"]).utcoffset() is not None


def test_a_chart_draws_the_period_before_unless_hardly_anything_is_known_of_it(staff: Browser) -> None:
    hour("exact", 4)
    assert "too few figures of the period before" in text_of(staff.get(PAGE))
    hour("miss", 1, hour=hours_ago(40))
    page = staff.get(PAGE)
    [chart] = [chart for chart in page.context["charts"] if chart.slug == "hits"]
    [before] = [each for each in chart.drawn if each.is_before]
    assert "vs. previous 24 hours" in text_of(page) and 0.0 in before.values


def test_the_last_hour_has_minutes(staff: Browser) -> None:
    minute = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=5)
    MinuteUsage.objects.create(minute=minute, cache_type="llm", outcome="exact", requests=7)
    page = staff.get(f"{PAGE}?period=1h")
    [chart] = [chart for chart in page.context["charts"] if chart.slug == "hits"]
    assert len(chart.rows) >= 60 and "7 of 7 lookups" in text_of(page)


def test_a_click_on_a_row_filters_the_page_and_a_chip_takes_it_back(staff: Browser) -> None:
    hour("exact", 4, client="one & only")
    hour("exact", 5, client="other")
    page = staff.get(f"{PAGE}?period=7d").content.decode()
    link = "?period=7d&amp;client=one+%26+only"
    assert f'href="{link}"' in page
    filtered = staff.get(f"{PAGE}{link.replace('&amp;', '&')}").content.decode()
    assert "4 of 4 lookups" in filtered and 'class="sg-chip" href="?period=7d"' in filtered
    assert "5 of 5 lookups" in text_of(staff.get(f"{PAGE}?client=other&model=m1&provider=acme"))


def test_times_are_those_of_the_viewer(staff: Browser) -> None:
    hour("exact", 4, hour=datetime(2026, 1, 5, 20, tzinfo=UTC))
    staff.cookies["tz"] = "Asia%2FKolkata"
    day = "start=2026-01-06&end=2026-01-06"
    text = text_of(staff.get(f"{PAGE}?{day}"))
    assert "4 of 4 lookups" in text and "Asia/Kolkata" in text
    staff.cookies["tz"] = "../../etc/passwd"
    assert "0 of 0 lookups" in text_of(staff.get(f"{PAGE}?{day}"))


def test_redis_is_described(staff: Browser, redis_client: redis.Redis) -> None:
    redis_client.set("llm:exact:a", "{}")
    text = text_of(staff.get(f"{PAGE}{HEALTH}"))
    assert "connected" in text and redis_client.info()["redis_version"] in text
    assert "Keys llm:exact 1" in text and re.search(r"\d entr(y|ies) in worker \d+", text)


def measured(staff: Browser, query: str, queries: Any) -> Any:
    staff.get(f"{PAGE}{query}")  # templates are compiled once
    with queries(MAX_QUERIES):
        page = staff.get(f"{PAGE}{query}")
    times = []
    for _ in range(5):
        # Of this thread, in which the database works too: other programs on the machine do not count.
        began = time.thread_time()
        staff.get(f"{PAGE}{query}")
        times.append(time.thread_time() - began)
    assert page.status_code == 200
    assert min(times) < MAX_SECONDS
    return page


def test_it_is_quick_without_data(staff: Browser, django_assert_max_num_queries: Any) -> None:
    text = text_of(measured(staff, "?period=24h", django_assert_max_num_queries))
    assert "No requests in this period." in text


def test_it_is_quick_without_redis(
    staff: Browser, use_redis: Callable[[str], None], django_assert_max_num_queries: Any
) -> None:
    use_redis("")
    assert "Caching is off, so every request is paid for" in text_of(
        measured(staff, HEALTH, django_assert_max_num_queries)
    )
    use_redis("redis://127.0.0.1:1/0")
    assert store.get("llm:exact:a") is None
    assert "Disconnected since" in text_of(measured(staff, HEALTH, django_assert_max_num_queries))


def test_it_is_quick_with_ten_million_requests_in_the_ledger(
    staff: Browser, django_assert_max_num_queries: Any
) -> None:
    dimensions = list(product(("exact", "semantic", "miss"), ("quality", "balanced"), ("bot", "ivr", "web")))
    insert_hours(
        (
            {"hour": hours_ago(hours), "outcome": outcome, "level": level, "client": client}
            for hours, (outcome, level, client) in product(range(720), dimensions)
        ),
        cache_type="llm",
        provider="acme",
        model="m1",
        currency="USD",
        requests=772,
        cost="0.1",
        saved="0.3",
        under_5_ms=772,
    )
    page = measured(staff, "?period=30d", django_assert_max_num_queries)
    assert page.context["cards"][3].value == f"{720 * 18 * 772:,}"


def test_it_shows_how_wrong_each_level_is_and_what_was_done_about_it(staff: Browser) -> None:
    hour("semantic", 200)
    hour("miss", 800)
    hour("shadow", 5, level="speed")
    assert "no model reviews the hits. Set SEMANTIC_VERIFY_SHARE=0.02" in text_of(staff.get(f"{PAGE}{HEALTH}"))
    hit = semantic_hit(match="a" * 16, pair="b" * 24)
    semantic_hit(outcome="shadow", match="c" * 16)
    for number in range(40):
        verdict = "wrong" if number < 10 else "right"
        Judgement.objects.create(match=f"{number:016x}", judge="model", verdict=verdict, level="balanced")
    Judgement.objects.create(match=hit.match, judge="client", verdict="wrong", level="balanced")
    BarChange.objects.create(level="balanced", number=1, steps=1, bar=0.964, judged=40, wrong=10, reason="too many")
    text = text_of(staff.get(f"{PAGE}{HEALTH}"))
    # 10 of 40: 14.2 to 40.2 % by Wilson; one question in five is answered so.
    assert "balanced 200 0 40 10 14.19% to 40.19% 2.84% to 8.04% 1.0%" in text
    assert "threshold for balanced set to 96.4%. too many." in text
    assert "client 0 right, 1 wrong" in text and "wrong client" in text
    assert "not served (shadow mode)" in text
    assert "Balanced: 2.84% to 8.04% of the questions got a wrong answer, the limit is 1.0%" in text
