"""A speaker's text as sound: from its stored sentences where they are all there, else as they are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import TypeVar

from django.conf import settings

from caching import levels, store, tts
from caching.outcome import NothingCached, Outcome, Status
from speech.audio import Encoder, join
from speech.playback import Playback
from speech.speaker import STORED_AS, Speaker, pcm_of

T = TypeVar("T")

LOSSLESS = ("wav", "pcm")


def spoken(speaker: Speaker, codec: str, *, stream: bool) -> Outcome[Iterator[bytes]]:
    """The encoded sound, whole, or with `stream` as it is made. Counts and logs the request.

    Raises NothingCached and whatever the provider raises; while a stream is read it may raise the latter too.
    """
    whole = speaker.whole(codec)
    if codec not in LOSSLESS and (entry := tts.lookup([whole], speaker.policy)[0]):
        return _hit(speaker, whole.key, [entry], entry.audio)
    pieces = [speaker.utterance(text) for text in speaker.texts]
    entries = tts.lookup(pieces, speaker.policy)
    if found := [entry for entry in entries if entry] if None not in entries else []:
        sound = found[0].audio if codec == STORED_AS and len(found) == 1 else _encoded(speaker, codec, found)
        _remember_whole(speaker, codec, sound)
        return _hit(speaker, pieces[0].key, found, sound)
    playback = Playback(speaker, speaker.texts, entries)
    outcome = _miss(speaker, pieces[0].key, iter(()))
    if stream:
        return replace(outcome, value=primed(_remembering(speaker, codec, playback.encoded(codec))))
    pcm = b"".join(join(playback.pcm(), settings.SENTENCE_PAUSE_MS, speaker.request.sample_rate))
    sound = _encode(speaker, codec, pcm)
    _remember_whole(speaker, codec, sound)
    stored = all(sentence.cached or sentence.made.stored for sentence in playback.sentences)
    ttl = levels.ttl("tts", speaker.policy.level) if stored else 0
    return replace(outcome, value=iter([sound]), stored=stored, ttl=ttl)


def _hit(speaker: Speaker, key: str, entries: list[tts.Entry], sound: bytes) -> Outcome[Iterator[bytes]]:
    tts.count("hit", speaker.request.voice, speaker.policy)
    ttl = min(max(0, entry.ttl - entry.age) for entry in entries)
    age = max(entry.age for entry in entries)
    return Outcome(iter([sound]), "hit", key, age=age, ttl=ttl, stored=True, match="exact")


def _miss(speaker: Speaker, key: str, sound: Iterator[bytes]) -> Outcome[Iterator[bytes]]:
    # Asked after the look-up, which may have been what found that Redis is gone.
    status: Status = "miss" if speaker.policy.read and store.available() else "bypass"
    tts.count(status, speaker.request.voice, speaker.policy)
    if speaker.policy.only_if_cached:
        raise NothingCached
    return Outcome(sound, status, key)


def _encoded(speaker: Speaker, codec: str, entries: list[tts.Entry]) -> bytes:
    pieces = ([pcm_of(entry)] for entry in entries)
    return _encode(speaker, codec, b"".join(join(pieces, settings.SENTENCE_PAUSE_MS, speaker.request.sample_rate)))


def _encode(speaker: Speaker, codec: str, pcm: bytes) -> bytes:
    encoder = Encoder(codec, speaker.request.sample_rate, data_bytes=len(pcm))
    return encoder.encode(pcm) + encoder.finish()


def _remembering(speaker: Speaker, codec: str, sound: Iterator[bytes]) -> Iterator[bytes]:
    chunks = []
    for chunk in sound:
        chunks.append(chunk)
        yield chunk
    _remember_whole(speaker, codec, b"".join(chunks))


def _remember_whole(speaker: Speaker, codec: str, sound: bytes) -> None:
    if codec not in LOSSLESS:
        # What it cost is noted with its sentences.
        tts.remember(speaker.whole(codec), sound, speaker.policy, billed={})


def primed(items: Iterator[bytes]) -> Iterator[bytes]:
    """The same items, the first of which is there already: what fails at once then fails before the answer begins."""
    return resumed(next(items), items)


def resumed(first: T, rest: Iterator[T]) -> Iterator[T]:
    """`first` and then `rest`, which is closed with it: `itertools.chain` would leave it open."""
    with closing(rest):  # type: ignore[type-var]  # a generator, whatever its annotation
        yield first
        yield from rest
