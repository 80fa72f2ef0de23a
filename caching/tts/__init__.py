"""Cache of speech: look-up, single flight, storage and counters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from caching import metrics, result, tracing
from caching.coordination import single_flight
from caching.entry import CacheEntry
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.result import CacheResult
from caching.tts.entries import Utterance as Utterance
from caching.tts.entries import accepted
from caching.tts.entries import lookup as lookup
from caching.tts.entries import remember as remember


@dataclass(frozen=True, slots=True)
class Notes:
    """JSON that a source says of the audio and that is stored with it, such as the times of its words."""

    items: list[Any]


class Source(Protocol):
    """The provider call that speaks an utterance, and the file format of the entries."""

    @property
    def failures(self) -> single_flight.Failures: ...

    @property
    def patience(self) -> float:
        """Seconds without a sign of life after which a follower gives up on its leader."""

    def slot(self) -> AbstractContextManager[None]:
        """Wait until a call may begin. Raises if nobody listens any more."""

    def synthesize(self, utterance: Utterance) -> Iterator[bytes | Notes | Usage]:
        """Yield PCM and, after it, notes and the units billed, as far as there are any."""

    def encode(self, pcm: bytes, notes: list[Any]) -> bytes: ...

    def decode(self, audio: bytes) -> bytes: ...

    def notes(self, audio: bytes) -> list[Any]: ...


class Clip:
    """Audio of one utterance: an entry, or made by `source` while `pcm` is read. Read it once, in one thread."""

    def __init__(self, utterance: Utterance, policy: Policy, source: Source, found: CacheEntry[bytes] | None) -> None:
        self.utterance = utterance
        self.found = found
        self.billed: Usage | None = Usage()
        """Units billed for it so far. None: unknown, because the call goes on, was cut off, or does not say."""
        self.notes: list[Any] = []
        """Complete when `pcm` has been read."""
        self._policy, self._source = policy, source
        self._use(found)

    def pcm(self) -> Iterator[bytes]:
        """Return the samples. Raises NothingCached, LeaderLost, LeaderSilent and errors of the source."""
        metrics.SENTENCES.labels("cached" if self.found else "synthesized").inc()
        if self.found:
            return iter([self._source.decode(self.found.value)])
        if self._policy.only_if_cached:
            raise result.NothingCached
        return tracing.stepwise(self._shared(), "tts.sentence", characters=len(self.utterance.text))

    def _shared(self) -> Iterator[bytes]:
        if not (self._policy.read and self._policy.write):
            # The caller wants audio of its own, or audio that is stored nowhere.
            yield from self._make(single_flight.ALONE)
            return
        leads, chunks = self._share()
        yield from chunks if leads else self._follow(chunks)

    def _share(self) -> tuple[bool, Iterator[Any]]:
        return single_flight.fly(
            self.utterance.key,
            self._make,
            failures=self._source.failures,
            patience=self._source.patience,
            wire=_WIRE,
            look=store.getting(self.utterance.key),
        )

    def _make(self, flight: single_flight.Flight[bytes | Notes], seen: bytes | None = None) -> Iterator[bytes]:
        """Yield the samples as they are synthesized, and store them all. `seen`: what is stored by now."""
        with flight:
            # Another caller may have stored it since the look-up.
            if found := accepted(self.utterance, self._policy, store.decoded(self.utterance.key, seen, "audio")):
                self._use(found)
                flight.add(sound := self._source.decode(found.value))
                flight.add(Notes(self.notes))
                yield sound
                return
            made = []
            with self._source.slot():
                self.billed = None
                try:
                    for item in self._source.synthesize(self.utterance):
                        if isinstance(item, Usage):
                            self.billed = item
                        elif isinstance(item, Notes):
                            self.notes = item.items
                            flight.add(item)
                        else:
                            made.append(item)
                            flight.add(item)
                            yield item
                except Exception:
                    # A call that fails is taken to bill nothing.
                    self.billed = Usage()
                    raise
            sound = self._source.encode(b"".join(made), self.notes)
            self.stored = remember(self.utterance, sound, self._policy, self.billed, write=flight.write)

    def _follow(self, chunks: Iterator[bytes | Notes]) -> Iterator[bytes]:
        """Yield the leader's chunks; if it dies, go on after them with those of a second attempt."""
        given = bytearray()
        try:
            for chunk in chunks:
                if isinstance(chunk, Notes):
                    self.notes = chunk.items
                    continue
                given += chunk
                yield chunk
        except single_flight.LeaderLost as lost:
            position = 0
            for chunk in self._share()[1]:
                if isinstance(chunk, Notes):
                    self.notes = chunk.items
                    continue
                common = chunk[: len(given) - position]
                if common != given[position : position + len(common)]:
                    # Other audio: the change would be heard.
                    raise lost from None
                position += len(common)
                if rest := chunk[len(common) :]:
                    yield rest

    def _use(self, found: CacheEntry[bytes] | None) -> None:
        self.stored = found is not None
        if found:
            self.notes = self._source.notes(found.value)
        self.age = found.age if found else 0
        self.served = (found.usage if found else None) or Usage()
        """Units billed when its entry was made."""


def _encode(item: bytes | Notes) -> bytes:
    return b"\1" + json.dumps(item.items).encode() if isinstance(item, Notes) else b"\0" + item


def _decode(data: bytes) -> bytes | Notes:
    return Notes(json.loads(data[1:])) if data[0] else data[1:]


_WIRE = single_flight.Wire(_encode, _decode)


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
    status, limit = result.status_without_hit(policy), result.why_not_stored(policy)
    return CacheResult(clips, status, utterances[0].key, rule=policy.rule, not_stored=limit)


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


def _hit(utterance: Utterance, policy: Policy, found: CacheEntry[Any]) -> CacheResult[Any]:
    return result.hit("tts", utterance.key, policy, found, subject=_subject(utterance))


def _subject(utterance: Utterance) -> str:
    return f"voice: {utterance.voice}"
