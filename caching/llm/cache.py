"""Cache of chat answers, whole or streamed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any, TypeVar

from django.conf import settings

from caching import metrics, result
from caching.coordination import rate_limit, single_flight
from caching.coordination.background import drain
from caching.entry import CacheEntry, seconds_in_redis
from caching.llm import semantic_lookup
from caching.llm.entry import Answer, WholeAnswer, from_value, is_cacheable, spoken_by, to_value
from caching.llm.request import ChatQuery
from caching.llm.stream import Accumulator, Chunk, Different, replay, rest_of
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redaction import excerpt
from caching.redis import store
from caching.result import CacheResult, with_value
from caching.semantic.cache import Match

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """The provider call that answers a miss."""

    whole: Callable[[], Answer]
    stream: Callable[[], Iterator[Chunk]]
    failures: single_flight.Failures
    patience: float
    """Seconds without a sign of life after which a follower gives up on its leader."""


def answer(query: ChatQuery, policy: Policy, source: Source) -> CacheResult[Answer]:
    """Return the cached answer, or the one of `source`, which is then stored as far as `policy` allows.

    Errors of `source` pass through and leave nothing stored. Raises NothingCached.
    """
    return find(query, policy) or ask(query, policy, source)


def ask(query: ChatQuery, policy: Policy, source: Source) -> CacheResult[Answer]:
    """Return the answer to a query that `find` has not found."""
    try:
        return _collect(query, policy, *_work(query, policy, source, _whole_items))
    except single_flight.LeaderLost:
        # Nothing of its answer has been given out here, so the question can be asked once more.
        return _collect(query, policy, *_work(query, policy, source, _whole_items))


def stream(query: ChatQuery, policy: Policy, source: Source) -> CacheResult[Iterator[Chunk]]:
    """Return the same as a stream, once its first chunk is there; it is stored when it has ended properly.

    If the consumer closes the stream early, the rest is read in the background. A follower whose leader dies in
    mid-answer asks again and goes on where it was; if the second answer differs, reading raises LeaderLost.
    """
    found = find(query, policy)
    return as_stream(found) if found else ask_for_stream(query, policy, source)


def ask_for_stream(query: ChatQuery, policy: Policy, source: Source) -> CacheResult[Iterator[Chunk]]:
    """Return the stream for a query that `find` has not found."""

    def ask() -> tuple[bool, Iterator[bytes]]:
        return _work(query, policy, source, _streamed_items)

    leads, items = ask()
    first = next(items)
    if "entry" in (item := json.loads(first)):
        # To its end, so that its followers hear of it.
        next(items, None)
        return as_stream(_hit(query, policy, _entry_of(item)))
    return _miss(query, policy, _resumable(_chunks(first, items, leads), ask), leads=leads)


def find(query: ChatQuery, policy: Policy) -> CacheResult[WholeAnswer] | None:
    """Return a hit, exact or semantic. Raises NothingCached if `policy` allows nothing else."""
    if found := lookup(query, policy):
        return _hit(query, policy, found)
    if similar := semantic_lookup.find(query, policy):
        return _hit(query, policy, *similar)
    result.require_provider_allowed("llm", policy, subject=_subject(query, policy))
    return None


def lookup(query: ChatQuery, policy: Policy) -> CacheEntry[WholeAnswer] | None:
    """Return the entry of exactly this query if `policy` reads the cache and accepts its age."""
    return _accepted(query, policy, store.get(query.key) if policy.read else None)


def stale(query: ChatQuery, policy: Policy) -> CacheResult[WholeAnswer] | None:
    """Return an answer past its time to live, for when no provider gives a fresh one (RFC 5861)."""
    policy = replace(policy, stale=True)
    found = lookup(query, policy) if settings.STALE_IF_ERROR_SECONDS else None
    return _hit(query, policy, found) if found else None


def as_stream(found: CacheResult[WholeAnswer]) -> CacheResult[Iterator[Chunk]]:
    return with_value(found, _replay(found.value))


def remember(query: ChatQuery, fresh: Answer, policy: Policy) -> bool:
    """Store an answer unless it must not be stored; return True if Redis took it."""
    if not (policy.write and is_cacheable(fresh) and query.storable(spoken_by(fresh))):
        return False
    if not rate_limit.within(policy.quota):
        return False
    value = to_value(query, fresh, policy)
    command = store.putting(query.key, value, seconds_in_redis(value))
    stored = command is not None and semantic_lookup.remember(query, policy, command)
    if stored:
        metrics.STORES.labels("llm", policy.level).inc()
    return stored


def _accepted(query: ChatQuery, policy: Policy, value: Mapping[str, Any] | None) -> CacheEntry[WholeAnswer] | None:
    entry = from_value(query.key, value) if value is not None else None
    return entry if entry and entry.accepted_by(policy) else None


Produce = Callable[[ChatQuery, Policy, Source], Iterator[bytes]]


def _work(query: ChatQuery, policy: Policy, source: Source, produce: Produce) -> tuple[bool, Iterator[bytes]]:
    """Call the source, or follow an identical call in flight. Return `(leads, items)`."""
    if not (policy.read and policy.write):
        # This caller wants an answer of its own, or one that leaves no trace.
        return True, produce(query, policy, source)

    def unless_answered(seen: bytes | None) -> Iterator[bytes]:
        # Another caller may have asked, and stored the answer, since the look-up.
        if entry := _accepted(query, policy, store.decoded(query.key, seen)):
            yield _item("entry", {**asdict(entry.value), **_envelope_of(entry)})
        else:
            yield from produce(query, policy, source)

    return single_flight.share(
        query.key,
        unless_answered,
        failures=source.failures,
        patience=source.patience,
        look=store.getting(query.key),
    )


# What passes from whoever asks to all who wait, as JSON objects with one name: `entry` (it was in the cache by now),
# `answer` (the whole of it), or `chunk` (a part of it).


def _whole_items(query: ChatQuery, policy: Policy, source: Source) -> Iterator[bytes]:
    fresh = source.whole()
    stored = remember(query, fresh, policy)
    yield _item("answer", {"choices": fresh.choices, "model": fresh.model, "usage": fresh.usage}, stored=stored)


def _streamed_items(query: ChatQuery, policy: Policy, source: Source) -> Iterator[bytes]:
    whole = Accumulator()
    for chunk in source.stream():
        whole.feed(chunk)
        yield _item("chunk", chunk)
    remember(query, whole.answer(), policy)


def _item(name: str, value: Any, **more: Any) -> bytes:
    return json.dumps({name: value, **more}).encode()


def _envelope_of(entry: CacheEntry[WholeAnswer]) -> dict[str, Any]:
    return {"created": entry.created, "ttl": entry.ttl, "level": entry.level, "kept": entry.kept}


def _entry_of(item: Mapping[str, Any]) -> CacheEntry[WholeAnswer]:
    fields = dict(item["entry"])
    value = WholeAnswer(fields.pop("choices"), fields.pop("model"), fields.pop("usage"))
    return CacheEntry(value, Usage.from_tokens(value.usage), **fields)


def _collect(query: ChatQuery, policy: Policy, leads: bool, items: Iterator[bytes]) -> CacheResult[Answer]:
    whole = Accumulator()
    answer: WholeAnswer | None = None
    stored = False
    for item in map(json.loads, items):
        if "chunk" in item:
            whole.feed(item["chunk"])
        elif "answer" in item:
            answer, stored = WholeAnswer(**item["answer"]), item["stored"]
        else:
            entry = _entry_of(item)
            next(items, None)
            return _hit(query, policy, entry)
    if answer is None:
        answer, stored = whole.answer(), is_cacheable(whole.answer())
    return _miss(query, policy, answer, leads=leads, stored=stored, usage=Usage.from_tokens(answer.usage))


def _resumable(chunks: Iterator[Chunk], ask: Callable[[], tuple[bool, Iterator[bytes]]]) -> Iterator[Chunk]:
    given = Accumulator()
    try:
        with closing(chunks):  # type: ignore[type-var]  # a generator, whatever its annotation
            for chunk in chunks:
                given.feed(chunk)
                yield chunk
    except single_flight.LeaderLost as lost:
        leads, items = ask()
        try:
            yield from rest_of(given.answer(), _chunks(next(items), items, leads))
        except Different:
            raise lost from None


def _chunks(first: bytes, rest: Iterator[bytes], leads: bool) -> Iterator[Chunk]:
    try:
        for item in map(json.loads, chain([first], rest)):
            yield from [item["chunk"]] if "chunk" in item else _replay(_whole(item))
    except GeneratorExit:
        if leads:
            drain(rest)
        raise


def _whole(item: Mapping[str, Any]) -> Answer:
    return _entry_of(item).value if "entry" in item else WholeAnswer(**item["answer"])


def _replay(answer: Answer) -> Iterator[Chunk]:
    return replay(answer.choices, model=answer.model, usage=answer.usage, id=f"chatcmpl-{uuid.uuid4().hex}")


def _hit(
    query: ChatQuery, policy: Policy, entry: CacheEntry[WholeAnswer], matched: Match | None = None
) -> CacheResult[WholeAnswer]:
    key = matched.answer_key if matched else query.key
    return result.hit("llm", key, policy, entry, subject=_subject(query, policy), matched=matched)


def _miss(query: ChatQuery, policy: Policy, value: T, **more: Any) -> CacheResult[T]:
    return result.miss("llm", query.key, policy, value, subject=_subject(query, policy), **more)


def _subject(query: ChatQuery, policy: Policy) -> str:
    return f"query: {excerpt(query.text if policy.write else '')}"
