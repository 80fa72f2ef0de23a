"""Semantic look-up of an answer: eligibility, feedback and shadow mode around `caching.semantic`."""

from __future__ import annotations

import logging
import time
from typing import Literal

from django.conf import settings

from caching import ledger, metrics, tracing
from caching.coordination import rate_limit
from caching.entry import CacheEntry
from caching.feedback import judge_worker
from caching.feedback.sync import verdict_sync
from caching.feedback.types import Case
from caching.ledger import Event
from caching.llm.entry import WholeAnswer, from_value
from caching.llm.request import ChatQuery, text_of
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redaction import excerpt
from caching.redis import store
from caching.semantic.cache import Match, SemanticQuery, tier
from caching.semantic.embedders.base import BaseEmbedder
from caching.semantic.replication import IndexEvent
from caching.semantic.text.analysis import analyse

logger = logging.getLogger(__name__)


def prepare() -> None:
    """Load the model and the index, half a second's work. Called when a server starts."""
    if store.enabled() and settings.SEMANTIC_MODE != "off":
        tier()
        analyse("What is a cache?")
        verdict_sync.start()


@tracing.step("cache.lookup", tier="semantic")
def find(query: ChatQuery, policy: Policy) -> tuple[CacheEntry[WholeAnswer], Match] | None:
    """Return the answer to an earlier query of the same meaning. In shadow mode it is recorded, and not returned."""
    asked = query.semantic if policy.read and store.available() else None
    if asked is None:
        return None
    semantic = tier()
    match = semantic.find(asked, policy.level, policy.threshold)
    count_embeddings(semantic.matcher.embedder)
    if match is None or match.answer_key == query.key:
        return None
    serves = match.serves
    if not serves and policy.write:
        _record(query, policy, match, "near")
    entry = _entry_of(match, asked, policy) if serves or settings.SEMANTIC_PROMOTE else None
    if entry is None:
        return None
    if policy.write:
        # A request that must leave no trace is shown to no judge.
        judge_worker.offer(_case(query, policy, asked, match, entry))
    if not serves:
        return None
    metrics.SEMANTIC.labels(policy.level, match.tier, settings.SEMANTIC_MODE).inc()
    logger.info("Same meaning (%.3f): %s", match.probability, excerpt(match.question))
    if settings.SEMANTIC_MODE != "on":
        _record(query, policy, match, "shadow")
        return None
    if match.tier == "semantic" and policy.write and rate_limit.within(policy.quota):
        semantic.alias(asked, match, max(1, entry.ttl - entry.age), {"by": query.asked_by})
    return entry, match


def commands(query: ChatQuery, policy: Policy) -> tuple[IndexEvent | None, list[store.Command]]:
    """Return the commands that let other questions find the answer to `query`, and the event to give to `index`."""
    if query.semantic is None:
        return None, []
    about = {"level": policy.level, "by": query.asked_by, "created": round(time.time(), 3)}
    return tier().commands(query.semantic, query.key, policy.ttl("llm"), about)


def index(event: IndexEvent) -> None:
    """Finish what `commands` began, once Redis has taken them."""
    tier().index(event)
    count_embeddings(tier().matcher.embedder)


def count_embeddings(embedder: BaseEmbedder) -> None:
    """Record units billed for embeddings as overhead of the cache."""
    if tokens := embedder.take_billed():
        ledger.record_overhead("llm", embedder.name, embedder.version, Usage(input_tokens=tokens))


def _entry_of(match: Match, asked: SemanticQuery, policy: Policy) -> CacheEntry[WholeAnswer] | None:
    value = store.get(match.answer_key)
    if value is None:
        # Evicted from Redis, or deleted, while it still stood in the index.
        tier().forget(match.answer_key, asked if match.tier == "normalized" else None)
        return None
    return from_value(match.answer_key, value, policy)


def _case(query: ChatQuery, policy: Policy, asked: SemanticQuery, match: Match, entry: CacheEntry[WholeAnswer]) -> Case:
    return Case(
        asked=asked,
        match=match,
        answer=text_of(entry.value.choices[0]["message"]),
        history=query.messages[:-1],
        level=policy.level,
        client=query.asked_by,
        ttl=max(1, entry.ttl - entry.age),
        given=match.serves and settings.SEMANTIC_MODE == "on",
    )


def _record(query: ChatQuery, policy: Policy, match: Match, outcome: Literal["shadow", "near"]) -> None:
    """Record a match that was not served, for reviews."""
    ledger.record(
        Event(
            "llm",
            outcome,
            Usage(),
            level=policy.level,
            provider=query.provider,
            model=query.model,
            client=query.asked_by,
            key=match.answer_key,
            question=query.text if policy.write else "",
            matched=match.question,
            similarity=match.similarity,
            probability=match.probability,
            reasons=match.reasons,
            match=match.id,
            pair=match.pair,
        )
    )
