from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import redis
from rest_framework.test import APIClient

from caching import ledger
from caching.ledger import Costs, Event
from caching.ledger.writer import writer
from caching.models import Call, HourlyUsage, Price
from caching.pricing import prices
from caching.pricing.usage import Usage
from caching.result import CacheResult
from speech import providers
from speech.accounting import Account
from speech.exceptions import ProviderUnavailable
from speech.iterators import resumed
from speech.providers.base import Speech, SpeechRequest
from speech.tests.loopback import FakeOpenAI

CHAT = {"query": "What is a cache?"}
SPEECH = {"text": "One is here. Two is there.", "language": "en"}


@pytest.fixture(autouse=True)
def priced(db: None, redis_client: redis.Redis) -> None:
    for provider, unit, amount in (
        ("demo", "input_tokens", "1"),
        ("demo", "output_tokens", "1"),
        ("espeak", "characters", "0.5"),
    ):
        Price.objects.create(provider=provider, model="*", unit=unit, amount=amount, per=1, source="a test")
    prices.forget()


def rows() -> list[tuple[str, str, int, Decimal, Decimal]]:
    assert writer.flush()
    fields = ("cache_type", "outcome", "requests", "cost", "saved")
    return list(HourlyUsage.objects.order_by("cache_type", "outcome").values_list(*fields))


def test_a_miss_shows_its_cost_and_a_hit_its_saving(api: APIClient) -> None:
    miss = api.post("/api/chat/", CHAT, format="json")
    hit = api.post("/api/chat/", CHAT, format="json")
    cost = miss.headers["X-Cost-USD"]
    assert Decimal(cost) > 0
    assert miss.json()["cost"] == {"usd": cost, "saved_usd": "0"}
    assert (hit.headers["X-Cost-USD"], hit.headers["X-Cost-Saved-USD"]) == ("0", cost)
    assert rows() == [("llm", "exact", 1, 0, Decimal(cost)), ("llm", "miss", 1, Decimal(cost), 0)]
    call = Call.objects.get()
    assert (call.question, call.client, call.level) == ("What is a cache?", "tester", "balanced")
    assert call.key == miss.json()["cache"]["key"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}], "stream": True}),
        ("/v1/responses", {"input": "Hi"}),
        ("/v1/responses", {"input": "Hi", "tools": [{"type": "web_search"}]}),
        ("/v1/responses", {"input": "Hi", "tools": [{"type": "web_search"}], "stream": True}),
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["Hi", "Ho"]}),
        ("/v1/audio/speech", {"input": "Hi."}),
    ],
)
def test_the_time_before_the_provider_is_known_of_every_miss(
    api: APIClient, fake_openai: FakeOpenAI, settings: Any, monkeypatch: pytest.MonkeyPatch, path: str, body: Any
) -> None:
    settings.PROVIDERS = {"openai": {**settings.PROVIDERS["openai"], "RESPONSES_API": "1"}}
    settings.EMBEDDING_PROVIDER = "openai"
    events: list[Event] = []
    write = ledger.record

    def record(event: Event) -> Costs:
        events.append(event)
        return write(event)

    monkeypatch.setattr(ledger, "record", record)
    for _ in range(2):
        answer = api.post(path, body, format="json")
        assert answer.status_code == 200 and (answer.getvalue() if answer.streaming else answer.content)
    miss, *others = events
    assert miss.before_provider is not None and 0 < miss.before_provider < miss.seconds
    assert answer["X-Cache"] == "HIT" and not others, "a hit asks no provider"


@pytest.mark.parametrize("codec", ["wav", "mp3"])
def test_a_text_is_billed_by_the_sentence_and_its_whole_is_worth_all_of_them(api: APIClient, codec: str) -> None:
    spoken = len("One is here.") + len("Two is there.")
    api.post("/api/tts/", {"text": "One is here.", "language": "en"}, format="json")
    partial = api.post("/api/tts/", {**SPEECH, "codec": codec}, format="json")
    assert partial.headers["X-Cost-USD"] == str(len("Two is there.") / 2)
    assert partial.headers["X-Cost-Saved-USD"] == f"{len('One is here.') / 2:g}"
    hit = api.post("/api/tts/", {**SPEECH, "codec": codec}, format="json")
    assert (hit.headers["X-Cache"], hit.headers["X-Cost-Saved-USD"]) == ("HIT", str(spoken / 2))
    assert [row[:3] for row in rows()] == [("tts", "exact", 1), ("tts", "miss", 2)]


def test_an_unknown_price_is_null_and_has_no_header(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "table", lambda: prices.PriceTable([]))
    answer = api.post("/api/chat/", CHAT, format="json")
    assert answer.json()["cost"] == {"usd": None, "saved_usd": "0"}
    assert "X-Cost-USD" not in answer.headers


def test_headers_are_in_dollars_whatever_the_pages_show(api: APIClient, settings: Any) -> None:
    in_dollars = api.post("/api/chat/", CHAT, format="json").headers["X-Cost-USD"]
    settings.DISPLAY_CURRENCY, settings.CURRENCY_RATES = "INR", {"USD": Decimal(1), "INR": Decimal(80)}
    hit = api.post("/api/chat/", CHAT, format="json")
    assert (hit.headers["X-Cost-USD"], hit.headers["X-Cost-Saved-USD"]) == ("0", in_dollars)


def test_only_if_cached_costs_nothing_and_is_counted_as_a_miss(api: APIClient) -> None:
    answer = api.post("/api/chat/", CHAT, format="json", headers={"Cache-Control": "only-if-cached"})
    assert answer.status_code == 504
    assert rows() == [("llm", "miss", 1, 0, 0)]
    assert not Call.objects.exists()


def test_a_refused_request_is_not_counted(api: APIClient) -> None:
    assert api.post("/api/chat/", {}, format="json").status_code == 400
    assert not rows()


class Half:
    """Speaks the first sentence and fails at the second."""

    def __init__(self, speak: Any) -> None:
        self.speak = speak

    def __call__(self, request: SpeechRequest) -> Speech:
        if request.text.startswith("Two"):
            raise ProviderUnavailable("no")
        speech: Speech = self.speak(request)
        return speech


@pytest.fixture
def half_broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    espeak = providers.get("espeak")
    monkeypatch.setattr(espeak, "speak", Half(espeak.speak))
    yield


def test_what_was_billed_before_a_failure_is_not_forgotten(api: APIClient, half_broken: None) -> None:
    answer = api.post("/api/tts/", SPEECH, format="json")
    assert answer.status_code == 503
    assert rows() == [("tts", "error", 1, Decimal(len("One is here.")) / 2, 0)]


RESULT: CacheResult[Any] = CacheResult(None, "miss", "")


def counted(items: int, *, fails: bool = False) -> Iterator[int]:
    """Items each of which tells the units billed so far: one more than its number."""
    yield from range(items)
    if fails:
        raise ProviderUnavailable("no")


def billed(number: int) -> Usage:
    return Usage(input_tokens=number + 1)


def account() -> Account:
    account = Account("llm", "balanced", "tester", "What?")
    account.call("demo", "demo")
    return account


def test_a_stream_is_settled_once_when_it_has_ended() -> None:
    assert list(account().metered(counted(3), RESULT, billed)) == [0, 1, 2]
    assert rows() == [("llm", "miss", 1, 3, 0)]


def test_a_stream_need_not_be_a_generator() -> None:
    assert list(account().metered(resumed(0, iter([1, 2])), RESULT, billed)) == [0, 1, 2]
    assert list(account().metered(iter([0, 1, 2]), RESULT, billed)) == [0, 1, 2]


@pytest.mark.parametrize("fails", [True, False])
def test_a_stream_that_fails_or_is_dropped_is_an_error_with_what_was_billed(fails: bool) -> None:
    items = account().metered(counted(2, fails=fails), RESULT, billed)
    next(items)
    if fails:
        with pytest.raises(ProviderUnavailable):
            list(items)
    del items
    assert rows() == [("llm", "error", 1, 2 if fails else 1, 0)]


def test_a_stream_that_fails_before_its_first_item_is_not_counted_and_another_provider_may_answer() -> None:
    mine = account()
    with pytest.raises(ProviderUnavailable):
        next(mine.metered(counted(0, fails=True), RESULT, billed))
    assert not rows()
    mine.call("espeak", "")
    list(mine.metered(counted(1), RESULT, billed))
    assert rows() == [("llm", "miss", 1, 0, 0)]


def test_a_stream_that_is_dropped_closes_the_call_that_makes_it() -> None:
    closed = []

    @contextmanager
    def call() -> Iterator[None]:
        try:
            yield
        finally:
            closed.append("call")

    def made() -> Iterator[int]:
        try:
            yield from range(3)
        finally:
            closed.append("items")

    items = account().metered(made(), RESULT, billed, call())
    next(items)
    items.close()  # type: ignore[attr-defined]  # a generator
    assert closed == ["items", "call"]
    assert rows() == [("llm", "error", 1, 1, 0)]
