from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.utils import timezone
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from caching import keys
from caching.ledger.daily_spending import daily
from caching.models import HourlyUsage, Price
from caching.pricing.money import Money
from caching.redis import store
from speech.api.throttling import _seconds_to_midnight
from speech.models import Client
from speech.tests.support.bad_requests import error_of

QUERY = {"query": "Hello"}
Clients = Callable[..., tuple[Client, str]]


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    daily.forget()


def caller(key: str) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def ask(key: str, query: str = "Hello", **headers: str) -> Any:
    return caller(key).post("/api/chat/", {"query": query}, format="json", headers=headers)


def spend(client: Client, amount: str, *, days_ago: int = 0) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    HourlyUsage.objects.create(
        hour=hour, cache_type="llm", outcome="miss", client=client.name, cost=amount, currency="USD"
    )


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of answers that were asked for. Other threads read other keys."""
    found: list[str] = []
    get = store.get

    def noted(key: str, *rest: Any) -> Any:
        found.extend([key] if keys.kind_of(key) == keys.EXACT else [])
        return get(key, *rest)

    monkeypatch.setattr(store, "get", noted)
    return found


def test_too_many_requests_are_refused_in_openais_words(clients: Clients) -> None:
    _, key = clients("bot", requests_per_minute=2)
    assert [ask(key).status_code for _ in range(3)] == [200, 200, 429]
    response = caller(key).post(
        "/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}, format="json"
    )
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert "x-should-retry" not in response.headers
    assert error_of(response) == {
        "message": "Rate limit reached: 2 requests per minute.",
        "type": "rate_limit_error",
        "param": None,
        "code": "rate_limit_exceeded",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/chat/"),
        ("post", "/api/tts/"),
        ("post", "/api/converse/"),
        ("post", "/v1/chat/completions"),
        ("post", "/v1/audio/speech"),
        ("post", "/v1/audio/transcriptions"),
        ("get", "/v1/models"),
        ("get", "/v1/models/demo"),
        ("get", "/api/receipts/00000000-0000-0000-0000-000000000000/"),
    ],
)
def test_every_address_counts(clients: Clients, method: str, path: str) -> None:
    _, key = clients("bot", requests_per_minute=1)
    ask(key)
    assert getattr(caller(key), method)(path).status_code == 429


def test_a_client_without_limits_pays_no_round_trip_for_them(clients: Clients, redis_client: redis.Redis) -> None:
    _, key = clients("bot")
    ask(key)
    assert redis_client.keys(f"{keys.LIMIT}:*") == []


def test_the_limits_of_one_do_not_touch_another(clients: Clients) -> None:
    (_, first), (_, second) = clients("first", requests_per_minute=1), clients("second", requests_per_minute=1)
    assert [ask(first).status_code, ask(first).status_code, ask(second).status_code] == [200, 429, 200]


def test_whoever_spent_its_budget_gets_not_even_what_is_cached(clients: Clients, looked_up: list[str]) -> None:
    client, key = clients("bot", daily_budget_usd="2.50")
    assert ask(key).status_code == 200
    spend(client, "2.50")
    daily.forget()
    assert looked_up
    looked_up.clear()
    response = ask(key)
    assert not looked_up
    assert response.status_code == 429
    assert response.headers["x-should-retry"] == "false"
    assert 0 < int(response.headers["Retry-After"]) <= 86_400
    assert (error_of(response)["type"], error_of(response)["code"]) == ("insufficient_quota",) * 2


def refused(code: str) -> float:
    return REGISTRY.get_sample_value("requests_refused_total", {"code": code}) or 0.0


def test_each_refusal_is_counted_by_its_code(clients: Clients) -> None:
    client, spent = clients("spent", daily_budget_usd="1")
    spend(client, "1")
    _, fast = clients("fast", requests_per_minute=1)
    before = refused("insufficient_quota"), refused("rate_limit_exceeded")
    assert [ask(key).status_code for key in (spent, fast, fast)] == [429, 200, 429]
    assert (refused("insufficient_quota"), refused("rate_limit_exceeded")) == (before[0] + 1, before[1] + 1)


def test_a_budget_is_named_in_full_and_ends_when_it_is_spent(clients: Clients) -> None:
    client, key = clients("bot", daily_budget_usd="2.50")
    spend(client, "2.49")
    assert ask(key).status_code == 200
    HourlyUsage.objects.filter(client=client.name, cost="2.49").update(cost="2.50")
    daily.forget()
    message = error_of(ask(key))["message"]
    assert "2.5" in message and "USD" in message


def test_a_client_without_a_budget_may_spend(clients: Clients) -> None:
    client, key = clients("bot", requests_per_minute=5)
    spend(client, "1000")
    assert ask(key).status_code == 200


def test_what_was_spent_yesterday_does_not_count(clients: Clients) -> None:
    client, key = clients("bot", daily_budget_usd="1")
    spend(client, "5", days_ago=1)
    assert ask(key).status_code == 200


def test_spending_is_noticed_at_once(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daily._amounts, "_seconds", 3600)
    Price.objects.create(provider="demo", model="*", unit="output_tokens", amount="1", per=1, source="a test")
    _, key = clients("bot", daily_budget_usd="1")
    assert [ask(key, query).status_code for query in ("one", "two")] == [200, 429]


def test_other_currencies_are_converted(clients: Clients, settings: Any) -> None:
    settings.CURRENCY_RATES = {"USD": Decimal(1), "INR": Decimal(80)}
    client, _ = clients("bot")
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    HourlyUsage.objects.create(hour=now, cache_type="llm", outcome="miss", client="bot", cost=160, currency="INR")
    spend(client, "1")
    assert daily.spent("bot") == 3


def test_it_knows_when_the_day_ends() -> None:
    assert _seconds_to_midnight(datetime(2026, 11, 23, 23, 59, 30, tzinfo=UTC)) == 30
    assert _seconds_to_midnight(datetime(2026, 11, 23, 0, 0, tzinfo=UTC)) == 86_400
    assert _seconds_to_midnight(datetime(2026, 11, 30, 21, 58, 59, 1, tzinfo=UTC)) == 7261


def test_many_at_once_spend_what_they_were_counted_for(clients: Clients) -> None:
    """`add` must not lose what two threads add at the same moment."""
    clients("bot")
    daily.spent("bot")
    barrier = threading.Barrier(8)

    def add(_: int) -> None:
        barrier.wait()
        for _ in range(200):
            daily.add("bot", Money(Decimal(1), "USD"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(8)))
    assert daily.spent("bot") == 1600
