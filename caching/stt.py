"""Cache of transcripts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any, TypeVar, cast

from django.conf import settings

from caching import entry, keys, metrics, result, tracing
from caching.background import drain
from caching.coordination import rate_limit, single_flight
from caching.entry import CacheEntry, Fresh
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.result import CacheResult, with_value

T = TypeVar("T")

VERSION = 3
# Probability from which Whisper itself takes a segment for silence (`no_speech_threshold` in openai/whisper).
NO_SPEECH = 0.6

# A JSON object with at least `text` and `billed`.
Transcript = dict[str, Any]
# An event of a transcript that is being made: its `type` tells it from a transcript.
Event = dict[str, Any]
# An item of a single flight: an event, the transcript, or an entry that was stored since the look-up.
Item = Event | Fresh[Transcript] | CacheEntry[Transcript]


@dataclass(frozen=True)
class Recording:
    """An uploaded recording. Two of them share an entry only if all fields but `asked_by` are equal."""

    scope: str
    """Owner of the entry: always one client, recordings are never shared."""
    provider: str
    audio: bytes
    """The uploaded file, decoded from its transport encoding."""
    options: Mapping[str, Any]
    """Everything else that changes the transcript: model, language, prompt …"""
    asked_by: str = ""
    """Name of the client, shown to staff; not part of the key."""

    @cached_property
    def content(self) -> str:
        return keys.content_of({**self.options, "audio": hashlib.sha256(self.audio).hexdigest()})

    @cached_property
    def key(self) -> str:
        return keys.transcript_key(self.scope, self.content, provider=self.provider)


@dataclass(frozen=True, slots=True)
class Source:
    """The provider call that answers a miss."""

    produce: Callable[[], Iterator[Event | Transcript]]
    """Yields the provider's events, if it sends any, then the whole transcript."""
    failures: single_flight.Failures
    patience: float
    """Seconds without a sign of life after which a follower gives up on its leader."""
    stale_if: type[Exception]
    """A failure for which an expired transcript may be served (RFC 5861)."""


def transcribe(recording: Recording, policy: Policy, source: Source) -> CacheResult[Transcript]:
    """Return the cached transcript, or the one of `source`, which is then stored as far as `policy` allows.

    Errors of the source pass through. Raises NothingCached, LeaderSilent and LeaderLost.
    """
    if found := _find(recording, policy):
        return found
    try:
        leads, items = _share(recording, policy, source)
        *_, last = items
    except (source.stale_if, single_flight.LeaderLost, single_flight.LeaderSilent):
        if stale := _stale(recording, policy):
            return stale
        raise
    if isinstance(last, CacheEntry):
        return _hit(recording, policy, last)
    item = cast("Fresh[Transcript]", last)
    usage = Usage.from_billed(item.value["billed"])
    return _miss(recording, policy, item.value, leads=leads, stored=item.stored, usage=usage)


def stream(recording: Recording, policy: Policy, source: Source) -> CacheResult[Iterator[Event | Transcript]]:
    """Return the transcript as a stream: the provider's events, then the whole. Returns with the first of them.

    If the consumer closes the stream early, the rest is read in the background.
    """
    if found := _find(recording, policy):
        return _as_stream(found)
    try:
        leads, items = _share(recording, policy, source)
        first = next(items)
    except (source.stale_if, single_flight.LeaderLost, single_flight.LeaderSilent):
        if stale := _stale(recording, policy):
            return _as_stream(stale)
        raise
    if isinstance(first, CacheEntry):
        # Read to the end, or followers would wait for it.
        next(items, None)
        return _as_stream(_hit(recording, policy, first))
    return _miss(recording, policy, _parts(leads, items, first), leads=leads)


def _find(recording: Recording, policy: Policy) -> CacheResult[Transcript] | None:
    if found := lookup(recording, policy):
        return _hit(recording, policy, found)
    result.leave_lookup("stt", policy, subject=lambda: _subject(recording))
    return None


def _share(recording: Recording, policy: Policy, source: Source) -> tuple[bool, Iterator[Item]]:
    """Call the source, or follow an identical call in flight. Return `(leads, items)`."""

    def work() -> Iterator[Item]:
        # Another caller may have stored it since the look-up.
        if found := lookup(recording, policy):
            yield found
            return
        for part in source.produce():
            yield part if "type" in part else Fresh(part, stored=remember(recording, part, policy))

    if not (policy.read and policy.write):
        return True, work()
    return single_flight.share(recording.key, work, failures=source.failures, patience=source.patience, wire=_WIRE)


def _parts(leads: bool, items: Iterator[Item], first: Item) -> Iterator[Event | Transcript]:
    try:
        for item in chain([first], items):
            yield item if isinstance(item, dict) else item.value
    except GeneratorExit:
        if leads:
            drain(items)
        raise


def _as_stream(found: CacheResult[Transcript]) -> CacheResult[Iterator[Event | Transcript]]:
    return with_value(found, iter([found.value]))


def _encode(item: Item) -> bytes:
    if isinstance(item, dict):
        return json.dumps({"event": item}).encode()
    if isinstance(item, Fresh):
        return json.dumps({"transcript": item.value, "stored": item.stored}).encode()
    envelope = {"created": item.created, "ttl": item.ttl, "level": item.level, "kept": item.kept}
    return json.dumps({"transcript": item.value, **envelope}).encode()


def _decode(data: bytes) -> Item:
    fields = json.loads(data)
    if "event" in fields:
        event: Event = fields["event"]
        return event
    transcript = fields.pop("transcript")
    if "stored" in fields:
        return Fresh(transcript, **fields)
    return CacheEntry(transcript, Usage.from_billed(transcript["billed"]), **fields)


_WIRE = single_flight.Wire(_encode, _decode)


@tracing.step("cache.lookup", tier="exact")
def lookup(recording: Recording, policy: Policy) -> CacheEntry[Transcript] | None:
    value = store.get(recording.key) if policy.read else None
    if value is None:
        return None

    def parse() -> tuple[Transcript, Usage | None]:
        transcript: Transcript = value["transcript"]
        return transcript, Usage.from_billed(transcript["billed"])

    return entry.read(recording.key, value, "stt", policy, parse, version=VERSION)


def _stale(recording: Recording, policy: Policy) -> CacheResult[Transcript] | None:
    """Return a transcript past its time to live, for when the provider fails (RFC 5861)."""
    policy = replace(policy, stale=True)
    found = lookup(recording, policy) if settings.STALE_IF_ERROR_SECONDS else None
    return _hit(recording, policy, found) if found else None


@tracing.step("cache.store")
def remember(recording: Recording, transcript: Transcript, policy: Policy) -> bool:
    """Store a transcript with words in it; return True if Redis took it."""
    if not (policy.write and _has_speech(transcript) and rate_limit.within(policy.quota)):
        return False
    fields = entry.envelope(recording, "stt", policy, version=VERSION)
    stored = store.put(recording.key, {**fields, "transcript": transcript}, entry.seconds_in_redis(fields))
    if stored:
        metrics.STORES.labels("stt", policy.level).inc()
    return stored


def _has_speech(transcript: Transcript) -> bool:
    """False for no words, and for words that the model itself takes for invented."""
    segments = transcript.get("segments") or []
    silent = [(segment.get("no_speech_prob") or 0) > NO_SPEECH for segment in segments]
    return bool(transcript["text"].strip()) and not (silent and all(silent))


def _hit(recording: Recording, policy: Policy, found: CacheEntry[Transcript]) -> CacheResult[Transcript]:
    return result.hit("stt", recording.key, policy, found, subject=_subject(recording))


def _miss(recording: Recording, policy: Policy, value: T, **more: Any) -> CacheResult[T]:
    return result.miss("stt", recording.key, policy, value, subject=_subject(recording), **more)


def _subject(recording: Recording) -> str:
    return f"provider: {recording.provider}"
