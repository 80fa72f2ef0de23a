"""The list of keys in the order of hits, savings or expiry."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal

import pytest
import redis
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching.models import Call, EntryHits
from caching.redis import store

pytestmark = pytest.mark.django_db
LIST = reverse("keys")


@pytest.fixture(autouse=True)
def entries(redis_client: redis.Redis) -> None:
    today = timezone.now().date()
    for name, hits, saved, ttl in (("often", 40, "0.10", 300), ("dear", 4, "8.00", 600), ("soon", 1, "0.01", 60)):
        key = f"llm:exact:{name}"
        fields = {"question": name, "by": "bot", "created": time.time(), "level": "speed", "answer": "Yes."}
        assert store.put(key, fields, ttl)
        row = {"day": today, "currency": "USD", "cache_type": "llm"}
        EntryHits.objects.create(key=key, hits=hits, saved=Decimal(saved), **row)
    EntryHits.objects.create(key="llm:exact:gone", hits=99, **row)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("hits", ["often", "dear", "soon"]),
        ("saved", ["dear", "often", "soon"]),
        ("expires", ["soon", "often", "dear"]),
    ],
)
def test_keys_are_listed_in_the_order_that_staff_choose(admin_client: Browser, order: str, expected: list[str]) -> None:
    page = admin_client.get(LIST, {"sort": order, "kind": "llm:exact"})
    assert [row.text for row in page.context["page"].rows] == expected
    assert "$8.00" in page.content.decode()


def test_the_order_keeps_the_filters(admin_client: Browser) -> None:
    for query in ({"q": "llm:exact:d*"}, {"client": "bot", "q": "llm:exact:d*"}):
        page = admin_client.get(LIST, {"sort": "hits", **query})
        assert [row.text for row in page.context["page"].rows] == ["dear"]
    assert not admin_client.get(LIST, {"sort": "hits", "client": "another"}).context["page"].rows


def test_the_page_of_an_entry_shows_its_days_and_the_questions_that_it_answered(admin_client: Browser) -> None:
    key = "llm:exact:often"
    EntryHits.objects.create(
        key=key, hits=20, day=timezone.now().date() - timedelta(days=3), currency="USD", cache_type="llm"
    )
    now = timezone.now()
    Call.objects.create(created=now, cache_type="llm", outcome="semantic", key=key, question="frequently?")
    page = admin_client.get(reverse("key"), {"key": key}).content.decode()
    assert "frequently?" in page and "height: 100%" in page and "height: 50%" in page
