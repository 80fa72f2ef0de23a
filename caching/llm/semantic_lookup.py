"""Answers to earlier questions that mean the same, for the questions that may be answered so."""

from __future__ import annotations

import logging
import time

from django.conf import settings

from caching import keys, ledger, metrics
from caching.coordination import rate_limit
from caching.entry import CacheEntry
from caching.feedback import judge_worker
from caching.feedback.sync import follower
from caching.feedback.types import Case
from caching.ledger import Event
from caching.llm.entry import WholeAnswer, from_value
from caching.llm.request import HARMLESS_PARAMS, ChatQuery, text_of
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redaction import excerpt
from caching.redis import store
from caching.semantic.cache import Asked, Match, tier
from caching.semantic.embedders.base import BaseEmbedder
from caching.semantic.replication import Event as IndexEvent
from caching.semantic.text.reader import read

logger = logging.getLogger(__name__)

MOST_CHARACTERS = 1000
"""A longer text is not even read: forty words are shorter."""


def prepare() -> None:
    """Load what the first question would wait half a second for. Called when a server starts."""
    if store.enabled() and settings.SEMANTIC_MODE != "off":
        tier()
        follower.start()


def find(query: ChatQuery, policy: Policy) -> tuple[CacheEntry[WholeAnswer], Match] | None:
    """An answer that may be served for `question`. In shadow mode it is counted and logged, and not returned."""
    asked = _asked(query) if policy.read and store.available() else None
    if asked is None:
        return None
    match = tier().find(asked, policy.level)
    count_embeddings(tier().matcher.embedder)
    if match is None or match.answer_key == query.key:
        return None
    if not (match.serves or settings.SEMANTIC_PROMOTE):
        return None
    entry = _entry_of(match, asked, policy)
    if entry is None:
        return None
    if policy.write:
        # What must leave no trace is shown to no judge.
        judge_worker.offer(_case(query, policy, asked, match, entry))
    if not match.serves:
        return None
    metrics.SEMANTIC.labels(policy.level, match.tier, settings.SEMANTIC_MODE).inc()
    logger.info("Same meaning (%.3f): %s", match.probability, excerpt(match.question))
    if settings.SEMANTIC_MODE != "on":
        _count_as_shadow(query, policy, match)
        return None
    if match.tier == "semantic" and policy.write and rate_limit.within(policy.quota):
        tier().alias(asked, match, max(1, entry.ttl - entry.age), {"by": query.asked_by})
    return entry, match


def commands(query: ChatQuery, policy: Policy) -> tuple[IndexEvent | None, list[store.Command]]:
    """Return the commands that let other questions find the answer to `query`, and the event to give to `index`."""
    asked = _asked(query)
    if asked is None:
        return None, []
    about = {"level": policy.level, "by": query.asked_by, "created": round(time.time(), 3)}
    return tier().commands(asked, query.key, policy.ttl("llm"), about)


def index(event: IndexEvent) -> None:
    """Finish what `commands` began, once Redis has taken them."""
    tier().index(event)
    count_embeddings(tier().matcher.embedder)


def count_embeddings(embedder: BaseEmbedder) -> None:
    """What a provider billed for embeddings is a cost of the cache itself."""
    if tokens := embedder.take_billed():
        ledger.record_overhead("llm", embedder.name, embedder.version, Usage(input_tokens=tokens))


def _asked(query: ChatQuery) -> Asked | None:
    last = query.messages[-1] if query.messages else {}
    if settings.SEMANTIC_MODE == "off" or last.get("role") != "user" or not isinstance(last.get("content"), str):
        return None
    if query.word_for_word or not last.keys() <= {"role", "content"} or not set(query.params) <= HARMLESS_PARAMS:
        return None
    if len(last["content"]) > MOST_CHARACTERS or read(last["content"]) is None:
        return None
    return Asked(keys.digest({**query.identity, "messages": query.messages[:-1]})[:16], last["content"])


def _entry_of(match: Match, asked: Asked, policy: Policy) -> CacheEntry[WholeAnswer] | None:
    value = store.get(match.answer_key)
    entry = from_value(match.answer_key, value) if value is not None else None
    if entry is None:
        # Evicted from Redis, or removed, while it still stood in the tier.
        tier().forget(match.answer_key, asked if match.tier == "normalized" else None)
        return None
    return entry if entry.accepted_by(policy) else None


def _case(query: ChatQuery, policy: Policy, asked: Asked, match: Match, entry: CacheEntry[WholeAnswer]) -> Case:
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


def _count_as_shadow(query: ChatQuery, policy: Policy, match: Match) -> None:
    ledger.record(
        Event(
            "llm",
            "shadow",
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
