"""Cache of transcripts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.conf import settings

from caching import entry, keys, metrics, result
from caching.coordination import rate_limit, single_flight
from caching.entry import CacheEntry, Fresh
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.result import CacheResult

VERSION = 3
# Probability from which Whisper itself takes a segment for silence (`no_speech_threshold` in openai/whisper).
NO_SPEECH = 0.6

# A JSON object with at least `text` and `billed`.
Transcript = dict[str, Any]
Item = Fresh[Transcript] | CacheEntry[Transcript]


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


def transcribe(
    recording: Recording,
    policy: Policy,
    produce: Callable[[], Transcript],
    *,
    failures: single_flight.Failures,
    patience: float,
    stale_if: type[Exception],
) -> CacheResult[Transcript]:
    """Return the cached transcript, or the one of `produce`, which is then stored as far as `policy` allows.

    Where that fails with `stale_if`, an expired transcript may be returned (RFC 5861); else errors of `produce` pass
    through. Raises NothingCached, LeaderSilent and LeaderLost.
    """
    if found := lookup(recording, policy):
        return _hit(recording, policy, found)
    result.leave_lookup("stt", policy, subject=lambda: _subject(recording))
    try:
        return _share(recording, policy, produce, failures, patience)
    except (stale_if, single_flight.LeaderLost, single_flight.LeaderSilent):
        if stale := _stale(recording, policy):
            return stale
        raise


def _share(
    recording: Recording,
    policy: Policy,
    produce: Callable[[], Transcript],
    failures: single_flight.Failures,
    patience: float,
) -> CacheResult[Transcript]:

    def work() -> Iterator[Item]:
        # Another caller may have stored it since the look-up.
        if found := lookup(recording, policy):
            yield found
        else:
            transcript = produce()
            yield Fresh(transcript, stored=remember(recording, transcript, policy))

    leads, items = True, work()
    if policy.read and policy.write:
        leads, items = single_flight.share(recording.key, work, failures=failures, patience=patience, wire=_WIRE)
    [item] = items
    if isinstance(item, CacheEntry):
        return _hit(recording, policy, item)
    usage = Usage.from_billed(item.value["billed"])
    return result.miss(
        "stt",
        recording.key,
        policy,
        item.value,
        subject=_subject(recording),
        leads=leads,
        stored=item.stored,
        usage=usage,
    )


def _encode(item: Item) -> bytes:
    if isinstance(item, Fresh):
        return json.dumps({"transcript": item.value, "stored": item.stored}).encode()
    envelope = {"created": item.created, "ttl": item.ttl, "level": item.level, "kept": item.kept}
    return json.dumps({"transcript": item.value, **envelope}).encode()


def _decode(data: bytes) -> Item:
    fields = json.loads(data)
    transcript = fields.pop("transcript")
    if "stored" in fields:
        return Fresh(transcript, **fields)
    return CacheEntry(transcript, Usage.from_billed(transcript["billed"]), **fields)


_WIRE = single_flight.Wire(_encode, _decode)


def lookup(recording: Recording, policy: Policy) -> CacheEntry[Transcript] | None:
    value = store.get(recording.key) if policy.read else None
    if value is None:
        return None

    def parse() -> tuple[Transcript, Usage | None]:
        transcript = dict(value["transcript"])
        return transcript, Usage.from_billed(transcript["billed"])

    return entry.read(recording.key, value, "stt", policy, parse, version=VERSION)


def _stale(recording: Recording, policy: Policy) -> CacheResult[Transcript] | None:
    """Return a transcript past its time to live, for when the provider fails (RFC 5861)."""
    policy = replace(policy, stale=True)
    found = lookup(recording, policy) if settings.STALE_IF_ERROR_SECONDS else None
    return _hit(recording, policy, found) if found else None


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


def _subject(recording: Recording) -> str:
    return f"provider: {recording.provider}"
