from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
import redis
from django.utils import timezone

from caching.models import HourlyUsage
from caching.tests.support.staff import READING, browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_client")]


def test_an_empty_dashboard_is_one_card_with_first_steps() -> None:
    page = browser_of("staff", *READING, "delete_entries").get("/admin/").content.decode()
    for words in ("Waiting for the first request", "curl http://testserver/v1", "OpenAI(base_url=", "new OpenAI("):
        assert words in page
    assert "Load sample data" in page and "/admin/playground/" in page and "Period and filters" not in page


def test_the_first_request_ends_the_waiting() -> None:
    browser = browser_of("staff", *READING)
    assert browser.get("/admin/first-request/").json() == {"arrived": False}
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    HourlyUsage.objects.create(hour=hour, cache_type="llm", outcome="miss", requests=1, cost=Decimal(1))
    assert browser.get("/admin/first-request/").json() == {"arrived": True}
    page = browser.get("/admin/").content.decode()
    assert "Waiting for the first request" not in page and "Hit rate" in page


def test_sample_data_is_loaded_said_so_and_deleted() -> None:
    browser = browser_of("staff", *READING, "delete_entries")
    page = browser.post("/admin/sample-data/", follow=True).content.decode()
    assert "Sample data is shown" in page and "demo prices" not in page
    assert "Saved and spent (sample data)" in page and page.count('<span class="sg-badge">sample data</span>') >= 3
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    row = {"cache_type": "llm", "outcome": "exact", "requests": 1, "output_tokens": 1_000_000}
    HourlyUsage.objects.create(hour=hour, provider="demo", currency="USD", **row)
    assert '<span class="sg-badge">sample data and demo prices</span>' in browser.get("/admin/").content.decode()
    HourlyUsage.objects.filter(provider="demo").delete()
    page = browser.post("/admin/sample-data/", {"remove": "1"}, follow=True).content.decode()
    assert "Waiting for the first request" in page and not HourlyUsage.objects.exists()


def test_sample_data_needs_a_permission_and_a_post() -> None:
    browser = browser_of("staff", *READING)
    assert browser.post("/admin/sample-data/").status_code == 403
    assert "Load sample data" not in browser.get("/admin/").content.decode()
    assert browser_of("other", *READING, "delete_entries").get("/admin/sample-data/").status_code == 405


def test_real_money_is_never_mixed_with_demo_prices(redis_client: redis.Redis) -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    row = {"hour": now, "cache_type": "llm", "requests": 1, "output_tokens": 1_000_000}
    HourlyUsage.objects.create(outcome="exact", provider="demo", currency="USD", **row)
    browser = browser_of("staff", *READING)
    assert "demo prices" in browser.get("/admin/").content.decode()
    HourlyUsage.objects.create(outcome="exact", provider="openai", currency="USD", saved=Decimal(2), **row)
    page = browser.get("/admin/").content.decode()
    assert "$2.00" in page and "demo prices" not in page and "$0.50 at list prices" in page


def test_redis_that_is_missing_is_said_at_the_top_of_an_empty_dashboard_too(use_redis: Callable[[str], None]) -> None:
    use_redis("")
    browser = browser_of("staff", *READING)
    for path in ("/admin/", "/admin/?period=24h"):
        assert "Caching is off, so every request is paid for" in browser.get(path).content.decode()
