"""A text as encoded audio: from stored sentences if all are there, else as they are synthesized."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from django.conf import settings

from caching import tts
from caching.pricing.usage import Usage
from caching.result import CacheResult, NothingCached, with_value
from caching.tts import Clip
from speech.accounting import Account
from speech.audio import Encoder, join
from speech.routing.error_transfer import as_ours
from speech.synthesis.pipeline import Playback, timed
from speech.synthesis.sound_stream import SoundStream
from speech.synthesis.voice import Speaker

LOSSLESS = ("wav", "pcm")


def speech_of(speaker: Speaker, codec: str, account: Account, *, stream: bool) -> CacheResult[Iterator[bytes]]:
    """Return the encoded audio, whole, or with `stream` as it is made.

    A stream that is not a hit closes `account` itself. Raises NotCached and ProviderError; reading a stream may raise
    the latter too.
    """
    found, stored = _look_up(speaker, codec)
    if stored is not None:
        return with_value(found, iter([stored]))
    account.asks_provider()
    playback = Playback(speaker, found.value, found)
    if stream:
        sound = SoundStream(playback, codec, account)
        tts.count(found, speaker.policy, speaker.request.voice)
        if _keeps_whole(speaker, codec):
            sound.keep(lambda whole: _store_whole(speaker, codec, whole, playback.result))
        return with_value(found, sound)
    account.watch(playback)
    whole = _encoded(speaker, codec, b"".join(playback.pcm()))
    speaker.words.extend(chain.from_iterable(playback.words))
    tts.count(found, speaker.policy, speaker.request.voice)
    result = playback.result
    _store_whole(speaker, codec, whole, result)
    return with_value(result, iter([whole]))


def stale_speech(speaker: Speaker, codec: str) -> CacheResult[Iterator[bytes]] | None:
    """Return audio past its time to live, for when no provider makes it again (RFC 5861)."""
    if not settings.STALE_IF_ERROR_SECONDS:
        return None
    found, sound = _look_up(replace(speaker, policy=replace(speaker.policy, stale=True)), codec)
    return None if sound is None else with_value(found, iter([sound]))


def _look_up(speaker: Speaker, codec: str) -> tuple[CacheResult[list[Clip]], bytes | None]:
    """Return the clips of the sentences and, on a hit, the encoded audio of the whole text."""
    if _keeps_whole(speaker, codec) and (whole := tts.find(speaker.whole(codec), speaker.policy)):
        return with_value(whole, []), whole.value
    try:
        found = tts.audio(speaker.utterances(speaker.texts), speaker.policy, speaker)
    except NothingCached as error:
        raise as_ours(error) from error
    if found.status != "hit":
        return found, None
    stored = [clip.found.value for clip in found.value if clip.found]
    if codec == speaker.stored_as and len(stored) == 1 and not speaker.request.timestamps:
        return found, stored[0]
    parts = [speaker.decode(audio) for audio in stored]
    notes = [clip.notes for clip in found.value]
    speaker.words.extend(
        chain.from_iterable(timed(zip(map(len, parts), notes, strict=True), speaker.request.sample_rate))
    )
    sound = _encoded(speaker, codec, _joined(speaker, parts))
    _remember(speaker, codec, sound, found.billed, age=found.age)
    return found, sound


def _joined(speaker: Speaker, parts: Sequence[bytes]) -> bytes:
    return b"".join(join(([part] for part in parts), settings.SENTENCE_PAUSE_MS, speaker.request.sample_rate))


def _encoded(speaker: Speaker, codec: str, pcm: bytes) -> bytes:
    encoder = Encoder(codec, speaker.request.sample_rate, data_bytes=len(pcm))
    return encoder.encode(pcm) + encoder.finish()


def _keeps_whole(speaker: Speaker, codec: str) -> bool:
    """Tell if the encoded whole is an entry of its own. With times of words it is not: those are of the sentences."""
    return codec not in LOSSLESS and not speaker.request.timestamps


def _store_whole(speaker: Speaker, codec: str, sound: bytes, result: CacheResult[Any]) -> None:
    _remember(speaker, codec, sound, result.billed and result.billed + result.served, age=result.age)


def _remember(speaker: Speaker, codec: str, sound: bytes, usage: Usage | None, *, age: int) -> None:
    if _keeps_whole(speaker, codec):
        tts.remember(speaker.whole(codec), sound, speaker.policy, usage, age=age)
