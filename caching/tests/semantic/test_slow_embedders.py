"""Embedders that cost money or time: waited for only so long, paid once for each text, and counted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from decimal import Decimal
from typing import Any

import pytest
import redis

from caching.ledger.writer import writer
from caching.llm import semantic_lookup
from caching.models import HourlyUsage
from caching.policy import Policy
from caching.semantic.cache import SemanticQuery, Tier, forget_tier
from caching.semantic.embedders import ngrams
from caching.semantic.embedders._bounded import THREADS, Bounded
from caching.semantic.embedders.base import EmbeddingError, Vectors
from caching.tests.support.embeddings import Embeddings
from caching.tests.support.paraphrases import question, remember
from speechsite.tests.support.waiting import wait_until

ASKED = SemanticQuery("scope", "what is my balance")


@pytest.fixture
def provider(embeddings: Embeddings, settings: Any, redis_client: redis.Redis) -> Embeddings:
    embeddings.choose(settings)
    return embeddings


def test_several_workers_and_a_restart_pay_once_for_a_text(provider: Embeddings, worker: Callable[[], Tier]) -> None:
    one, other = worker(), worker()
    assert one.find(ASKED, "balanced") is None
    remember(one, ASKED, "llm:exact:1")
    wait_until(lambda: len(one.matcher.index) == len(other.matcher.index) == 1)
    restarted = worker()
    wait_until(lambda: len(restarted.matcher.index) == 1)
    assert provider.texts == ["what is my balance"]
    (near,) = restarted.matcher.index.search(one.matcher.vector(ASKED.text), "scope", 1)
    assert near.similarity == pytest.approx(1, abs=1e-3)


def test_another_embedder_does_not_take_its_vectors(
    provider: Embeddings, worker: Callable[[], Tier], settings: Any
) -> None:
    one = worker()
    remember(one, ASKED, "llm:exact:1")
    wait_until(lambda: len(one.matcher.index) == 1)
    settings.SEMANTIC_EMBEDDER_OPTIONS = {**settings.SEMANTIC_EMBEDDER_OPTIONS, "MODEL": "another"}
    changed = worker()
    assert changed._reader is not None and changed._reader.caught_up.wait(30)
    assert len(changed.matcher.index) == 0
    assert len(provider.texts) == 1


def test_one_that_is_slow_means_a_miss_and_what_it_says_late_is_kept(
    provider: Embeddings, worker: Callable[[], Tier], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SEMANTIC_TIMEOUT_MS, provider.delay = 50, 0.5
    one = worker()
    with caplog.at_level(logging.WARNING):
        assert one.find(ASKED, "balanced") is None
    assert "longer than 50 ms" in caplog.text
    wait_until(lambda: _in_time(one))
    assert provider.texts == ["what is my balance"]


class Blocked(ngrams.Embedder):
    """Says nothing until it is let go on."""

    def __init__(self) -> None:
        super().__init__({})
        self.go_on = threading.Event()

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.go_on.wait()
        return super().embed(texts)


def test_who_waits_for_the_text_of_somebody_who_gave_up_is_told_so_too() -> None:
    blocked = Blocked()
    embedder = Bounded(blocked, 0.5)
    told: list[BaseException] = []

    def ask(text: str) -> None:
        try:
            embedder.embed([text])
        except (EmbeddingError, CancelledError) as error:
            told.append(error)

    busy = [embedder._asked(f"text {number}") for number in range(THREADS)]
    asking = [threading.Thread(target=ask, args=("the same",)) for _ in range(2)]
    for thread in asking:
        thread.start()
        # The first one stops waiting while the second one still does.
        time.sleep(0.2)
    for thread in asking:
        thread.join(30)
    blocked.go_on.set()
    assert [type(error) for error in told] == [EmbeddingError] * 2
    assert busy and all(len(future.result(30)) == 1 for future in busy)


def _in_time(tier: Tier) -> bool:
    future = tier.matcher.embedder._asked("what is my balance")  # type: ignore[attr-defined]
    return bool(future.done())


@pytest.mark.parametrize("status", [401, 429, 500])
def test_one_that_fails_means_a_miss_and_nothing_else(
    provider: Embeddings, worker: Callable[[], Tier], status: int
) -> None:
    provider.status = status
    one = worker()
    assert one.find(ASKED, "balanced") is None
    remember(one, ASKED, "llm:exact:1")
    provider.status = 200
    assert one.find(ASKED, "quality") is not None, "the same wording needs no vector"


@pytest.mark.django_db
def test_what_it_bills_is_a_cost_of_the_cache_itself(provider: Embeddings) -> None:
    forget_tier()
    try:
        assert semantic_lookup.find(question("what is my balance"), Policy("balanced")) is None
    finally:
        forget_tier()
    assert writer.flush()
    row = HourlyUsage.objects.get()
    assert (row.provider, row.model, row.requests) == ("openai", "text-embedding-3-small", 0)
    assert row.input_tokens == 4
    assert row.cost == row.overhead == -row.saved == Decimal("0.00000008")
