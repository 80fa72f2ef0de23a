"""One text in one voice, and its entry: in Redis, and in the audio archive if there is one."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.conf import settings

from caching import entry, keys, metrics, tracing
from caching.archive import audio as archive
from caching.coordination import rate_limit
from caching.entry import CacheEntry, envelope, seconds_in_redis
from caching.ledger.rows import shortened
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.redis.serializers import Audio

# Characters of the text stored beside the audio, shown to staff. With all fields they stay within AudioSerializer.HEAD.
EXCERPT = 120


@dataclass(frozen=True)
class Utterance:
    """One text in one voice. Two of them share an entry only if all fields but `asked_by` are equal."""

    scope: str
    """Owner of the entry: one client, or the scope shared by several."""
    provider: str
    voice: str
    text: str
    options: Mapping[str, Any]
    """Everything else that changes the audio: model, language, speed, pitch, sample rate, instructions, engine …"""
    codec: str
    asked_by: str = ""
    """Name of the client, shown to staff; not part of the key."""

    @cached_property
    def content(self) -> str:
        return keys.speech_content(self.text, self.options)

    @cached_property
    def key(self) -> str:
        return keys.speech_key(self.scope, self.content, provider=self.provider, voice=self.voice, codec=self.codec)


@tracing.step("cache.lookup", tier="exact")
def lookup(utterances: Sequence[Utterance], policy: Policy) -> list[CacheEntry[bytes] | None]:
    """Return the entry of each utterance, None if there is none that `policy` accepts, in one round trip."""
    if not policy.read or not store.available() or (policy.stale and not settings.STALE_IF_ERROR_SECONDS):
        return [None] * len(utterances)
    values = store.get_many([utterance.key for utterance in utterances], "audio")
    found = [accepted(utterance, policy, value) for utterance, value in zip(utterances, values, strict=True)]
    return _with_archive(utterances, policy, values, found) if settings.AUDIO_ARCHIVE else found


@tracing.step("cache.store")
def remember(
    utterance: Utterance,
    sound: bytes,
    policy: Policy,
    usage: Usage | None,
    *,
    age: int = 0,
    write: store.Write = store.write,
) -> bool:
    """Store encoded audio by `write`; return True if Redis took it. `sound` must hold at least one sample, or be empty.

    `age`: whole seconds since its oldest part was made. Joining stored parts extends no time to live.
    """
    if not (policy.write and sound and age < policy.ttl("tts") and rate_limit.within(policy.quota)):
        return False
    fields = {
        **envelope(utterance, "tts", policy, version=None, age=age),
        "billed": dict(usage.items()) if usage else {},
        "text": shortened(utterance.text, EXCERPT),
    }
    command = store.putting(utterance.key, Audio(sound, fields), seconds_in_redis(fields, age), "audio")
    stored = command is not None and write([command])
    if stored:
        metrics.STORES.labels("tts", policy.level).inc()
        if policy.archive and policy.seconds is None:
            archive.keep(utterance.key, Audio(sound, fields))
    return stored


def _with_archive(
    utterances: Sequence[Utterance],
    policy: Policy,
    values: Sequence[Audio | None],
    found: Sequence[CacheEntry[bytes] | None],
) -> list[CacheEntry[bytes] | None]:
    """Hand what was found in Redis over to the archive, and look there for the rest."""
    if policy.write and policy.seconds is None:
        for utterance, value, each in zip(utterances, values, found, strict=True):
            if value and each and not policy.stale:
                archive.keep(utterance.key, value)
    missing = [utterance.key for utterance, value in zip(utterances, values, strict=True) if value is None]
    kept = archive.find(missing) if missing else {}
    return [
        _refilled(utterance, policy, kept[utterance.key]) if utterance.key in kept else each
        for utterance, each in zip(utterances, found, strict=True)
    ]


def _refilled(utterance: Utterance, policy: Policy, kept: Audio) -> CacheEntry[bytes] | None:
    """Store archived audio in Redis again, and return it as an entry of now; None if it is too old for the caller."""
    made = float(kept.fields.get("made", kept.fields["created"]))
    if policy.max_age is not None and time.time() - made > policy.max_age:
        return None
    fields = {**kept.fields, **envelope(utterance, "tts", policy, version=None), "by": kept.fields["by"], "made": made}
    if policy.write and rate_limit.within(policy.quota):
        store.put(utterance.key, Audio(kept.data, fields), seconds_in_redis(fields), "audio")
    return accepted(utterance, policy, Audio(kept.data, fields))


def accepted(utterance: Utterance, policy: Policy, value: Audio | None) -> CacheEntry[bytes] | None:
    if value is None:
        return None
    made = value.fields.get("made")
    if policy.max_age is not None and isinstance(made, float) and time.time() - made > policy.max_age:
        # It came back from the archive: its age there counts for a caller that names one.
        return None
    found = entry.read(
        utterance.key,
        value.fields,
        "tts",
        policy,
        lambda: (value.data, Usage.from_billed(value.fields["billed"])),
        version=None,
    )
    if found and isinstance(made, float):
        return replace(found, created=made, ttl=found.ttl + int(found.created - made))
    return found
