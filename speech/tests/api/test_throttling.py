from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.urls import reverse
from django.utils import timezone
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from caching import keys
from caching.coordination import rate_limit
from caching.ledger.spending import spending, start_of_day, start_of_month
from caching.models import HourlyUsage, Price
from caching.pricing.money import Money
from caching.redis import store
from speech.api.throttling import ClientLimits
from speech.budgets import seconds_left
from speech.exceptions import BudgetSpent, TooManyRequests
from speech.models import Client
from speech.tests.support.bad_requests import error_of
from speech.urls import urlpatterns

QUERY = {"query": "Hello"}
Clients = Callable[..., tuple[Client, str]]


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    spending.forget()


def caller(key: str) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def ask(key: str, query: str = "Hello", **headers: str) -> Any:
    return caller(key).post("/api/chat/", {"query": query}, format="json", headers=headers)


def spent_today(name: str) -> Decimal:
    return spending.spent(name, start_of_day(timezone.now()))


def spend(client: Client, amount: str, *, days_ago: int = 0, outcome: str = "miss") -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    HourlyUsage.objects.create(
        hour=hour, cache_type="llm", outcome=outcome, client=client.name, cost=amount, currency="USD"
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


def test_a_spent_budget_refuses_what_can_cost_and_nothing_else(clients: Clients) -> None:
    client, key = clients("bot", daily_budget_usd="1")
    spend(client, "1")
    id = "00000000-0000-0000-0000-000000000000"
    refused: set[str] = set()
    served: set[str] = set()
    for pattern in urlpatterns:
        view: Any = getattr(pattern.callback, "cls", None)
        for method in {"get", "post", "delete"} & set(view.http_method_names if view else ()):
            if hasattr(view, method):
                path = reverse(pattern.name, kwargs=dict.fromkeys(pattern.pattern.regex.groupindex, id))
                answer = getattr(caller(key), method)(path, {"id": id, "correct": True}, format="json")
                is_spent = answer.status_code == 429 and error_of(answer)["code"] == "insufficient_quota"
                (refused if is_spent else served).add(f"{method} {pattern.name}")
    paying = "chat tts converse v1-chat-completions v1-responses v1-audio-speech v1-transcriptions v1-translations"
    assert refused == {f"post {name}" for name in [*paying.split(), "v1-embeddings"]}
    assert served >= {"get v1-models", "get v1-model", "get v1-response", "delete v1-response", "post feedback"}


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
    spending.forget()
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


def allowed(client: Any, method: str = "POST", **view: Any) -> bool:
    request: Any = SimpleNamespace(user=client, method=method)
    shown: Any = SimpleNamespace(**view)
    return ClientLimits().allow_request(request, shown)


@pytest.mark.parametrize(
    ("budgets", "period", "resets"),
    [
        ({"daily": 1}, "daily", "at midnight"),
        ({"daily": 1, "monthly": 5}, "monthly", "on the first of the month at midnight"),
        ({"daily": 1, "monthly": 50}, "daily", "at midnight"),
    ],
)
def test_the_spent_budget_that_resets_last_is_named(
    clients: Clients, budgets: dict[str, int], period: Any, resets: str
) -> None:
    client, _ = clients("bot", **{f"{name}_budget_usd": limit for name, limit in budgets.items()})
    spend(client, "5")
    before = seconds_left(period, timezone.now())
    with pytest.raises(BudgetSpent) as refusal:
        allowed(client)
    assert str(refusal.value) == f"The {period} budget of {budgets[period]} USD is spent. It resets {resets} UTC."
    assert before - 60 < (refusal.value.retry_after or 0) <= before + 1
    assert [allowed(client, "GET"), allowed(client, is_free=True), allowed(None)] == [True, True, True]


@pytest.mark.parametrize(("waiting", "retry_after"), [(0.5, 1), (59.1, 60)])
def test_a_client_waits_for_whole_seconds(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, waiting: float, retry_after: int
) -> None:
    client, _ = clients("bot", requests_per_minute=3)
    monkeypatch.setattr(rate_limit, "take", lambda name, most: waiting if (name, most) == (client.holder, 3) else 0)
    with pytest.raises(TooManyRequests, match=r"Rate limit reached: 3 requests per minute\.") as refusal:
        allowed(client)
    assert refusal.value.retry_after == retry_after


def test_a_budget_is_named_in_full_and_ends_when_it_is_spent(clients: Clients) -> None:
    client, key = clients("bot", daily_budget_usd="2.50")
    spend(client, "2.49")
    assert ask(key).status_code == 200
    HourlyUsage.objects.filter(client=client.name, cost="2.49").update(cost="2.50")
    spending.forget()
    assert "daily budget of 2.5 USD" in error_of(ask(key))["message"]


def test_a_client_without_a_budget_may_spend(clients: Clients) -> None:
    client, key = clients("bot", requests_per_minute=5)
    spend(client, "1000")
    assert ask(key).status_code == 200


def test_what_was_spent_yesterday_does_not_count(clients: Clients) -> None:
    client, key = clients("bot", daily_budget_usd="1")
    spend(client, "5", days_ago=1)
    assert ask(key).status_code == 200


def test_spending_is_noticed_at_once(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spending._amounts, "_seconds", 3600)
    Price.objects.create(provider="demo", model="*", unit="output_tokens", amount="1", per=1, source="a test")
    _, key = clients("bot", daily_budget_usd="1")
    assert [ask(key, query).status_code for query in ("one", "two")] == [200, 429]


def test_other_currencies_are_converted(clients: Clients, settings: Any) -> None:
    settings.CURRENCY_RATES = {"USD": Decimal(1), "INR": Decimal(80)}
    client, _ = clients("bot")
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    HourlyUsage.objects.create(hour=now, cache_type="llm", outcome="miss", client="bot", cost=160, currency="INR")
    spend(client, "1")
    assert spent_today("bot") == 3


def test_a_monthly_budget_counts_the_days_before_too(clients: Clients) -> None:
    client, key = clients("bot", monthly_budget_usd="10", daily_budget_usd="100")
    start = start_of_month(timezone.now())
    usage = {"cache_type": "llm", "outcome": "miss", "client": client.name, "currency": "USD"}
    HourlyUsage.objects.create(hour=start - timedelta(hours=1), cost=50, **usage)
    HourlyUsage.objects.create(hour=start, cost="9.99", **usage)
    assert ask(key).status_code == 200
    HourlyUsage.objects.create(hour=start, cost="0.01", provider="demo", **usage)
    spending.forget()
    response = ask(key)
    assert (response.status_code, error_of(response)["code"]) == (429, "insufficient_quota")
    assert 0 < int(response.headers["Retry-After"]) <= 31 * 86_400


def test_a_header_warns_from_eighty_percent_on(clients: Clients) -> None:
    client, key = clients("bot", daily_budget_usd="10", monthly_budget_usd="9.5")
    spend(client, "7.59")
    assert "X-Budget-Warning" not in ask(key).headers
    spend(client, "0.41", outcome="bypass")
    spending.forget()
    assert ask(key).headers["X-Budget-Warning"] == "daily 80%, monthly 84%"
    converse = caller(key).post("/api/converse/", QUERY, format="json")
    assert converse.headers["X-Budget-Warning"] == "daily 80%, monthly 84%"
    # A stream that nobody reads would write its receipt in another test.
    assert b"".join(converse)


def test_whoever_must_not_see_hits_sees_no_share_of_its_budget(clients: Clients, settings: Any) -> None:
    settings.HIDE_CACHE_STATUS = True
    client, key = clients("bot", daily_budget_usd="10", shared_scope=True)
    spend(client, "9")
    assert "X-Budget-Warning" not in ask(key).headers


def test_own_spending_counts_for_the_month_at_once(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spending._amounts, "_seconds", 3600)
    Price.objects.create(provider="demo", model="*", unit="output_tokens", amount="1", per=1, source="a test")
    _, key = clients("bot", monthly_budget_usd="1")
    assert [ask(key, query).status_code for query in ("one", "two")] == [200, 429]


def test_many_at_once_spend_what_they_were_counted_for(clients: Clients) -> None:
    """`add` must not lose what two threads add at the same moment."""
    clients("bot")
    spent_today("bot")
    barrier = threading.Barrier(8)

    def add(_: int) -> None:
        barrier.wait()
        for _ in range(200):
            spending.add("bot", Money(Decimal(1), "USD"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(8)))
    assert spent_today("bot") == 1600
