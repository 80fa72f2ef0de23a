"""The door to cached transcripts."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from caching import keys, metrics
from caching.coordination import rate_limit, single_flight
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.result import CacheResult, NothingCached, Status, count_as, without_a_hit

logger = logging.getLogger(__name__)

VERSION = 2

Transcript = dict[str, Any]
"""A JSON object with at least `text` and `billed`."""


@dataclass(frozen=True)
class Recording:
    """One upload as it is to be written down. Two of them share an entry only if all of it is equal."""

    scope: str
    """Whose entry it is: what somebody said is never shared between clients."""
    provider: str
    audio: bytes
    """The file as it was uploaded, out of its transport encoding."""
    options: Mapping[str, Any]
    """Everything else that changes the transcript: model, language, prompt …"""
    asked_by: str = ""
    """Who asked, for the staff; not part of the key."""

    @cached_property
    def key(self) -> str:
        audio = hashlib.sha256(self.audio).hexdigest()
        return keys.transcript_key(provider=self.provider, audio=audio, options={**self.options, "scope": self.scope})


def transcribe(
    recording: Recording,
    policy: Policy,
    produce: Callable[[], Transcript],
    *,
    failures: single_flight.Failures,
    patience: float,
) -> CacheResult[Transcript]:
    """The remembered transcript, or what `produce` gives, which is then remembered as far as `policy` allows.

    What `produce` raises passes through. Raises NothingCached, and LeaderSilent as flight.share does.
    """
    if entry := _lookup(recording, policy):
        return _hit(recording, policy, entry)
    if policy.only_if_cached:
        _count(without_a_hit(policy), recording, policy)
        raise NothingCached

    def work() -> Iterator[bytes]:
        entry = _lookup(recording, policy) or {}
        if not entry:
            made = produce()
            entry = {"transcript": made, "stored": _remember(recording, made, policy)}
        yield json.dumps(entry).encode()

    led, items = True, work()
    if policy.read and policy.write:
        led, items = single_flight.share(recording.key, work, failures=failures, patience=patience)
    [item] = items
    entry = json.loads(item)
    return _hit(recording, policy, entry) if "created" in entry else _miss(recording, policy, led, **entry)


def _lookup(recording: Recording, policy: Policy) -> dict[str, Any] | None:
    value = store.get(recording.key) if policy.read else None
    if value is None:
        return None
    try:
        if value["v"] != VERSION or value["key"] != keys.self_check(recording.key):
            raise ValueError("of another version or another key")
        created, ttl = float(value["created"]), int(value["ttl"])
        entry = {"transcript": dict(value["transcript"]), "created": created, "ttl": ttl}
    except (KeyError, TypeError, ValueError) as error:
        store.discard(recording.key, f"not a transcript of this version: {error}")
        return None
    return entry if policy.max_age is None or time.time() - created <= policy.max_age else None


def _remember(recording: Recording, transcript: Transcript, policy: Policy) -> bool:
    if not (policy.write and transcript["text"].strip() and rate_limit.within(policy.quota)):
        return False
    ttl = policy.ttl("stt")
    about = {"created": round(time.time(), 3), "ttl": ttl, "level": policy.level, "by": recording.asked_by}
    value = {"v": VERSION, "key": keys.self_check(recording.key), **about, "transcript": transcript}
    stored = store.put(recording.key, value, ttl)
    if stored:
        metrics.STORES.labels("stt", policy.level).inc()
    return stored


def _hit(recording: Recording, policy: Policy, entry: Mapping[str, Any]) -> CacheResult[Transcript]:
    _count("hit", recording, policy)
    age = max(0, int(time.time() - entry["created"]))
    return CacheResult(
        entry["transcript"],
        "hit",
        recording.key,
        age=age,
        ttl=max(0, entry["ttl"] - age),
        stored=True,
        match="exact",
        billed=Usage.from_billed(entry["transcript"]["billed"]),
    )


def _miss(
    recording: Recording, policy: Policy, led: bool, *, transcript: Transcript, stored: bool
) -> CacheResult[Transcript]:
    status = without_a_hit(policy)
    _count(status, recording, policy)
    usage = Usage.from_billed(transcript["billed"])
    return CacheResult(
        transcript,
        status,
        recording.key,
        ttl=policy.ttl("stt") if stored else 0,
        stored=stored,
        collapsed=not led,
        billed=usage if led else Usage(),
        served=Usage() if led else usage or Usage(),
    )


def _count(status: Status, recording: Recording, policy: Policy) -> None:
    count_as("stt", policy, status)
    logger.info("STT cache %s for provider: %s", status, recording.provider)
