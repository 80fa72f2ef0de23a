from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import redis

from caching import tts
from caching.coordination import single_flight
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.result import NothingCached
from caching.tests.support.asking import FAILURES

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


def test_an_entry_costs_at_most_300_bytes_over_its_audio_and_text(redis_client: redis.Redis) -> None:
    tts.remember(UTTERANCE, AUDIO, Policy(), BILLED)
    assert redis_client.strlen(UTTERANCE.key) <= len(AUDIO) + len(UTTERANCE.text.encode()) + 300


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


class Speaker:
    """Speaks in chunks of two letters, and bills the characters. Its files are the samples behind `W`."""

    failures, patience = FAILURES, 5.0

    def __init__(self, *, failing_after: int | None = None, says_usage: bool = True) -> None:
        self.called: list[str] = []
        self.failing_after, self.says_usage = failing_after, says_usage
        self.stopped = False

    @contextmanager
    def slot(self) -> Iterator[None]:
        if self.stopped:
            raise RuntimeError("nobody listens")
        yield

    def synthesize(self, utterance: tts.Utterance) -> Iterator[bytes | Usage]:
        self.called.append(utterance.text)
        for position in range(0, len(utterance.text), 2):
            if position == self.failing_after:
                raise RuntimeError("broke off")
            yield utterance.text[position : position + 2].encode()
        if self.says_usage:
            yield Usage(characters=len(utterance.text))

    def encode(self, pcm: bytes, notes: list[Any]) -> bytes:
        return b"W" + pcm

    def decode(self, audio: bytes) -> bytes:
        return audio[1:]

    def notes(self, audio: bytes) -> list[Any]:
        return []


ONE, TWO = (replace(UTTERANCE, text=text) for text in ("One is.", "Two is."))


def played(clips: list[tts.Clip]) -> bytes:
    return b"".join(b"".join(clip.pcm()) for clip in clips)


def test_missing_clips_are_made_once_and_the_next_request_is_a_hit() -> None:
    speaker = Speaker()
    made = tts.audio([ONE, TWO], Policy(), speaker)
    assert (made.status, played(made.value)) == ("miss", b"One is.Two is.")
    total = tts.total(made, made.value, Policy())
    assert (total.stored, total.ttl, total.billed, total.served) == (True, 900, Usage(characters=14), Usage())
    again = tts.audio([ONE, TWO], Policy(), speaker)
    assert (again.status, again.billed, played(again.value)) == ("hit", Usage(characters=14), b"One is.Two is.")
    assert speaker.called == ["One is.", "Two is."]


def test_a_request_with_one_stored_clip_pays_for_the_other_one() -> None:
    speaker = Speaker()
    played(tts.clips_of([ONE], Policy(), speaker))
    made = tts.audio([ONE, TWO], Policy(), speaker)
    played(made.value)
    total = tts.total(made, made.value, Policy())
    assert (total.status, total.billed, total.served) == ("miss", Usage(characters=7), Usage(characters=7))


def test_a_clip_stored_by_another_caller_since_the_look_up_is_used() -> None:
    speaker = Speaker()
    late = tts.clips_of([ONE], Policy(), speaker)
    played(tts.clips_of([ONE], Policy(), speaker))
    assert played(late) == b"One is."
    assert (late[0].billed, late[0].served, late[0].stored) == (Usage(), Usage(characters=7), True)
    assert speaker.called == ["One is."]


def test_a_missing_clip_is_looked_up_twice_its_second_time_with_the_lease(redis_client: redis.Redis) -> None:
    redis_client.config_resetstat()
    played(tts.audio([ONE, TWO], Policy(), Speaker()).value)
    stats: Any = redis_client.info("commandstats")
    # Each script of a lease reads its key, once when it is taken and once when it is given up.
    assert stats["cmdstat_get"]["calls"] - stats["cmdstat_eval"]["calls"] == 4


def test_the_bill_is_unknown_while_a_call_goes_on_and_nothing_if_it_fails() -> None:
    [clip] = tts.clips_of([ONE], Policy(), Speaker(failing_after=4))
    assert clip.billed == Usage()
    chunks = clip.pcm()
    next(chunks)
    assert clip.billed is None
    with pytest.raises(RuntimeError, match="broke off"):
        list(chunks)
    assert (clip.billed, clip.stored) == (Usage(), False)


def test_the_bill_of_a_provider_that_does_not_say_it_stays_unknown() -> None:
    [clip] = tts.clips_of([ONE], Policy(), Speaker(says_usage=False))
    list(clip.pcm())
    assert (clip.billed, clip.stored) == (None, True)


def test_the_bill_of_a_clip_that_is_dropped_stays_unknown() -> None:
    [clip] = tts.clips_of([ONE], Policy(), Speaker())
    chunks = clip.pcm()
    next(chunks)
    del chunks
    assert (clip.billed, clip.stored) == (None, False)


def test_a_clip_that_nobody_waits_for_any_more_is_not_begun() -> None:
    speaker = Speaker()
    speaker.stopped = True
    [clip] = tts.clips_of([ONE], Policy(), speaker)
    with pytest.raises(RuntimeError, match="nobody listens"):
        list(clip.pcm())
    assert (clip.billed, speaker.called) == (Usage(), [])


def test_only_if_cached_makes_nothing() -> None:
    speaker = Speaker()
    with pytest.raises(NothingCached):
        tts.audio([ONE], Policy(only_if_cached=True), speaker)
    [clip] = tts.clips_of([ONE], Policy(only_if_cached=True), speaker)
    with pytest.raises(NothingCached):
        clip.pcm()
    assert not speaker.called


def test_no_cache_makes_and_stores_and_no_store_only_makes(redis_client: redis.Redis) -> None:
    speaker = Speaker()
    played(tts.audio([ONE], Policy(read=False, write=False), speaker).value)
    assert not redis_client.keys("tts:*")
    played(tts.audio([ONE], Policy(read=False), speaker).value)
    played(tts.audio([ONE], Policy(read=False), speaker).value)
    assert len(speaker.called) == 3 and len(redis_client.keys("tts:*")) == 1


@pytest.mark.parametrize(("second", "heard"), [([b"One", b" is."], b"One is."), ([b"Other"], None)])
def test_a_follower_whose_leader_dies_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch, second: list[bytes], heard: bytes | None
) -> None:
    def lost() -> Iterator[bytes]:
        yield b"One"
        yield b" i"
        raise single_flight.LeaderLost

    attempts = iter([lost(), iter(second)])
    monkeypatch.setattr(single_flight, "fly", lambda *args, **kwargs: (False, next(attempts)))
    [clip] = tts.clips_of([ONE], Policy(), Speaker())
    if heard:
        assert b"".join(clip.pcm()) == heard
    else:
        with pytest.raises(single_flight.LeaderLost):
            list(clip.pcm())


@pytest.mark.parametrize("role", ["leader", "follower"])
def test_the_work_on_a_clip_grows_with_its_length(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    def cpu(seconds: int) -> float:
        chunks = [bytes(2_400)] * (20 * seconds)
        monkeypatch.setattr(Speaker, "synthesize", lambda *_: iter(chunks))
        if role == "follower":
            monkeypatch.setattr(single_flight, "fly", lambda *args, **kwargs: (False, iter(chunks)))
        [clip] = tts.clips_of([replace(ONE, text=f"{seconds} s")], Policy(), Speaker())
        begun = time.process_time()
        assert sum(map(len, clip.pcm())) == 48_000 * seconds
        return time.process_time() - begun

    cpu(1)
    assert cpu(240) < 8 * cpu(60) + 0.2


def test_a_hit_is_as_old_as_its_oldest_clip_and_fresh_until_the_first_one_expires() -> None:
    tts.remember(ONE, b"Wone", Policy(), BILLED, age=300)
    tts.remember(TWO, b"Wtwo", Policy("quality"), BILLED, age=10)
    found = tts.audio([ONE, TWO], Policy(), Speaker())
    assert (found.status, found.age, found.ttl) == ("hit", 300, 600)
