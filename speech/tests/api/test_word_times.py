"""`timestamps: ["word"]`, held against the sound itself."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import redis
from rest_framework.test import APIClient

from speech.audio import read_wav
from speech.tests.loopback import Loopback
from speech.tests.providers.conftest import serve

TEXT = "Hello there, my good friend. The price is 1,250.50 rupees today."
QUESTION = "Hello there. How are you today? I am fine."
SILENCE = 33
"""Of 32,768: -60 dB."""


@pytest.fixture
def openai_server(settings: Any) -> Iterator[Loopback]:
    yield from serve("openai", settings)


@pytest.fixture
def elevenlabs_server(settings: Any) -> Iterator[Loopback]:
    yield from serve("elevenlabs", settings)


@pytest.fixture(autouse=True)
def ready(db: None, redis_client: redis.Redis) -> None:
    pass


def timed(api: APIClient, text: str = TEXT, **fields: Any) -> Any:
    response = api.post("/api/tts/", {"text": text, "timestamps": ["word"], **fields}, format="json")
    assert response.status_code == 200, response.content
    return response


def pauses(wav: bytes) -> list[tuple[float, float]]:
    """Begin and end of each silence of 90 ms and more."""
    pcm, rate = read_wav(wav)
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(int)) > SILENCE)
    gaps = [(a, b) for a, b in pairwise(loud) if b - a > 0.09 * rate]
    return [(a / rate, b / rate) for a, b in gaps]


def test_the_words_of_joined_sentences_are_where_the_sound_is_on_a_miss_and_on_a_hit(api: APIClient) -> None:
    timed(api, "The price is 1,250.50 rupees today.")
    miss, hit = timed(api), timed(api)
    assert (miss.headers["X-Cache"], hit.headers["X-Cache"]) == ("MISS", "HIT")
    assert miss.json() == hit.json()
    words, wav = miss.json()["words"], base64.b64decode(miss.json()["audio"])
    assert [word["word"] for word in words] == TEXT.split()
    assert all(a["end"] <= b["start"] + 0.001 and a["start"] < a["end"] for a, b in pairwise(words))
    pairs = pairwise(words)
    between = [(a["end"], b["start"]) for a, b in pairs if a["word"] in ("there,", "friend.")]
    for said in between:
        heard = min(pauses(wav), key=lambda gap: abs(gap[0] - said[0]))
        assert said == pytest.approx(heard, abs=0.02)
    pcm, rate = read_wav(wav)
    assert words[-1]["end"] == pytest.approx(len(pcm) / 2 / rate, abs=0.1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("“Quoted” word", ["“Quoted”", "word"]),
        ("He said “yes” now", ["He", "said", "“yes”", "now"]),
        ("three—four five", ["three—four", "five"]),
        ("나는 오늘 간다. 나는 오늘 간다", ["나는 오늘", "간다.", "나는 오늘", "간다"]),
    ],
)
def test_words_spoken_as_one_last_from_the_first_to_the_last(api: APIClient, text: str, words: list[str]) -> None:
    answer = timed(api, text).json()
    pcm, rate = read_wav(base64.b64decode(answer["audio"]))
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(int)) > SILENCE) / rate
    times = [(word["start"], word["end"]) for word in answer["words"]]
    assert [word["word"] for word in answer["words"]] == words
    assert times[0][0] == pytest.approx(loud[0], abs=0.01)
    covered = sum(((start - 0.01 <= loud) & (loud <= end + 0.01)).sum() for start, end in times)
    assert covered > 0.99 * len(loud)


@pytest.mark.parametrize(("codec", "rate"), [("pcm", 24_000), ("mulaw", 8_000), ("mp3", 24_000)])
def test_times_do_not_depend_on_the_format(api: APIClient, codec: str, rate: int) -> None:
    words = timed(api, codec=codec, sample_rate=rate).json()["words"]
    assert [word["start"] for word in words] == pytest.approx(
        [word["start"] for word in timed(api).json()["words"]], abs=0.005
    )
    assert timed(api, codec=codec, sample_rate=rate).headers["X-Cache"] == "HIT"


def test_the_words_are_those_that_were_written_in_any_script(api: APIClient) -> None:
    for text in ("मूल्य ₹१,२५०.५० है। धन्यवाद आपका।", "कुल ₹५०० और ३ ℃ है।"):
        assert [word["word"] for word in timed(api, text).json()["words"]] == text.split()


def test_words_that_are_spoken_as_one_are_given_as_one(api: APIClient) -> None:
    text = "He came out of the house - and into the car, at 10:30 on 12/08/2026 😀 with A.P.J. Abdul."
    words = timed(api, text).json()["words"]
    assert " ".join(word["word"] for word in words) == text
    assert len(words) > 12


def test_a_plain_request_has_an_entry_of_its_own_and_stays_audio(api: APIClient) -> None:
    timed(api)
    plain = api.post("/api/tts/", {"text": TEXT}, format="json")
    assert (plain.headers["Content-Type"], plain.headers["X-Cache"]) == ("audio/wav", "MISS")
    assert plain.content == base64.b64decode(timed(api).json()["audio"])


def test_where_the_engine_tells_none_there_are_none(api: APIClient, openai_server: Loopback) -> None:
    answer = timed(api, "Hello.", provider="openai").json()
    assert "words" not in answer
    assert base64.b64decode(answer["audio"])
    api.post("/api/tts/", {"text": "Hello.", "provider": "openai"}, format="json")
    assert len(openai_server.requests) == 1, "and the sound is shared with plain requests"


def test_elevenlabs_alignment_becomes_words(api: APIClient, elevenlabs_server: Loopback) -> None:
    answers = [timed(api, "Hello there. How are you?", provider="elevenlabs") for _ in range(2)]
    assert [answer.headers["X-Cache"] for answer in answers] == ["MISS", "HIT"]
    words = answers[0].json()["words"]
    assert words == answers[1].json()["words"]
    assert [word["word"] for word in words] == ["Hello", "there.", "How", "are", "you?"]
    path = "/stream/with-timestamps?output_format=pcm_24000"
    assert [request.path.endswith(path) for request in elevenlabs_server.requests] == [True, True]
    # A character of the loopback server takes 10 ms.
    assert (words[1]["start"], words[1]["end"]) == (0.06, 0.12)
    assert words[2]["start"] == pytest.approx(words[1]["end"] + 0.12, abs=0.02)


@pytest.mark.parametrize("timestamps", ["word", ["letter"], [1], {"word": 1}])
def test_other_granularities_are_refused(api: APIClient, timestamps: Any) -> None:
    response = api.post("/api/tts/", {"text": TEXT, "timestamps": timestamps}, format="json")
    assert response.status_code == 400
    assert re.search("timestamps", response.content.decode())


def test_a_receipt_of_a_voice_turn_has_them(api: APIClient) -> None:
    response = api.post("/api/converse/", {"query": "Hello there.", "timestamps": ["word"]}, format="json")
    wav = b"".join(response)
    receipt = api.get(f"/api/receipts/{response.headers['X-Receipt-ID']}/").json()
    words = [word for sentence in receipt["sentences"] for word in sentence["words"]]
    assert " ".join(word["word"] for word in words) == receipt["text"]
    seconds = len(read_wav(wav)[0]) / 48_000
    assert seconds - 0.2 < words[-1]["end"] <= seconds


def events_of(api: APIClient, **fields: Any) -> tuple[list[dict[str, Any]], Any]:
    response = api.post(
        "/api/converse/", {"query": QUESTION, "timestamps": ["word"], "stream_format": "sse", **fields}, format="json"
    )
    assert response.headers["Content-Type"] == "text/event-stream"
    *events, done, rest = b"".join(response).decode().split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in events], response


@pytest.mark.parametrize("codec", ["wav", "mp3"])
def test_a_voice_turn_streams_its_words_behind_the_sound_of_each_sentence(api: APIClient, codec: str) -> None:
    (miss, _), (hit, response) = [events_of(api, codec=codec) for _ in range(2)]
    assert miss[-1] == hit[-1] == {"type": "speech.audio.done"}
    told = [event for event in miss if event["type"] == "speech.words"]
    assert told == [event for event in hit if event["type"] == "speech.words"]
    receipt = api.get(f"/api/receipts/{response.headers['X-Receipt-ID']}/").json()
    assert [event["words"] for event in told] == [sentence["words"] for sentence in receipt["sentences"]]
    assert [event["sentence"] for event in told] == list(range(len(told))) and len(told) > 1
    plain = api.post("/api/converse/", {"query": QUESTION, "timestamps": ["word"], "codec": codec}, format="json")
    sound = b"".join(base64.b64decode(event["audio"]) for event in hit if "audio" in event)
    assert sound == b"".join(plain)
    # The first sentence is told of before the sound of the last one has come.
    first, last = miss.index(told[0]), max(at for at, event in enumerate(miss) if "audio" in event)
    assert first < last or codec != "wav"


def test_where_the_engine_tells_none_there_are_only_events_of_sound(api: APIClient, openai_server: Loopback) -> None:
    events, _ = events_of(api, tts_provider="openai", voice="alloy")
    assert {event["type"] for event in events} == {"speech.audio.delta", "speech.audio.done"}
