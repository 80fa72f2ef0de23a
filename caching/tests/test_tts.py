from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import redis

from caching import tts
from caching.policy import Policy
from caching.pricing.usage import Usage

UTTERANCE = tts.Utterance(
    scope="client:1",
    provider="espeak",
    voice="hi:*",
    text="नमस्ते, आप कैसे हैं? मैं ठीक हूँ और आप से मिलकर बहुत अच्छा लगा।",
    options={"model": "", "language": "hi", "speed": 1.0, "sample_rate": 24000, "engine": "espeak-ng 1.52.0"},
    codec="wav",
    asked_by="a client with quite a long name, as people give them",
)
AUDIO = bytes(range(256)) * 400
BILLED = Usage(characters=64)


@pytest.fixture(autouse=True)
def empty(redis_client: redis.Redis) -> redis.Redis:
    return redis_client


def test_it_remembers_audio_byte_for_byte(redis_client: redis.Redis) -> None:
    assert tts.lookup([UTTERANCE], Policy()) == [None]
    assert tts.remember(UTTERANCE, AUDIO, Policy(), BILLED)
    (entry,) = tts.lookup([UTTERANCE], Policy())
    assert entry is not None
    assert (entry.value, entry.level, entry.usage, entry.age) == (AUDIO, "balanced", BILLED, 0)


def test_the_key_has_the_documented_form(redis_client: Any) -> None:
    tts.remember(UTTERANCE, AUDIO, Policy(), BILLED)
    (key,) = redis_client.keys("tts:*")
    kind, provider, voice, text_hash, codec = key.decode().split(":")
    assert (kind, provider, voice, codec) == ("tts", "espeak", "hi%3A%2A", "wav")
    assert len(text_hash) == 32


def test_an_entry_costs_at_most_300_bytes_over_its_audio(redis_client: redis.Redis) -> None:
    tts.remember(UTTERANCE, AUDIO, Policy(), BILLED)
    assert redis_client.strlen(UTTERANCE.key) <= len(AUDIO) + 300


@pytest.mark.parametrize(("level", "seconds"), [("quality", 1800), ("balanced", 900), ("speed", 300)])
def test_the_level_sets_the_time_to_live_and_a_hit_does_not_extend_it(
    redis_client: redis.Redis, level: Any, seconds: int
) -> None:
    tts.remember(UTTERANCE, AUDIO, Policy(level), BILLED)
    assert seconds - 30 < redis_client.ttl(UTTERANCE.key) <= seconds
    redis_client.expire(UTTERANCE.key, 100)
    assert tts.lookup([UTTERANCE], Policy(level)) != [None]
    assert redis_client.ttl(UTTERANCE.key) <= 100


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "client:2"},
        {"provider": "sarvam"},
        {"voice": "hi"},
        {"text": UTTERANCE.text + "!"},
        {"codec": "mp3"},
        {"options": {**UTTERANCE.options, "speed": 1.1}},
        {"options": {**UTTERANCE.options, "engine": "espeak-ng 1.51"}},
    ],
)
def test_what_sounds_different_has_another_entry(change: dict[str, Any]) -> None:
    tts.remember(UTTERANCE, AUDIO, Policy(), BILLED)
    assert tts.lookup([replace(UTTERANCE, **change)], Policy()) == [None]


def test_audio_that_was_moved_or_damaged_is_a_miss_and_goes(redis_client: Any) -> None:
    other = replace(UTTERANCE, text="Something else.")
    mp3 = replace(UTTERANCE, codec="mp3")
    voice = replace(UTTERANCE, voice="hi")
    tts.remember(UTTERANCE, AUDIO, Policy(), BILLED)
    value = redis_client.get(UTTERANCE.key)
    redis_client.set(other.key, value)
    redis_client.set(mp3.key, value)
    redis_client.set(voice.key, value)
    redis_client.set(UTTERANCE.key, value[:-1])
    assert tts.lookup([UTTERANCE, other, mp3, voice], Policy()) == [None] * 4
    assert not redis_client.keys()


def test_silence_of_no_length_and_no_store_leave_nothing(redis_client: redis.Redis) -> None:
    assert not tts.remember(UTTERANCE, b"", Policy(), BILLED)
    assert not tts.remember(UTTERANCE, AUDIO, Policy(write=False), BILLED)
    assert not redis_client.keys()


def test_max_age_and_no_cache_are_heeded(redis_client: redis.Redis) -> None:
    tts.remember(UTTERANCE, AUDIO, Policy(), BILLED)
    assert tts.lookup([UTTERANCE], Policy(read=False)) == [None]
    tts.remember(UTTERANCE, AUDIO, Policy(), BILLED, age=100)
    assert tts.lookup([UTTERANCE], Policy(max_age=200)) != [None]
    assert tts.lookup([UTTERANCE], Policy(max_age=50)) == [None]
