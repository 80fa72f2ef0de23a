"""A speaker's text as sound: from its stored sentences where they are all there, else as they are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.conf import settings

from caching import metrics, policy, tts
from caching.entry import CacheEntry
from caching.pricing.usage import Usage
from caching.result import CacheResult, NothingCached, status_without_hit
from speech.accounting import Account
from speech.audio import Encoder, join
from speech.iterators import primed
from speech.synthesis.pipeline import Playback
from speech.synthesis.voice import STORED_AS, Speaker, pcm_of

LOSSLESS = ("wav", "pcm")


def spoken(speaker: Speaker, codec: str, account: Account, *, stream: bool) -> CacheResult[Iterator[bytes]]:
    """The encoded sound, whole, or with `stream` as it is made. Counts and logs the request.

    What is made is settled with `account` if it streams; else the caller does that with the result.
    Raises NothingCached and whatever the provider raises; while a stream is read it may raise the latter too.
    """
    found, entries = _look_up(speaker, codec)
    if found:
        return found
    status = status_without_hit(speaker.policy)
    result: CacheResult[Iterator[bytes]] = CacheResult(iter(()), status, speaker.utterance(speaker.texts[0]).key)
    if speaker.policy.only_if_cached:
        tts.count(status, speaker.request.voice, speaker.policy)
        raise NothingCached
    playback = Playback(speaker, speaker.texts, entries)
    if stream:
        made = primed(settled_sound(playback, _remembering(speaker, codec, playback), account, result))
        tts.count(status, speaker.request.voice, speaker.policy)
        return replace(result, value=made)
    account.spent = playback.billed
    pcm = b"".join(join(playback.pcm(), settings.SENTENCE_PAUSE_MS, speaker.request.sample_rate))
    tts.count(status, speaker.request.voice, speaker.policy)
    sound = _encode(speaker, codec, pcm)
    billed, served = playback.billed(), playback.served()
    _remember_whole(speaker, codec, sound, billed and billed + served, age=playback.age)
    stored = all(sentence.cached or sentence.made.stored for sentence in playback.sentences)
    ttl = policy.ttl("tts", speaker.policy.level) if stored else 0
    return replace(result, value=iter([sound]), stored=stored, ttl=ttl, billed=billed, served=served)


def stale_sound(speaker: Speaker, codec: str) -> CacheResult[Iterator[bytes]] | None:
    """The sound past its time to live that may be served because nobody makes a fresh one (RFC 5861)."""
    if not settings.STALE_IF_ERROR_SECONDS:
        return None
    found, _ = _look_up(replace(speaker, policy=replace(speaker.policy, stale=True)), codec)
    if found is None:
        return None
    metrics.STALE.labels("tts").inc()
    return replace(found, stale=True)


def settled_sound(
    playback: Playback, sound: Iterator[bytes], account: Account, result: CacheResult[object] | None = None
) -> Iterator[bytes]:
    """`sound` of `playback`; what it came to is known, and counted, when it ends, or fails once it has begun."""
    account.spent = playback.billed
    sound = primed(sound)
    with account:
        yield from sound
    billed, served = playback.billed(), playback.served()
    if result is None and playback.all_cached:
        account.settle(CacheResult(None, "hit", "", match="exact", billed=served))
    else:
        account.settle(replace(result or CacheResult(None, "miss", ""), billed=billed, served=served))


def _look_up(
    speaker: Speaker, codec: str
) -> tuple[CacheResult[Iterator[bytes]] | None, list[CacheEntry[bytes] | None]]:
    """A hit, from the entry of the whole or those of all sentences; else what there is of the sentences."""
    if codec not in LOSSLESS:
        whole = speaker.whole(codec)
        if entry := tts.lookup([whole], speaker.policy)[0]:
            return _hit(speaker, whole.key, [entry], entry.value, entry.usage), []
    pieces = speaker.utterances(speaker.texts)
    entries = tts.lookup(pieces, speaker.policy)
    found = [entry for entry in entries if entry]
    if len(found) < len(entries):
        return None, entries
    sound = found[0].value if codec == STORED_AS and len(found) == 1 else _encoded(speaker, codec, found)
    worth = Usage.total(entry.usage for entry in found)
    _remember_whole(speaker, codec, sound, worth, age=max(entry.age for entry in found))
    return _hit(speaker, pieces[0].key, found, sound, worth), entries


def _hit(
    speaker: Speaker, key: str, entries: list[CacheEntry[bytes]], sound: bytes, worth: Usage | None
) -> CacheResult[Iterator[bytes]]:
    tts.count("hit", speaker.request.voice, speaker.policy)
    ttl = min(entry.ttl - entry.age for entry in entries)
    age = max(entry.age for entry in entries)
    return CacheResult(iter([sound]), "hit", key, age=age, ttl=ttl, stored=True, match="exact", billed=worth)


def _encoded(speaker: Speaker, codec: str, entries: list[CacheEntry[bytes]]) -> bytes:
    pieces = ([pcm_of(entry)] for entry in entries)
    return _encode(speaker, codec, b"".join(join(pieces, settings.SENTENCE_PAUSE_MS, speaker.request.sample_rate)))


def _encode(speaker: Speaker, codec: str, pcm: bytes) -> bytes:
    encoder = Encoder(codec, speaker.request.sample_rate, data_bytes=len(pcm))
    return encoder.encode(pcm) + encoder.finish()


def _remembering(speaker: Speaker, codec: str, playback: Playback) -> Iterator[bytes]:
    chunks = []
    for chunk in playback.encoded(codec):
        chunks.append(chunk)
        yield chunk
    billed = playback.billed()
    _remember_whole(speaker, codec, b"".join(chunks), billed and billed + playback.served(), age=playback.age)


def _remember_whole(speaker: Speaker, codec: str, sound: bytes, worth: Usage | None, *, age: int) -> None:
    if codec not in LOSSLESS:
        billed = dict(worth.items()) if worth else {}
        tts.remember(speaker.whole(codec), sound, speaker.policy, billed, age=age)
