"""The door to cached speech."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from caching import entry, keys, metrics, result
from caching.coordination import rate_limit, single_flight
from caching.entry import CacheEntry, envelope, seconds_in_redis
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.redis.serializers import Audio
from caching.result import Status

EXCERPT = 40
"""Characters of the text kept beside the audio, for the staff who look at it. An entry stays within 300 bytes."""


@dataclass(frozen=True)
class Utterance:
    """One text as it is to sound. Two of them share an entry only if all of it is equal."""

    scope: str
    """Whose entry it is: one client's, or the scope that it shares with others."""
    provider: str
    voice: str
    text: str
    options: Mapping[str, Any]
    """Everything else that changes the sound: model, language, speed, pitch, sample rate, instructions, engine …"""
    codec: str
    asked_by: str = ""
    """Who asked, for the staff; not part of the key."""

    @cached_property
    def key(self) -> str:
        return keys.speech_key(
            provider=self.provider,
            voice=self.voice,
            text=self.text,
            options={**self.options, "scope": self.scope},
            codec=self.codec,
        )


def lookup(utterances: list[Utterance], policy: Policy) -> list[CacheEntry[bytes] | None]:
    """For each utterance its audio if the caller accepts its age, all in one round trip."""
    if not policy.read or not store.available():
        return [None] * len(utterances)
    values = store.get_many([utterance.key for utterance in utterances], "audio")
    found = [value and _read(utterance.key, value) for utterance, value in zip(utterances, values, strict=True)]
    return [each if each and each.accepted_by(policy) else None for each in found]


def remember(utterance: Utterance, audio: bytes, policy: Policy, billed: Mapping[str, Any], *, age: int = 0) -> bool:
    """Store whole encoded audio; whether it was stored. `audio` without a sound in it must not be passed.

    `age`: whole seconds since the oldest part of it was made. It lives no longer for having been joined anew.
    """
    if not (policy.write and audio and age < policy.ttl("tts") and rate_limit.within(policy.quota)):
        return False
    fields = {
        **envelope(utterance.key, "tts", policy, version=None, by=utterance.asked_by, age=age),
        "billed": dict(billed),
        "text": utterance.text[:EXCERPT],
    }
    stored = store.put(utterance.key, Audio(audio, fields), seconds_in_redis(fields, age), "audio")
    if stored:
        metrics.STORES.labels("tts", policy.level).inc()
    return stored


def share(
    utterance: Utterance,
    policy: Policy,
    produce: Callable[[], Iterator[bytes]],
    *,
    failures: single_flight.Failures,
    patience: float,
) -> Iterator[bytes]:
    """The chunks of `produce`, or those of whoever makes the same utterance at this moment.

    Raises what single_flight.share does. A caller that reads or writes no entry works alone.
    """
    if not (policy.read and policy.write):
        return produce()

    def ask() -> Iterator[bytes]:
        return single_flight.share(utterance.key, produce, failures=failures, patience=patience)[1]

    return _resumable(ask)


def _resumable(ask: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """What `ask` gives; if its leader dies in the middle it is asked once more, and what was given out is left out."""
    given = b""
    try:
        with closing(ask()) as chunks:  # type: ignore[type-var]  # a generator, whatever its annotation
            for chunk in chunks:
                given += chunk
                yield chunk
    except single_flight.LeaderLost as lost:
        for chunk in ask():
            common = min(len(given), len(chunk))
            if chunk[:common] != given[:common]:
                # Not the same sound: going on with it would be heard.
                raise lost from None
            given = given[common:]
            if len(chunk) > common:
                yield chunk[common:]


def count(status: Status, voice: str, policy: Policy) -> None:
    """Count and log one request for speech, however many sentences it had."""
    result.count("tts", status, policy, f"voice: {voice}")


def _read(key: str, value: Audio) -> CacheEntry[bytes] | None:
    return entry.read(key, value.fields, None, lambda: (value.data, Usage.from_billed(value.fields["billed"])))
