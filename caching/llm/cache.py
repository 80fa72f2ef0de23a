"""The door to cached answers of language models, whole or streamed."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any, TypeVar

from django.conf import settings

from caching import metrics
from caching.coordination import rate_limit, single_flight
from caching.coordination.background import drain
from caching.llm import semantic_lookup
from caching.llm.entry import Answer, Entry, from_value, is_cacheable, spoken_by, to_value
from caching.llm.request import ChatQuery
from caching.llm.stream import Accumulator, Chunk, Different, WholeAnswer, replay, rest_of
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redaction import excerpt
from caching.redis import store
from caching.result import CacheResult, NothingCached, Status, carrying, count_as, without_a_hit

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer comes from that is not in the cache."""

    whole: Callable[[], Answer]
    stream: Callable[[], Iterator[Chunk]]
    failures: single_flight.Failures
    patience: float
    """Seconds that a caller waits for a sign of life of another caller that asks the same."""


def answer(question: ChatQuery, policy: Policy, source: Source) -> CacheResult[Answer]:
    """The remembered answer, or what `source` answers, which is then remembered as far as `policy` allows.

    What `source` raises passes through and leaves nothing behind. Raises NothingCached.
    """
    return find(question, policy) or ask(question, policy, source)


def ask(question: ChatQuery, policy: Policy, source: Source) -> CacheResult[Answer]:
    """`answer` for a question that `find` did not find."""
    try:
        return _collect(question, policy, *_work(question, policy, source, _whole_items))
    except single_flight.LeaderLost:
        # It died in mid-answer. Nothing of it has been given out here, so it can be asked once more.
        return _collect(question, policy, *_work(question, policy, source, _whole_items))


def stream(question: ChatQuery, policy: Policy, source: Source) -> CacheResult[Iterator[Chunk]]:
    """The same as a stream, which is remembered when it has ended properly. Returns when the first chunk is there.

    If the consumer closes the stream early the rest is drained in the background. A follower whose leader dies in
    mid-answer asks anew and goes on where it was; if it is then told something else, it raises LeaderLost while it is
    read.
    """
    found = find(question, policy)
    return as_stream(found) if found else ask_for_stream(question, policy, source)


def ask_for_stream(question: ChatQuery, policy: Policy, source: Source) -> CacheResult[Iterator[Chunk]]:
    """`stream` for a question that `find` did not find."""

    def ask() -> tuple[bool, Iterator[bytes]]:
        return _work(question, policy, source, _streamed_items)

    led, items = ask()
    first = next(items)
    if "entry" in (item := json.loads(first)):
        # To its end, so that others who wait hear of it.
        next(items, None)
        entry = Entry(**item["entry"])
        return _result_of_hit(question, _counted(question, policy, entry), _replay(entry))
    return _result_of_miss(question, policy, _resumable(_chunks(first, items, led), ask), led)


def lookup(question: ChatQuery, policy: Policy) -> Entry | None:
    """The entry for exactly this question, if the caller wants one and accepts its age."""
    return _accepted(question, policy, store.get(question.key) if policy.read else None)


def stale(question: ChatQuery, policy: Policy) -> CacheResult[Entry] | None:
    """The answer past its time to live that may be served because nobody gives a fresh one (RFC 5861)."""
    if not settings.STALE_IF_ERROR_SECONDS or not (entry := lookup(question, replace(policy, stale=True))):
        return None
    metrics.STALE.labels("llm").inc()
    return replace(_result_of_hit(question, _counted(question, policy, entry), entry), stale=True)


def as_stream(result: CacheResult[Entry]) -> CacheResult[Iterator[Chunk]]:
    """The same answer in chunks."""
    return carrying(result, _replay(result.value))


def remember(question: ChatQuery, fresh: Answer, policy: Policy) -> bool:
    """Store an answer unless it must not be; whether it was stored."""
    if not (policy.write and is_cacheable(fresh) and question.storable(spoken_by(fresh))):
        return False
    if not rate_limit.within(policy.quota):
        return False
    ttl = policy.ttl("llm")
    about = {"question": question.text, "provider": question.provider, "by": question.asked_by}
    value = to_value(question.key, fresh, level=policy.level, ttl=ttl, about=about)
    command = store.putting(question.key, value, ttl + settings.STALE_IF_ERROR_SECONDS)
    stored = command is not None and semantic_lookup.remember(question, policy.level, ttl, command)
    if stored:
        metrics.STORES.labels("llm", policy.level).inc()
    return stored


def find(question: ChatQuery, policy: Policy) -> CacheResult[Entry] | None:
    """The stored answer to the question, or to one that means the same. Raises NothingCached."""
    if entry := lookup(question, policy):
        return _result_of_hit(question, _counted(question, policy, entry), entry)
    if alike := semantic_lookup.find(question, policy):
        entry = _counted(question, policy, alike.entry)
        return replace(
            _result_of_hit(question, entry, entry), key=alike.match.answer_key, match="semantic", matched=alike.match
        )
    if policy.only_if_cached:
        _count(question, policy, without_a_hit(policy))
        raise NothingCached
    return None


def _accepted(question: ChatQuery, policy: Policy, value: Mapping[str, Any] | None) -> Entry | None:
    entry = from_value(question.key, value) if value is not None else None
    return entry if entry and policy.accepts(entry.created, entry.ttl, entry.kept) else None


Produce = Callable[[ChatQuery, Policy, Source], Iterator[bytes]]


def _work(question: ChatQuery, policy: Policy, source: Source, produce: Produce) -> tuple[bool, Iterator[bytes]]:
    """Ask, or listen to who asks the same already. Whether it is we who ask, and the items that come of it."""
    if not (policy.read and policy.write):
        # This caller wants an answer of its own, or one that leaves no trace.
        return True, produce(question, policy, source)

    def unless_answered(seen: bytes | None) -> Iterator[bytes]:
        # Somebody else may have asked, and remembered the answer, since it was looked up.
        if entry := _accepted(question, policy, store.decoded(question.key, seen)):
            yield _item("entry", asdict(entry))
        else:
            yield from produce(question, policy, source)

    return single_flight.share(
        question.key,
        unless_answered,
        failures=source.failures,
        patience=source.patience,
        look=store.getting(question.key),
    )


# What passes from whoever asks to all who wait, as JSON objects with one name: `entry` (it was in the cache by now),
# `answer` (the whole of it), or `chunk` (a part of it).


def _whole_items(question: ChatQuery, policy: Policy, source: Source) -> Iterator[bytes]:
    fresh = source.whole()
    stored = remember(question, fresh, policy)
    yield _item("answer", {"choices": fresh.choices, "model": fresh.model, "usage": fresh.usage}, stored=stored)


def _streamed_items(question: ChatQuery, policy: Policy, source: Source) -> Iterator[bytes]:
    whole = Accumulator()
    for chunk in source.stream():
        whole.feed(chunk)
        yield _item("chunk", chunk)
    remember(question, whole.answer(), policy)


def _item(name: str, value: Any, **more: Any) -> bytes:
    return json.dumps({name: value, **more}).encode()


def _collect(question: ChatQuery, policy: Policy, led: bool, items: Iterator[bytes]) -> CacheResult[Answer]:
    whole = Accumulator()
    answer: Answer | None = None
    stored = False
    for item in map(json.loads, items):
        if "chunk" in item:
            whole.feed(item["chunk"])
        elif "answer" in item:
            answer, stored = WholeAnswer(**item["answer"]), item["stored"]
        else:
            answer = Entry(**item["entry"])
    if isinstance(answer, Entry):
        return _result_of_hit(question, _counted(question, policy, answer), answer)
    if answer is None:
        answer, stored = whole.answer(), is_cacheable(whole.answer())
    result = _result_of_miss(question, policy, answer, led, stored=stored)
    usage = Usage.from_tokens(answer.usage)
    return replace(result, billed=usage) if led else replace(result, billed=Usage(), served=usage or Usage())


def _resumable(chunks: Iterator[Chunk], ask: Callable[[], tuple[bool, Iterator[bytes]]]) -> Iterator[Chunk]:
    given = Accumulator()
    try:
        with closing(chunks):  # type: ignore[type-var]  # a generator, whatever its annotation
            for chunk in chunks:
                given.feed(chunk)
                yield chunk
    except single_flight.LeaderLost as lost:
        led, items = ask()
        try:
            yield from rest_of(given.answer(), _chunks(next(items), items, led))
        except Different:
            raise lost from None


def _chunks(first: bytes, rest: Iterator[bytes], led: bool) -> Iterator[Chunk]:
    try:
        for item in map(json.loads, chain([first], rest)):
            yield from [item["chunk"]] if "chunk" in item else _replay(_whole(item))
    except GeneratorExit:
        if led:
            drain(rest)
        raise


def _whole(item: Mapping[str, Any]) -> Answer:
    return Entry(**item["entry"]) if "entry" in item else WholeAnswer(**item["answer"])


def _replay(answer: Answer) -> Iterator[Chunk]:
    return replay(answer.choices, model=answer.model, usage=answer.usage, id=f"chatcmpl-{uuid.uuid4().hex}")


def _result_of_hit(question: ChatQuery, entry: Entry, value: T) -> CacheResult[T]:
    billed = Usage.from_tokens(entry.usage)
    ttl = entry.ttl - entry.age
    return CacheResult(value, "hit", question.key, age=entry.age, ttl=ttl, stored=True, match="exact", billed=billed)


def _result_of_miss(
    question: ChatQuery, policy: Policy, value: T, led: bool, *, stored: bool = False
) -> CacheResult[T]:
    status = without_a_hit(policy)
    _count(question, policy, status)
    ttl = policy.ttl("llm") if stored else 0
    return CacheResult(value, status, question.key, ttl=ttl, stored=stored, collapsed=not led)


def _counted(question: ChatQuery, policy: Policy, entry: Entry) -> Entry:
    _count(question, policy, "hit")
    return entry


def _count(question: ChatQuery, policy: Policy, status: Status) -> None:
    count_as("llm", policy, status)
    logger.info("LLM cache %s for query: %s", status, excerpt(question.text if policy.write else ""))
