from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis

from caching import metrics, stt
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.result import CacheResult, NothingCached
from caching.tests.support.asking import FAILURES, change_entry
from speechsite.tests.support.waiting import wait_until

RECORDING = stt.Recording("client:1", "openai", b"RIFF...", {"model": "whisper-1"}, asked_by="tester")
DELTA = {"type": "transcript.text.delta", "delta": "Hel"}
TRANSCRIPT = {"text": "Hello.", "billed": {"audio_seconds": 3}}


@pytest.fixture(autouse=True)
def empty(redis_client: redis.Redis) -> redis.Redis:
    return redis_client


def transcribe(policy: Policy | None = None, transcript: dict[str, Any] | None = TRANSCRIPT) -> CacheResult[Any]:
    """`transcript`: of the provider; None: the provider fails."""

    return stt.transcribe(RECORDING, policy or Policy(), source(transcript))


def source(*parts: dict[str, Any] | None) -> stt.Source:
    """`parts`: of the provider; None: the provider fails."""

    def produce() -> Iterator[dict[str, Any]]:
        for part in parts:
            if part is None:
                raise OSError
            yield part

    return stt.Source(produce, FAILURES, patience=5, stale_if=OSError)


def grow_older(client: Any, seconds: int) -> None:
    change_entry(client, RECORDING.key, lambda entry: {**entry, "created": entry["created"] - seconds})


def test_the_second_request_is_a_hit_worth_what_the_first_one_cost() -> None:
    first, second = transcribe(), transcribe(transcript={"text": "Other.", "billed": {}})
    assert (first.status, first.stored, first.ttl, first.billed) == ("miss", True, 900, Usage(audio_seconds=3))
    assert (second.status, second.match, second.value) == ("hit", "exact", TRANSCRIPT)
    assert (second.billed, second.age) == (first.billed, 0)
    assert 895 <= second.ttl <= 900


def stream(*parts: dict[str, Any] | None) -> CacheResult[Iterator[dict[str, Any]]]:
    return stt.stream(RECORDING, Policy(), source(*parts))


def test_a_stream_is_stored_at_its_end_and_a_hit_is_all_of_it() -> None:
    first = stream(DELTA, TRANSCRIPT)
    assert (first.status, next(first.value)) == ("miss", DELTA)
    assert stt.lookup(RECORDING, Policy()) is None
    assert [*first.value] == [TRANSCRIPT]
    again = stream(None)
    assert (again.status, [*again.value], transcribe(transcript=None).status) == ("hit", [TRANSCRIPT], "hit")


def test_a_stream_that_breaks_off_is_not_stored() -> None:
    with pytest.raises(OSError):
        stream(None)
    begun = stream(DELTA, None)
    assert next(begun.value) == DELTA
    with pytest.raises(OSError):
        next(begun.value)
    assert stt.lookup(RECORDING, Policy()) is None


def test_a_stream_whose_reader_goes_away_is_finished_and_stored() -> None:
    begun = stream(DELTA, TRANSCRIPT)
    next(begun.value)
    begun.value.close()  # type: ignore[attr-defined]
    wait_until(lambda: stt.lookup(RECORDING, Policy()) is not None)


def test_max_age_makes_an_older_transcript_a_miss(redis_client: redis.Redis) -> None:
    transcribe()
    grow_older(redis_client, 100)
    assert transcribe(Policy(max_age=200)).status == "hit"
    assert transcribe(Policy(max_age=50)).status == "miss"


def test_an_expired_transcript_is_served_only_as_stale(redis_client: redis.Redis, settings: Any) -> None:
    settings.STALE_IF_ERROR_SECONDS = 600
    transcribe()
    assert 1490 < redis_client.ttl(RECORDING.key) <= 1500
    grow_older(redis_client, 1000)
    assert stt.lookup(RECORDING, Policy()) is None
    before = metrics.STALE.labels("stt")._value.get()
    stale = transcribe(transcript=None)
    assert (stale.stale, stale.value, stale.age) == (True, TRANSCRIPT, 1000)
    assert stale.ttl == -100
    assert metrics.STALE.labels("stt")._value.get() == before + 1
    with pytest.raises(OSError):
        transcribe(Policy(max_age=3000), transcript=None)
    settings.STALE_IF_ERROR_SECONDS = 0
    with pytest.raises(OSError):
        transcribe(transcript=None)


@pytest.mark.parametrize(
    "change",
    [
        {"key": "0" * 12},
        {"ttl": "soon"},
        {"created": None},
        {"transcript": "Hello."},
        {"transcript": {"text": "Hello."}},
        {"transcript": {"text": "Hello.", "billed": [3]}},
    ],
)
def test_an_entry_of_another_form_is_a_miss_and_deleted(redis_client: redis.Redis, change: dict[str, Any]) -> None:
    transcribe()
    change_entry(redis_client, RECORDING.key, lambda entry: {**entry, **change})
    assert stt.lookup(RECORDING, Policy()) is None
    assert not redis_client.exists(RECORDING.key)


def test_silence_and_no_store_leave_nothing(redis_client: redis.Redis) -> None:
    assert not transcribe(transcript={"text": "  ", "billed": {}}).stored
    assert not transcribe(Policy(write=False)).stored
    assert not redis_client.keys()


def test_only_if_cached_calls_nobody() -> None:
    with pytest.raises(NothingCached):
        transcribe(Policy(only_if_cached=True), transcript=None)


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "client:2"},
        {"provider": "sarvam"},
        {"audio": b"RIFF"},
        {"options": {"model": "whisper-1", "language": "en"}},
    ],
)
def test_another_recording_has_another_entry(change: dict[str, Any]) -> None:
    transcribe()
    assert stt.lookup(replace(RECORDING, **change), Policy()) is None
    assert stt.lookup(replace(RECORDING, asked_by="somebody else"), Policy()) is not None
