"""Cache of embeddings. Each input of a request is an entry of its own; only those without one are embedded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from django.conf import settings

from caching import entry, keys, metrics, result, tracing
from caching.coordination import rate_limit, single_flight
from caching.entry import CacheEntry
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.redis.commands import Command
from caching.result import CacheResult

VERSION = 1
# Characters kept of an input, for staff.
EXCERPT = 200
# Entries written in one round trip.
BATCH = 256

# A JSON object with at least `embedding` and `billed`, the input's share of the units of its call.
Embedding = dict[str, Any]


@dataclass(frozen=True)
class Passage:
    """One input to embed. Two of them share an entry only if all fields but `asked_by` are equal."""

    scope: str
    provider: str
    model: str
    input: Any
    """A text, a list of tokens, or an object."""
    options: Mapping[str, Any]
    """Everything else that changes the vector: dimensions …"""
    asked_by: str = ""
    """Name of the client, shown to staff; not part of the key."""

    @cached_property
    def content(self) -> str:
        return keys.content_of({"model": self.model, "input": self.input, "options": self.options})

    @cached_property
    def key(self) -> str:
        return keys.embedding_key(self.scope, self.content, provider=self.provider)

    @property
    def text(self) -> str:
        return self.input if isinstance(self.input, str) else keys.canonical_json(self.input)


class Produced(NamedTuple):
    """Result of a call, as a leader hands it to its followers: embeddings by key."""

    made: dict[str, Embedding]
    # Stored by somebody else since the look-up.
    found: dict[str, Embedding]
    stored: bool


@dataclass(frozen=True)
class Source:
    """Access to a provider, and its failures."""

    embed: Callable[[list[Passage]], list[Embedding]]
    together: bool
    """A vector may depend on the other inputs, so all are embedded if one is missing."""
    failures: single_flight.Failures
    patience: float
    stale_if: type[Exception]


def embed(passages: Sequence[Passage], policy: Policy, source: Source) -> CacheResult[list[Embedding]]:
    """Return the embeddings of `passages` in their order: the cached ones, and those of one call to `source`.

    If the call fails with `source.stale_if`, expired embeddings may be returned (RFC 5861); other errors pass through.
    Raises NothingCached, LeaderSilent and LeaderLost.
    """
    found = lookup(passages, policy, together=source.together)
    if hit := _hit(passages, policy, found):
        return hit
    result.leave_lookup("emb", policy, subject=lambda: _subject(passages))
    try:
        return _complete(passages, found, policy, source)
    except (source.stale_if, single_flight.LeaderLost, single_flight.LeaderSilent):
        if stale := _stale(passages, policy):
            return stale
        raise


@tracing.step("cache.lookup", tier="exact")
def lookup(
    passages: Sequence[Passage], policy: Policy, *, together: bool = False
) -> list[CacheEntry[Embedding] | None]:
    """Return the entry of each passage, None if there is none that `policy` accepts, in one round trip.

    `together`: all or none.
    """
    values = store.get_many([passage.key for passage in passages]) if policy.read else [None] * len(passages)
    found = [_accepted(passage, policy, value) for passage, value in zip(passages, values, strict=True)]
    return [None] * len(found) if together and None in found else found


@tracing.step("cache.store")
def remember(passages: Sequence[Passage], embeddings: Sequence[Embedding], policy: Policy) -> bool:
    """Store the embeddings; return True if Redis took all of them."""
    if not policy.write:
        return False
    commands = []
    for passage, embedding in zip(passages, embeddings, strict=True):
        command = _putting(passage, embedding, policy) if rate_limit.within(policy.quota) else None
        commands += [command] if command else []
    stored = sum(len(some) for some in _batches(commands) if store.write(some))
    metrics.STORES.labels("emb", policy.level).inc(stored)
    return stored == len(passages)


def _complete(
    passages: Sequence[Passage], found: Sequence[CacheEntry[Embedding] | None], policy: Policy, source: Source
) -> CacheResult[list[Embedding]]:
    """Embed the passages without an entry, or follow an identical call in flight."""
    cached = {passage.key: each.value for passage, each in zip(passages, found, strict=True) if each}
    missing = {passage.key: passage for passage in passages if passage.key not in cached}
    leads, produced = _share(list(missing.values()), policy, source)
    if not produced.made and (hit := _hit(passages, policy, lookup(passages, policy, together=source.together))):
        return hit
    cached |= produced.found
    everything = cached | produced.made
    metrics.EMBEDDED.labels("hit").inc(sum(passage.key in cached for passage in passages))
    metrics.EMBEDDED.labels("miss").inc(sum(passage.key not in cached for passage in passages))
    miss = result.miss(
        "emb",
        passages[0].key,
        policy,
        [everything[passage.key] for passage in passages],
        subject=_subject(passages),
        leads=leads,
        stored=produced.stored,
        usage=_billed(produced.made.values()),
    )
    return replace(miss, partial=bool(cached), served=miss.served + (_billed(cached.values()) or Usage()))


def _share(passages: list[Passage], policy: Policy, source: Source) -> tuple[bool, Produced]:
    def work() -> Iterator[Produced]:
        # Another caller may have stored some since the look-up.
        entries = lookup(passages, policy, together=source.together)
        found = {passage.key: each.value for passage, each in zip(passages, entries, strict=True) if each}
        missing = [passage for passage in passages if passage.key not in found]
        made = source.embed(missing) if missing else []
        stored = remember(missing, made, policy)
        yield Produced({passage.key: each for passage, each in zip(missing, made, strict=True)}, found, stored)

    leads, items = True, work()
    if policy.read and policy.write:
        name = f"{keys.EMBEDDING}:{keys.digest([passage.key for passage in passages])}"
        leads, items = single_flight.share(name, work, failures=source.failures, patience=source.patience, wire=_WIRE)
    [produced] = items
    return leads, produced


_WIRE = single_flight.Wire(
    encode=lambda produced: json.dumps(produced).encode(), decode=lambda data: Produced(*json.loads(data))
)


def _stale(passages: Sequence[Passage], policy: Policy) -> CacheResult[list[Embedding]] | None:
    """Return embeddings of which some are past their time to live, for when the provider fails (RFC 5861)."""
    if not settings.STALE_IF_ERROR_SECONDS:
        return None
    policy = replace(policy, stale=True)
    return _hit(passages, policy, lookup(passages, policy))


def _accepted(passage: Passage, policy: Policy, value: Any) -> CacheEntry[Embedding] | None:
    if value is None:
        return None

    def parse() -> tuple[Embedding, Usage | None]:
        embedding = dict(value["embedding"])
        if not isinstance(embedding["embedding"], str | list):
            raise TypeError("no vector")
        return embedding, Usage.from_billed(embedding["billed"])

    return entry.read(passage.key, value, "emb", policy, parse, version=VERSION)


def _putting(passage: Passage, embedding: Embedding, policy: Policy) -> Command | None:
    fields = {
        **entry.envelope(passage, "emb", policy, version=VERSION),
        "text": passage.text[:EXCERPT],
        "embedding": embedding,
    }
    return store.putting(passage.key, fields, entry.seconds_in_redis(fields))


def _hit(
    passages: Sequence[Passage], policy: Policy, found: Sequence[CacheEntry[Embedding] | None]
) -> CacheResult[list[Embedding]] | None:
    """Count and return a hit if every passage was found: as old as the oldest, fresh until the first one expires."""
    entries = [each for each in found if each]
    if len(entries) < len(passages):
        return None
    metrics.EMBEDDED.labels("hit").inc(len(entries))
    age, left = max(each.age for each in entries), min(each.ttl - each.age for each in entries)
    whole = CacheEntry(
        [each.value for each in entries],
        _billed({passage.key: each.value for passage, each in zip(passages, entries, strict=True)}.values()),
        min(each.created for each in entries),
        left + age,
        policy.level,
    )
    return result.hit("emb", passages[0].key, policy, whole, subject=_subject(passages))


def _billed(embeddings: Iterable[Embedding]) -> Usage | None:
    return Usage.total(Usage.from_billed(embedding["billed"]) for embedding in embeddings)


def _batches(commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
    return (commands[at : at + BATCH] for at in range(0, len(commands), BATCH))


def _subject(passages: Sequence[Passage]) -> str:
    return f"provider: {passages[0].provider}"
