from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from caching.llm.stream import joined
from caching.pricing.usage import Usage
from speech import providers
from speech.exceptions import (
    InvalidRequest,
    ProviderBadAnswer,
    ProviderTimeout,
    ProviderUnavailable,
    UnsupportedFeature,
)
from speech.providers._shared import http_response
from speech.providers._shared.openai_chat import read_answer, read_chunks, until_finished
from speech.providers.base import ChatRequest, SpeechRequest
from speech.tests.loopback import FakeOpenAI, Loopback
from speech.tests.loopback.answers import tone
from speech.tests.support.pcm import read
from speech.tests.support.saying import say

OPENAI = providers.get("openai")
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is Paris?"}]
LONG = " ".join(f"This is sentence number {number} of a long text." for number in range(200))


def test_it_answers(openai_server: Loopback) -> None:
    answer = OPENAI.chat(OPENAI.prepare_chat(ChatRequest(messages=MESSAGES, params={"seed": 7})))
    assert answer.choices[0]["message"]["content"] == "You said: Where is Paris?. That is all."
    assert answer.usage and answer.usage["total_tokens"] > 0
    (seen,) = openai_server.requests
    assert seen.body == {"model": "gpt-6-luna", "messages": MESSAGES, "seed": 7}


def test_it_streams_as_the_words_come_and_asks_for_the_usage(openai_server: Loopback) -> None:
    openai_server.chunk_delay = 0.05
    times, chunks = [], []
    for chunk in OPENAI.stream_chat(OPENAI.prepare_chat(ChatRequest(messages=MESSAGES))):
        times.append(time.monotonic())
        chunks.append(chunk)
    assert times[-1] - times[0] > 0.2
    words = "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])
    assert words.strip() == "You said: Where is Paris?. That is all."
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"]["total_tokens"] > 0
    assert openai_server.requests[0].body["stream_options"] == {"include_usage": True}


def test_it_asks_for_the_language_in_the_system_message(openai_server: Loopback) -> None:
    OPENAI.chat(OPENAI.prepare_chat(ChatRequest(messages=MESSAGES, language="hi-IN")))
    OPENAI.chat(OPENAI.prepare_chat(ChatRequest(messages=MESSAGES[1:], language="hi-IN")))
    first, second = (seen.body["messages"] for seen in openai_server.requests)
    assert first == [{"role": "system", "content": "Be brief.\n\nAnswer in Hindi."}, MESSAGES[1]]
    assert second == [{"role": "system", "content": "Answer in Hindi."}, MESSAGES[1]]


def test_it_speaks_raw_pcm_at_24_khz(openai_server: Loopback) -> None:
    speech = OPENAI.speak(OPENAI.prepare_speech(SpeechRequest(text="Good morning.", speed=1.5, instructions="Softly.")))
    chunks, billed = read(speech)
    assert len(chunks) > 1
    assert b"".join(chunks) == tone("Good morning.")
    assert (speech.sample_rate, billed) == (24_000, Usage(characters=13))
    assert openai_server.requests[0].body == {
        "model": "gpt-4o-mini-tts",
        "input": "Good morning.",
        "voice": "alloy",
        "response_format": "pcm",
        "speed": 1.5,
        "instructions": "Softly.",
    }


@pytest.mark.parametrize(("model", "limit"), [("gpt-4o-mini-tts", 2_000), ("tts-1", 4_096)])
def test_it_splits_a_long_text_at_sentence_ends(openai_server: Loopback, model: str, limit: int) -> None:
    speech = OPENAI.speak(OPENAI.prepare_speech(SpeechRequest(text=LONG, model=model)))
    chunks, billed = read(speech)
    pieces = [seen.body["input"] for seen in openai_server.requests]
    assert len(pieces) > 1
    assert pieces and all(len(piece) <= limit and piece.endswith(".") for piece in pieces)
    assert " ".join(pieces) == LONG
    assert b"".join(chunks) == b"".join(map(tone, pieces))
    assert billed == Usage(characters=sum(map(len, pieces)))


def test_it_stops_paying_when_the_listener_leaves(openai_server: Loopback) -> None:
    speech = OPENAI.speak(OPENAI.prepare_speech(SpeechRequest(text=LONG)))
    assert next(speech.pcm)
    speech.pcm.close()  # type: ignore[attr-defined]
    assert len(openai_server.requests) == 1


def test_another_server_needs_no_key_and_has_voices_of_its_own(openai_server: Loopback, settings: Settings) -> None:
    settings.PROVIDERS = {"openai": {"BASE_URL": openai_server.url + "/v1/"}}
    request = OPENAI.prepare_speech(SpeechRequest(text="Hello.", voice="af_bella", model="kokoro"))
    assert b"".join(read(OPENAI.speak(request))[0]) == tone("Hello.")
    assert "authorization" not in openai_server.requests[0].headers
    assert openai_server.requests[0].body["voice"] == "af_bella"
    assert OPENAI.voices() == []


def test_openai_itself_needs_a_key_and_has_thirteen_voices(settings: Settings) -> None:
    settings.PROVIDERS = {}
    assert OPENAI.missing_settings == ["OPENAI_API_KEY"]
    assert len(OPENAI.voices()) == 13
    with pytest.raises(InvalidRequest) as caught:
        OPENAI.prepare_speech(SpeechRequest(text="Hello.", voice="af_bella"))
    assert caught.value.param == "voice"


def test_it_refuses_pitch_and_what_tts_1_cannot_do() -> None:
    for param, request in {
        "pitch": SpeechRequest(text="Hello.", pitch=0.5),
        "instructions": SpeechRequest(text="Hello.", model="tts-1-hd", instructions="Softly."),
    }.items():
        with pytest.raises(UnsupportedFeature) as caught:
            OPENAI.prepare_speech(request)
        assert caught.value.param == param


def test_an_answer_used_up_by_reasoning_is_empty_and_a_tool_call_stays_null() -> None:
    spent = {"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": None}}
    calling = {"index": 1, "finish_reason": "tool_calls", "message": {"content": None, "tool_calls": [{"id": "1"}]}}
    answer = read_answer("acme", {"choices": [spent, calling], "usage": None})
    assert [choice["message"]["content"] for choice in answer.choices] == ["", None]
    assert answer.usage is None


@pytest.mark.parametrize(
    "choices",
    [None, [], ["text"], [{}], [{"message": {"content": "hi"}}], [{"message": "hi", "finish_reason": "stop"}]],
)
def test_it_takes_nothing_for_an_answer_that_is_none(choices: object) -> None:
    with pytest.raises(ProviderBadAnswer):
        read_answer("acme", {"choices": choices})


def test_it_takes_the_chunks_of_careless_servers() -> None:
    events = ['{"choices": [{"index": 0, "delta": null, "finish_reason": "stop"}]}', '{"usage": {"total_tokens": 3}}']
    first, last = read_chunks("acme", events)
    assert first["choices"][0]["delta"] == {}
    assert last["choices"] == []


def called(id: str | None, arguments: str, **more: Any) -> dict[str, Any]:
    return {**({"id": id} if id else {}), "function": {"name": "f" if id else None, "arguments": arguments}, **more}


# `tool_calls` of the deltas of a stream, and the indexes that each of their parts is to have.
PARTS: list[tuple[list[list[dict[str, Any]]], list[list[Any]]]] = [
    ([[called("a", '{"n": 1}')], [called("b", '{"n": 2}')]], [[0], [1]]),
    ([[called("a", '{"n": 1}'), called("b", '{"n": 2}')]], [[0, 1]]),
    ([[called("a", '{"n"')], [called(None, ": 1}")], [called("b", "{")], [called(None, "}")]], [[0], [0], [1], [1]]),
    ([[called("a", '{"n": 1}', index=None)], [called("b", "{}", index=None)]], [[0], [1]]),
    # What has an index keeps it
    ([[called("a", '{"n": 1}', index=0)], [called("b", "{}", index=0)]], [[0], [0]]),
    ([[called("a", '{"n"', index=3)], [called(None, ": 1}", index=3)]], [[3], [3]]),
]


@pytest.mark.parametrize(("parts", "indexes"), PARTS)
def test_calls_without_an_index_get_that_of_their_replay(
    parts: list[list[dict[str, Any]]], indexes: list[list[Any]]
) -> None:
    deltas: list[dict[str, Any]] = [{"tool_calls": each} for each in parts]
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    sent = [{"model": "m", "choices": [choice]} for choice in choices]
    chunks = list(read_chunks("acme", map(json.dumps, sent)))
    assert [[call["index"] for call in chunk["choices"][0]["delta"]["tool_calls"]] for chunk in chunks[:-1]] == indexes
    assert joined(chunks) == joined(sent)


def test_a_provider_that_says_it_is_done_need_not_give_a_reason() -> None:
    events = ['{"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": null}]}', "[DONE]"]
    assert len(list(read_chunks("acme", events))) == 1
    for cut in (events[:1], events[1:]):
        with pytest.raises(ProviderUnavailable):
            list(read_chunks("acme", cut))


def test_a_whole_answer_without_a_reason_is_passed_on() -> None:
    choice = {"message": {"content": "hi", "x": 1}, "finish_reason": None}
    answer = read_answer("acme", {"choices": [choice], "citations": ["https://example.org"]})
    message = {"role": "assistant", "content": "hi", "x": 1}
    assert answer.choices == [{"index": 0, "message": message, "finish_reason": None}]
    assert answer.extra == {"citations": ["https://example.org"]}


@pytest.mark.parametrize("reason", ["stop", None])
def test_a_stream_that_falls_silent_has_ended_if_it_said_so(reason: str | None) -> None:
    def silent() -> Iterator[dict[str, Any]]:
        yield {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": reason}]}
        raise ProviderTimeout("acme stopped in the middle of its response")

    chunks = until_finished("acme", silent())
    next(chunks)
    with pytest.raises(StopIteration if reason else ProviderTimeout):
        next(chunks)


@pytest.mark.parametrize(("choices", "chunks"), [(1, 1), (2, 2)])
def test_what_follows_the_last_finish_reason_is_waited_for_for_a_moment(
    openai_server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, choices: int, chunks: int
) -> None:
    monkeypatch.setattr(http_response, "_LAST_PAUSE", 0.1)
    openai_server.chunk_delay = 0.4
    end = {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}]}
    say(openai_server, end, {"choices": [], "usage": {"total_tokens": 3}}, "[DONE]", stream=True)
    request = OPENAI.prepare_chat(ChatRequest(messages=MESSAGES, params={"n": choices}))
    assert len(list(OPENAI.stream_chat(request))) == chunks
