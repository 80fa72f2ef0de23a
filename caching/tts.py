"""Cache of speech: look-up, single flight, storage and counters."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from django.conf import settings

from caching import entry, keys, metrics, result
from caching.archive import audio as archive
from caching.coordination import rate_limit, single_flight
from caching.entry import CacheEntry, envelope, seconds_in_redis
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.redis.serializers import Audio
from caching.result import CacheResult

# Characters of the text stored beside the audio, shown to staff. An entry stays within 300 bytes.
EXCERPT = 40


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
    def key(self) -> str:
        return keys.speech_key(
            provider=self.provider,
            voice=self.voice,
            text=self.text,
            options={**self.options, "scope": self.scope},
            codec=self.codec,
        )


class Source(Protocol):
    """The provider call that speaks an utterance, and the file format of the entries."""

    @property
    def failures(self) -> single_flight.Failures: ...

    @property
    def patience(self) -> float:
        """Seconds without a sign of life after which a follower gives up on its leader."""

    def slot(self) -> AbstractContextManager[None]:
        """Wait until a call may begin. Raises if nobody listens any more."""

    def synthesize(self, utterance: Utterance) -> Iterator[bytes | Usage]:
        """Yield PCM and, as the last item, the units billed; no such item if the provider does not say them."""

    def encode(self, pcm: bytes) -> bytes: ...

    def decode(self, audio: bytes) -> bytes: ...


class Clip:
    """Audio of one utterance: an entry, or made by `source` while `pcm` is read. Read it once, in one thread."""

    def __init__(self, utterance: Utterance, policy: Policy, source: Source, found: CacheEntry[bytes] | None) -> None:
        self.utterance = utterance
        self.found = found
        self.billed: Usage | None = Usage()
        """Units billed for it so far. None: unknown, because the call goes on, was cut off, or does not say."""
        self._policy, self._source = policy, source
        self._use(found)

    def pcm(self) -> Iterator[bytes]:
        """Return the samples. Raises NothingCached, LeaderLost, LeaderSilent and errors of the source."""
        metrics.SENTENCES.labels("cached" if self.found else "synthesized").inc()
        if self.found:
            return iter([self._source.decode(self.found.value)])
        if self._policy.only_if_cached:
            raise result.NothingCached
        if not (self._policy.read and self._policy.write):
            # The caller wants audio of its own, or audio that is stored nowhere.
            return self._make(single_flight.ALONE)
        leads, chunks = self._share()
        return chunks if leads else self._follow(chunks)

    def _share(self) -> tuple[bool, Iterator[bytes]]:
        return single_flight.fly(
            self.utterance.key,
            self._make,
            failures=self._source.failures,
            patience=self._source.patience,
            look=store.getting(self.utterance.key),
        )

    def _make(self, flight: single_flight.Flight[bytes], seen: bytes | None = None) -> Iterator[bytes]:
        """Yield the samples as they are synthesized, and store them all. `seen`: what is stored by now."""
        with flight:
            # Another caller may have stored it since the look-up.
            if found := _accepted(self.utterance, self._policy, store.decoded(self.utterance.key, seen, "audio")):
                self._use(found)
                flight.add(sound := self._source.decode(found.value))
                yield sound
                return
            made = []
            with self._source.slot():
                self.billed = None
                try:
                    for item in self._source.synthesize(self.utterance):
                        if isinstance(item, Usage):
                            self.billed = item
                        else:
                            made.append(item)
                            flight.add(item)
                            yield item
                except Exception:
                    # A call that fails is taken to bill nothing.
                    self.billed = Usage()
                    raise
            self.stored = remember(self.utterance, self._source.encode(b"".join(made)), self._policy, self.billed)

    def _follow(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the leader's chunks; if it dies, go on behind them with those of a second attempt."""
        given = bytearray()
        try:
            for chunk in chunks:
                given += chunk
                yield chunk
        except single_flight.LeaderLost as lost:
            position = 0
            for chunk in self._share()[1]:
                common = chunk[: len(given) - position]
                if common != given[position : position + len(common)]:
                    # Other audio: the change would be heard.
                    raise lost from None
                position += len(common)
                if rest := chunk[len(common) :]:
                    yield rest

    def _use(self, found: CacheEntry[bytes] | None) -> None:
        self.stored = found is not None
        self.age = found.age if found else 0
        self.served = (found.usage if found else None) or Usage()
        """Units billed when its entry was made."""


def find(utterance: Utterance, policy: Policy) -> CacheResult[bytes] | None:
    """Return and count a hit for one utterance, None if there is none."""
    [found] = lookup([utterance], policy)
    return _hit(utterance, policy, found) if found else None


def audio(utterances: Sequence[Utterance], policy: Policy, source: Source) -> CacheResult[list[Clip]]:
    """Look up all utterances of a request in one round trip.

    A hit if all of them are stored. Else the missing clips are made as they are read, and the caller counts the
    request with `count` once there is audio. Raises NothingCached.
    """
    clips = clips_of(utterances, policy, source)
    found = [clip.found for clip in clips if clip.found]
    if len(found) == len(clips):
        # As old as its oldest part, and fresh until the first part expires.
        oldest, left = min(each.created for each in found), min(each.ttl - each.age for each in found)
        age = max(each.age for each in found)
        usage = Usage.total(each.usage for each in found)
        return _hit(utterances[0], policy, CacheEntry(clips, usage, oldest, left + age, policy.level))
    result.leave_lookup("tts", policy, subject=lambda: _subject(utterances[0]))
    return CacheResult(clips, result.status_without_hit(policy), utterances[0].key, rule=policy.rule)


def clips_of(utterances: Sequence[Utterance], policy: Policy, source: Source) -> list[Clip]:
    """Return the clips of some utterances, looked up in one round trip and not counted as a request."""
    found = lookup(utterances, policy)
    return [Clip(utterance, policy, source, each) for utterance, each in zip(utterances, found, strict=True)]


def total(made: CacheResult[Any], clips: Sequence[Clip], policy: Policy) -> CacheResult[Any]:
    """Return `made` with the usage of its clips, and whether all of them are stored, as far as they were read."""
    stored = all(clip.stored for clip in clips)
    return replace(
        made,
        age=max((clip.age for clip in clips), default=0),
        stored=stored,
        ttl=policy.ttl("tts") if stored else 0,
        billed=Usage.total(clip.billed for clip in clips),
        served=sum((clip.served for clip in clips), Usage()),
    )


def count(made: CacheResult[Any], policy: Policy, voice: str) -> None:
    """Count and log a request that was not a hit, once there is audio to send."""
    result.count("tts", made.status, policy, f"voice: {voice}")


def lookup(utterances: Sequence[Utterance], policy: Policy) -> list[CacheEntry[bytes] | None]:
    """Return the entry of each utterance, None if there is none that `policy` accepts, in one round trip."""
    if not policy.read or not store.available() or (policy.stale and not settings.STALE_IF_ERROR_SECONDS):
        return [None] * len(utterances)
    values = store.get_many([utterance.key for utterance in utterances], "audio")
    found = [_accepted(utterance, policy, value) for utterance, value in zip(utterances, values, strict=True)]
    return _with_archive(utterances, policy, values, found) if settings.AUDIO_ARCHIVE else found


def remember(utterance: Utterance, sound: bytes, policy: Policy, usage: Usage | None, *, age: int = 0) -> bool:
    """Store encoded audio; return True if Redis took it. `sound` must hold at least one sample, or be empty.

    `age`: whole seconds since its oldest part was made. Joining stored parts extends no time to live.
    """
    if not (policy.write and sound and age < policy.ttl("tts") and rate_limit.within(policy.quota)):
        return False
    fields = {
        **envelope(utterance.key, "tts", policy, version=None, by=utterance.asked_by, age=age),
        "billed": dict(usage.items()) if usage else {},
        "text": utterance.text[:EXCERPT],
    }
    stored = store.put(utterance.key, Audio(sound, fields), seconds_in_redis(fields, age), "audio")
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
    kept = archive.find(missing)
    return [
        each or _refilled(utterance, policy, kept[utterance.key]) if utterance.key in kept else each
        for utterance, each in zip(utterances, found, strict=True)
    ]


def _refilled(utterance: Utterance, policy: Policy, kept: Audio) -> CacheEntry[bytes] | None:
    """Store archived audio in Redis again, and return it as an entry of now; None if it is too old for the caller."""
    made = float(kept.fields.get("made", kept.fields["created"]))
    if policy.max_age is not None and time.time() - made > policy.max_age:
        return None
    fields = {**kept.fields, **envelope(utterance.key, "tts", policy, version=None, by=kept.fields["by"]), "made": made}
    if policy.write and rate_limit.within(policy.quota):
        store.put(utterance.key, Audio(kept.data, fields), seconds_in_redis(fields), "audio")
    return _accepted(utterance, policy, Audio(kept.data, fields))


def _accepted(utterance: Utterance, policy: Policy, value: Audio | None) -> CacheEntry[bytes] | None:
    if value is None:
        return None
    made = value.fields.get("made")
    if policy.max_age is not None and isinstance(made, float) and time.time() - made > policy.max_age:
        # It came back from the archive: its age there counts for a caller that names one.
        return None
    return entry.read(
        utterance.key,
        value.fields,
        "tts",
        policy,
        lambda: (value.data, Usage.from_billed(value.fields["billed"])),
        version=None,
    )


def _hit(utterance: Utterance, policy: Policy, found: CacheEntry[Any]) -> CacheResult[Any]:
    return result.hit("tts", utterance.key, policy, found, subject=_subject(utterance))


def _subject(utterance: Utterance) -> str:
    return f"voice: {utterance.voice}"
