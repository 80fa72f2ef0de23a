"""The page of a client shows its usage, its budgets and its rules, as far as its reader may see them."""

from __future__ import annotations

from decimal import Decimal

import pytest
import redis
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching.maintenance import text_caches
from caching.models import AuditEntry, CacheRule, Call, CuratedAnswer, EntryHits, HourlyUsage
from caching.tests.support.staff import READING, browser_of
from speech.management import forgetting
from speech.models import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_page() -> str:
    """Address of the page of a client with requests, a budget and a rule."""
    bot = Client.objects.create(name="bot", daily_budget_usd=10)
    about = {"cache_type": "llm", "client": "bot", "currency": "USD", "provider": "openai", "model": "m"}
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    HourlyUsage.objects.create(hour=hour, outcome="miss", requests=30, cost=Decimal("9"), **about)
    HourlyUsage.objects.create(hour=hour, outcome="exact", requests=70, saved=Decimal("21"), **about)
    for name, client in (("asked by it", "bot"), ("asked by another", "other")):
        EntryHits.objects.create(day=hour.date(), key=name, currency="USD", cache_type="llm", question=name, hits=7)
        Call.objects.create(created=hour, key=name, client=client, cache_type="llm", outcome="miss")
    CacheRule.objects.create(name="Prices change", client="bot", never_store=True)
    return reverse("admin:speech_client_change", args=[bot.pk])


def test_it_shows_thirty_days_budgets_questions_and_rules(admin_client: Browser, client_page: str) -> None:
    page = " ".join(admin_client.get(client_page).content.decode().split())
    for text in ("You saved $21.00 of $30.00", "70% of 100 requests", "$9.00 of $10.00", "Prices change", "API keys"):
        assert text in page, text
    assert 'class="sg-budget is-low"' in page
    assert "asked by it" in page and "asked by another" not in page


def test_it_shows_no_more_than_its_reader_may_see(client_page: str) -> None:
    figures = browser_of("figures", "view_client", "view_hourlyusage").get(client_page).content.decode()
    assert "You saved" in figures and "asked by it" not in figures
    nothing = browser_of("plain", "view_client").get(client_page).content.decode()
    assert "You saved" not in nothing and "asked by it" not in nothing
    assert browser_of("reader", *READING).get(client_page).status_code == 403


def test_an_unknown_client_is_not_found(admin_client: Browser) -> None:
    assert admin_client.get(reverse("admin:speech_client_change", args=[999]), follow=True).status_code in (200, 404)


def test_a_client_is_forgotten_in_two_steps(
    admin_client: Browser, client_page: str, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_caches, "POLL_SECONDS", 0.0)
    CuratedAnswer.objects.create(wordings="q", answer="a", client="bot", context="pinned")
    CacheRule.objects.create(name="Another's", client="other", never_store=True)
    bot = Client.objects.get(name="bot")
    address = reverse("admin:speech_client_forget", args=[bot.pk])
    assert "1 curated answers, 1 cache rules" in admin_client.get(address).content.decode()
    page = admin_client.post(address)
    bot.refresh_from_db()
    assert not bot.is_active and Call.objects.filter(client="bot").exists()
    token = page.context["form"]["off"].value()

    def confirm(name: str) -> str:
        return admin_client.post(address, {"name": name, "off": token}, follow=True).content.decode()

    assert "not the name" in confirm("bott") and "Try again in" in confirm("bot")
    assert Client.objects.exists()
    monkeypatch.setattr(forgetting, "NOTICED_SECONDS", 0.0)
    assert "Deleted bot" in confirm("bot")
    assert not Client.objects.exists() and not CuratedAnswer.objects.exists()
    assert [rule.client for rule in CacheRule.objects.all()] == ["other"]
    assert not Call.objects.filter(client="bot").exists()
    assert AuditEntry.objects.filter(change_message__startswith="Deleted a client").exists()


def test_who_may_not_delete_clients_cannot_forget_them(client_page: str) -> None:
    address = reverse("admin:speech_client_forget", args=[Client.objects.get(name="bot").pk])
    browser = browser_of("operator", "view_client", "change_client")
    assert address not in browser.get(client_page).content.decode()
    assert browser.post(address).status_code == 403
    assert Client.objects.get(name="bot").is_active
