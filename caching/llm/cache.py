"""Cache of chat answers, whole or streamed."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, TypeVar, cast

from django.conf import settings

from caching import metrics, result, tracing
from caching.background import drain
from caching.coordination import rate_limit, single_flight
from caching.entry import CacheEntry, Fresh, seconds_in_redis
from caching.llm import semantic_lookup
from caching.llm.entry import (
    Answer,
    WholeAnswer,
    from_value,
    has_whole_json,
    is_cacheable,
    is_plain,
    spoken_by,
    to_value,
)
from caching.llm.merging import Unassembled
from caching.llm.request import ChatQuery
from caching.llm.resume import Different, rest_of
from caching.llm.stream import Chunk, is_replayable, joined, replay
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redaction import excerpt
from caching.redis import store
from caching.result import CacheResult, with_value
from caching.semantic.cache import Match

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """The provider call that answers a miss."""

    whole: Callable[[], Answer]
    stream: Callable[[], Iterator[Chunk]]
    failures: single_flight.Failures
    patience: float
    """Seconds without a sign of life after which a follower gives up on its leader."""


# An item of a single flight: part of an answer, all of it, or an entry that was stored since the look-up.
Item = Chunk | Fresh[Answer] | CacheEntry[WholeAnswer]


def find(query: ChatQuery, policy: Policy) -> CacheResult[WholeAnswer] | None:
    """Return a hit, exact or semantic. Raises NothingCached if `policy` allows nothing else."""
    if found := _exact(query, policy):
        return _hit(query, policy, found)
    if similar := semantic_lookup.find(query, policy):
        return _hit(query, policy, *similar)
    result.leave_lookup("llm", policy, subject=lambda: _subject(query, policy))
    return None


@tracing.step("cache.lookup", tier="exact")
def _exact(query: ChatQuery, policy: Policy) -> CacheEntry[WholeAnswer] | None:
    value = store.get(query.key) if policy.read else None
    found = from_value(query.key, value, policy) if value is not None else None
    tracing.note(hit=found is not None)
    return found


def ask(query: ChatQuery, policy: Policy, source: Source) -> CacheResult[Answer]:
    """Return the answer of `source` to a query that `find` has not found, and store it as far as `policy` allows.

    Errors of `source` pass through and leave nothing stored. Raises LeaderSilent and LeaderLost.
    """
    try:
        return _collect(query, policy, source, *_share(query, policy, source, _whole))
    except single_flight.LeaderLost:
        # Nothing of its answer has been given out here, so the question can be asked once more.
        return _collect(query, policy, source, *_share(query, policy, source, _whole))


def ask_for_stream(query: ChatQuery, policy: Policy, source: Source) -> CacheResult[Iterator[Chunk]]:
    """Return the same as a stream, once its first chunk is there; it is stored when it has ended properly.

    If the consumer closes the stream early, the rest is read in the background. A follower whose leader dies in
    mid-answer asks again and goes on where it was; if the second answer differs, reading raises LeaderLost. The chunks
    must not be changed: they may still be sent to followers.
    """

    def share() -> tuple[bool, Iterator[Item]]:
        return _share(query, policy, source, _streamed)

    leads, items = share()
    first = next(items)
    if isinstance(first, CacheEntry):
        # To its end, so that followers hear of it.
        next(items, None)
        return as_stream(_hit(query, policy, first))
    chunks = _chunks(leads, items, first)
    return _miss(query, policy, chunks if leads else _resumable(chunks, share), leads=leads)


def stale(query: ChatQuery, policy: Policy) -> CacheResult[WholeAnswer] | None:
    """Return an answer past its time to live, for when no provider gives a fresh one (RFC 5861)."""
    policy = replace(policy, stale=True)
    value = store.get(query.key) if policy.read and settings.STALE_IF_ERROR_SECONDS else None
    found = from_value(query.key, value, policy) if value is not None else None
    return _hit(query, policy, found) if found else None


def as_stream(found: CacheResult[WholeAnswer]) -> CacheResult[Iterator[Chunk]]:
    return with_value(found, _replay(found.value))


@tracing.step("cache.store")
def remember(query: ChatQuery, fresh: Answer, policy: Policy, write: store.Write = store.write) -> bool:
    """Store an answer by `write` unless it must not be stored; return True if Redis took it."""
    if not (policy.write and _is_worth_storing(query, fresh) and query.storable(spoken_by(fresh))):
        return False
    if not is_plain(fresh.choices) and not is_replayable(fresh):
        return _not_stored("replay", "its replay would be another answer")
    if not rate_limit.within(policy.quota):
        return False
    value = to_value(query, fresh, policy)
    command = store.putting(query.key, value, seconds_in_redis(value))
    if command is None:
        return False
    event, semantic_commands = semantic_lookup.commands(query, policy)
    if not write([command, *semantic_commands]):
        return False
    metrics.STORES.labels("llm", policy.level).inc()
    if event:
        semantic_lookup.index(event)
    return True


def _is_worth_storing(query: ChatQuery, answer: Answer) -> bool:
    return is_cacheable(answer) and has_whole_json(answer, query.params)


def _not_stored(reason: str, why: object) -> bool:
    """Count an answer that is passed on and cannot be stored; return False."""
    metrics.NOT_STORED.labels("llm", reason).inc()
    logger.warning("An answer is not stored: %s", why)
    return False


Produce = Callable[[ChatQuery, Policy, Source, store.Write], Iterator[Item]]


def _share(query: ChatQuery, policy: Policy, source: Source, produce: Produce) -> tuple[bool, Iterator[Item]]:
    """Call the source, or follow an identical call in flight. Return `(leads, items)`."""
    if not (policy.read and policy.write):
        # This caller wants an answer of its own, or one that leaves no trace.
        return True, produce(query, policy, source, store.write)

    def lead(flight: single_flight.Flight[Item], seen: bytes | None) -> Iterator[Item]:
        with flight:
            # Another caller may have asked, and stored the answer, since the look-up.
            value = store.decoded(query.key, seen)
            entry = from_value(query.key, value, policy) if value is not None else None
            for item in [entry] if entry else produce(query, policy, source, flight.write):
                flight.add(item)
                yield item

    return single_flight.fly(
        query.key,
        lead,
        failures=source.failures,
        patience=source.patience,
        wire=_WIRE,
        look=store.getting(query.key),
    )


def _whole(query: ChatQuery, policy: Policy, source: Source, write: store.Write = store.write) -> Iterator[Item]:
    answer = source.whole()
    yield Fresh(answer, stored=remember(query, answer, policy, write))


def _streamed(query: ChatQuery, policy: Policy, source: Source, write: store.Write) -> Iterator[Item]:
    chunks = []
    for chunk in source.stream():
        chunks.append(chunk)
        yield chunk
    try:
        answer = joined(chunks)
    except Unassembled as error:
        _not_stored("assembly", error)
    else:
        remember(query, answer, policy, write)


def _encode(item: Item) -> bytes:
    if isinstance(item, dict):
        return json.dumps({"chunk": item}).encode()
    answer = item.value
    fields = {"choices": answer.choices, "model": answer.model, "usage": answer.usage, "extra": answer.extra}
    if isinstance(item, Fresh):
        return json.dumps({"answer": fields, "stored": item.stored}).encode()
    envelope = {"created": item.created, "ttl": item.ttl, "level": item.level, "kept": item.kept}
    return json.dumps({"entry": fields | envelope}).encode()


def _decode(data: bytes) -> Item:
    sent = json.loads(data)
    if "chunk" in sent:
        return cast("Chunk", sent["chunk"])
    if "answer" in sent:
        return Fresh(WholeAnswer(**sent["answer"]), stored=sent["stored"])
    fields = sent["entry"]
    value = WholeAnswer(fields.pop("choices"), fields.pop("model"), fields.pop("usage"), fields.pop("extra", {}))
    return CacheEntry(value, Usage.from_tokens(value.usage), **fields)


_WIRE = single_flight.Wire(_encode, _decode)


def _collect(
    query: ChatQuery, policy: Policy, source: Source, leads: bool, items: Iterator[Item]
) -> CacheResult[Answer]:
    chunks: list[Chunk] = []
    answer: Answer | None = None
    stored = False
    for item in items:
        if isinstance(item, CacheEntry):
            next(items, None)  # to its end, so that followers hear of it
            return _hit(query, policy, item)
        if isinstance(item, Fresh):
            answer, stored = item.value, item.stored
        else:
            chunks.append(item)
    if answer is None:
        try:
            answer = joined(chunks)
        except Unassembled:
            # Its leader got it as a stream, which only that client can read.
            return _collect(query, policy, source, True, _whole(query, policy, source))
        stored = _is_worth_storing(query, answer)
    return _miss(query, policy, answer, leads=leads, stored=stored, usage=Usage.from_tokens(answer.usage))


def _chunks(leads: bool, items: Iterator[Item], *first: Item) -> Iterator[Chunk]:
    """Yield the chunks of `items`. If the consumer stops, the rest of our own call is read in the background."""
    try:
        for item in chain(first, items):
            if isinstance(item, dict):
                yield item
            else:
                yield from _replay(item.value)
    except GeneratorExit:
        if leads:
            drain(items)
        raise


def _resumable(chunks: Iterator[Chunk], share: Callable[[], tuple[bool, Iterator[Item]]]) -> Iterator[Chunk]:
    """Yield the chunks of another caller's call; if that caller dies, ask again for those that are missing."""
    given = []
    try:
        for chunk in chunks:
            given.append(chunk)
            yield chunk
    except single_flight.LeaderLost as lost:
        try:
            yield from rest_of(joined(given), _chunks(*share()))
        except (Different, Unassembled):
            raise lost from None


def _replay(answer: Answer) -> Iterator[Chunk]:
    id = f"chatcmpl-{uuid.uuid4().hex}"
    return replay(answer.choices, model=answer.model, usage=answer.usage, id=id, extra=answer.extra)


def _hit(
    query: ChatQuery, policy: Policy, entry: CacheEntry[WholeAnswer], matched: Match | None = None
) -> CacheResult[WholeAnswer]:
    key = matched.answer_key if matched else query.key
    if policy.write:
        tracing.note(choices=entry.value.choices)
    return result.hit("llm", key, policy, entry, subject=_subject(query, policy), matched=matched)


def _miss(query: ChatQuery, policy: Policy, value: T, **more: Any) -> CacheResult[T]:
    return result.miss("llm", query.key, policy, value, subject=_subject(query, policy), **more)


def _subject(query: ChatQuery, policy: Policy) -> str:
    return f"query: {excerpt(query.text if policy.write else '')}"
