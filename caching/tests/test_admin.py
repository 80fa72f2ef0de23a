from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import redis
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching.models import Call, EntryHits, HourlyUsage, Price
from caching.tests.support.staff import browser_of

pytestmark = pytest.mark.django_db

ADD = reverse("admin:caching_price_add")


def fields(**changes: str) -> dict[str, str]:
    now = timezone.now()
    moment = {"valid_from_0": f"{now:%Y-%m-%d}", "valid_from_1": f"{now:%H:%M:%S}"}
    price = {"provider": "acme", "model": "m1", "unit": "characters", "amount": "15", "per": "1000000"}
    return {**price, "currency": "USD", "source": "acme.example, read today", **moment, **changes}


def test_a_price_is_added(admin_client: Browser) -> None:
    assert admin_client.post(ADD, fields()).status_code == 302
    assert Price.objects.get(provider="acme").amount == Decimal(15)


def test_a_price_that_would_rewrite_the_past_is_refused_with_a_reason(admin_client: Browser) -> None:
    admin_client.post(ADD, fields())
    page = admin_client.post(ADD, fields(valid_from_0=f"{timezone.now() - timedelta(days=9):%Y-%m-%d}"))
    assert "the newest price" in page.content.decode()
    assert Price.objects.filter(provider="acme").count() == 1


def test_a_price_cannot_be_changed_or_deleted(admin_client: Browser) -> None:
    admin_client.post(ADD, fields())
    price = Price.objects.get(provider="acme")
    change = reverse("admin:caching_price_change", args=[price.pk])
    assert admin_client.get(change).status_code == 200
    assert admin_client.post(change, fields(amount="1")).status_code == 403
    assert admin_client.post(reverse("admin:caching_price_delete", args=[price.pk])).status_code == 403
    assert Price.objects.get(provider="acme").amount == Decimal(15)


def test_the_path_spells_names_as_they_are(admin_client: Browser) -> None:
    admin_client.post(ADD, fields())
    price = Price.objects.get(provider="acme")
    page = admin_client.get(reverse("admin:caching_price_change", args=[price.pk])).content.decode()
    assert f"{price}" in page and "Acme" not in page and "Prices" in page


def test_a_list_says_how_many_it_shows_only_if_it_leaves_some_out(admin_client: Browser) -> None:
    admin_client.post(ADD, fields())
    prices = reverse("admin:caching_price_changelist")
    assert "Show all" not in admin_client.get(prices).content.decode()
    for narrowed in ({"q": "acme"}, {"provider": "acme"}):
        page = admin_client.get(prices, narrowed).content.decode()
        assert "1 result" in page and "Show all" in page


def test_a_later_price_begins_with_what_the_earlier_one_is_for(admin_client: Browser) -> None:
    admin_client.post(ADD, fields())
    page = admin_client.get(reverse("admin:caching_price_change", args=[Price.objects.get(provider="acme").pk]))
    later = re.search(rf'href="({ADD}\?[^"]*)"', page.content.decode())
    assert later
    form = admin_client.get(html.unescape(later[1])).context["adminform"].form
    begins = {name: str(form.initial[name]) for name in ("provider", "model", "unit", "per", "currency")}
    assert begins == {name: fields()[name] for name in begins}


@pytest.mark.parametrize("model", [Call, HourlyUsage, EntryHits])
def test_amounts_of_sample_data_are_marked(admin_client: Browser, model: type) -> None:
    sample = {"currency": "XTS", "cache_type": "llm"}
    Call.objects.create(**sample, created=timezone.now(), outcome="miss", cost=Decimal("0.5"))
    HourlyUsage.objects.create(**sample, hour=timezone.now(), outcome="exact", requests=1, saved=Decimal("0.5"))
    EntryHits.objects.create(**sample, day=timezone.now().date(), key="llm:exact:a", hits=2, saved=Decimal("0.5"))
    page = admin_client.get(reverse(f"admin:caching_{model.__name__.lower()}_changelist")).content.decode()
    assert "$0.50 sample data" in page and "XTS" not in page


@pytest.mark.parametrize("model", [Call, HourlyUsage, EntryHits])
def test_the_ledger_is_only_looked_at(admin_client: Browser, model: type) -> None:
    name = f"admin:caching_{model.__name__.lower()}"
    Call.objects.create(created=timezone.now(), cache_type="llm", outcome="miss", question="Hello?")
    HourlyUsage.objects.create(hour=timezone.now(), cache_type="llm", outcome="miss", requests=3)
    EntryHits.objects.create(day=timezone.now().date(), key="llm:exact:a", hits=2)
    row = model.objects.get()  # type: ignore[attr-defined]
    assert admin_client.get(reverse(f"{name}_changelist")).status_code == 200
    assert admin_client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
    assert admin_client.post(reverse(f"{name}_add"), {}).status_code == 403
    assert admin_client.post(reverse(f"{name}_delete", args=[row.pk])).status_code == 403


@pytest.mark.parametrize("query", ["s=price", "s=price&extended=1"])
def test_staff_can_search_the_admin_twice(redis_client: redis.Redis, query: str) -> None:
    """The admin's search remembers its results, which are no JSON, in Django's cache."""
    browser = browser_of("searcher", "view_price")
    for _ in range(2):
        assert "Prices" in browser.get(f"/admin/search/?{query}").content.decode()


def test_staff_can_search_the_admin_without_redis(use_redis: Callable[[str], None]) -> None:
    use_redis("redis://127.0.0.1:1")
    assert "Prices" in browser_of("searcher", "view_price").get("/admin/search/?s=price").content.decode()
