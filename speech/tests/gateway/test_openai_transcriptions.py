"""Speech in, through the gateway, as the `openai` SDK sends it."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
import redis

from speech.audio import to_wav
from speech.tests.gateway.scripted import ScriptedOpenAI, events
from speech.tests.loopback.answers import as_json
from speech.tests.support.bad_requests import error_of
from speechsite.tests.support.server import Server

WAV = to_wav(bytes(range(250)) * 64, 16_000)
DELTA_AND_DONE = ["transcript.text.delta", "transcript.text.done"]
SAID = f"I am {len(WAV)} bytes long."
PATH = "/v1/audio/transcriptions"


def hear(sdk: Any, audio: bytes = WAV, **fields: Any) -> Any:
    return sdk.audio.transcriptions.create(**{"model": "whisper-1", "file": ("said.wav", audio), **fields})


def post(gateway: Server, audio: bytes | None = WAV, **fields: Any) -> Any:
    file = {} if audio is None else {"file": ("said.wav", audio)}
    return gateway.request("POST", PATH, fields={"model": "whisper-1", **file, **fields})


def test_a_recording_is_written_down_once(gateway: Server, sdk: Any, provider: ScriptedOpenAI, cache: Any) -> None:
    before = {kind: gateway.metric(f"cache_{kind}_total", cache_type="stt") for kind in ("hits", "misses")}
    assert [hear(sdk).text for _ in range(3)] == [SAID] * 3
    assert len(provider.requests) == 1
    [key] = cache.keys("stt:*")
    assert key.startswith(b"stt:openai:")
    assert 890 < cache.ttl(key) <= 900
    after = {kind: gateway.metric(f"cache_{kind}_total", cache_type="stt") for kind in ("hits", "misses")}
    assert {kind: after[kind] - before[kind] for kind in after} == {"hits": 2, "misses": 1}


def test_it_says_whether_it_was_a_hit(gateway: Server) -> None:
    responses = [post(gateway) for _ in range(2)]
    assert [response.headers["X-Cache"] for response in responses] == ["MISS", "HIT"]
    assert responses[1].headers["Cache-Status"].startswith("speechsite; hit")


def test_other_sound_or_other_options_are_another_entry(sdk: Any, provider: ScriptedOpenAI, cache: redis.Redis) -> None:
    hear(sdk)
    hear(sdk, audio=WAV + b"\0\0")
    hear(sdk, language="en")
    hear(sdk, prompt="Names: Priya")
    hear(sdk, temperature=0.5)
    hear(sdk, model="gpt-4o-transcribe")
    assert len(provider.requests) == len(cache.keys("stt:*")) == 6
    hear(sdk, file=("another name.mp3", WAV))
    assert len(provider.requests) == 6


def test_every_format(sdk: Any, provider: ScriptedOpenAI) -> None:
    assert hear(sdk, response_format="text") == SAID + "\n"
    verbose = hear(sdk, response_format="verbose_json")
    assert (verbose.text, verbose.duration, verbose.segments[0].end) == (SAID, 3.7, 1.25)
    assert hear(sdk, response_format="srt") == (
        f"1\n00:00:00,000 --> 00:00:01,250\n{SAID}\n\n2\n00:01:01,500 --> 01:01:01,007\nEnd.\n"
    )
    assert hear(sdk, response_format="vtt") == (
        f"WEBVTT\n\n00:00:00.000 --> 00:00:01.250\n{SAID}\n\n00:01:01.500 --> 01:01:01.007\nEnd.\n"
    )
    assert len(provider.requests) == 2, "one entry with times, one without"


def test_what_cannot_be_given_is_said(sdk: Any) -> None:
    wishes: list[dict[str, Any]] = [
        {"response_format": "diarized_json"},
        {"model": "gpt-4o-transcribe", "response_format": "srt"},
    ]
    for fields in wishes:
        with pytest.raises(openai.BadRequestError) as caught:
            hear(sdk, **fields)
        assert caught.value.code


def test_usage_and_what_else_the_provider_says_come_with_it(gateway: Server, sdk: Any) -> None:
    for _ in range(2):
        transcript = hear(sdk, model="gpt-4o-transcribe")
        assert (transcript.usage.type, transcript.usage.input_tokens) == ("tokens", 14)
    assert hear(sdk, response_format="verbose_json").usage.seconds == 4


def test_a_streamed_transcript_comes_as_it_is_made_and_is_one_entry_with_a_whole_one(
    gateway: Server, sdk: Any, provider: ScriptedOpenAI
) -> None:
    *live, done = hear(sdk, model="gpt-4o-transcribe", stream=True)
    assert "".join(event.delta for event in live).strip() == SAID and len(live) > 1
    delta, again = hear(sdk, model="gpt-4o-transcribe", stream=True)
    assert (delta.type, delta.delta) == ("transcript.text.delta", SAID)
    for event in (done, again):
        assert (event.type, event.text, event.usage.total_tokens) == ("transcript.text.done", SAID, 20)
    response = post(gateway, model="gpt-4o-transcribe", stream="true")
    assert (response.headers["X-Cache"], response.headers["Content-Type"]) == ("HIT", "text/event-stream")
    assert response.data.endswith(b"data: [DONE]\n\n")
    assert hear(sdk, model="gpt-4o-transcribe").text == SAID
    assert len(provider.requests) == 1


@pytest.mark.parametrize("fields", [{"model": "whisper-1"}, {"model": "whisper-1", "response_format": "srt"}])
def test_a_transcript_that_nobody_streams_is_one_event(sdk: Any, fields: dict[str, Any]) -> None:
    for _ in range(2):
        assert [event.type for event in hear(sdk, stream=True, **fields)] == DELTA_AND_DONE


def test_chunks_of_vllm_become_openais_events(sdk: Any, provider: ScriptedOpenAI) -> None:
    deltas = [{"content": "Hello"}, {"content": " there."}, {}]
    chunks = [
        {"object": "transcription.chunk", "choices": [{"delta": delta, "finish_reason": None if delta else "stop"}]}
        for delta in deltas
    ]
    provider.script = events(*(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks), b"data: [DONE]\n\n")
    provider.scripted = "/audio/transcriptions"
    first, second, done = hear(sdk, model="whisper-large-v3", stream=True)
    assert (first.delta, second.delta, done.text) == ("Hello", " there.", "Hello there.")
    assert hear(sdk, model="whisper-large-v3").text == "Hello there."


def test_a_server_that_refuses_to_stream_is_asked_for_the_whole(sdk: Any, provider: ScriptedOpenAI) -> None:
    refusal = as_json({"detail": [{"loc": ["body", "stream"], "msg": "Extra inputs are not permitted"}]}, 422)
    answer = provider.answer
    provider.answer = lambda seen: refusal if "stream" in seen.body else answer(seen)  # type: ignore[method-assign]
    try:
        assert [event.type for event in hear(sdk, model="strict", stream=True)] == DELTA_AND_DONE
    finally:
        del provider.answer


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (
            b'data: {"error": {"message": "Too long", "type": "invalid_request_error", "code": "too_long"}}\n\n',
            "too_long",
        ),
        (b"", "provider_unavailable"),
        (b"data: [1\n\n", "provider_bad_answer"),
    ],
)
def test_a_streamed_transcript_that_breaks_off_ends_with_an_error(
    gateway: Server, provider: ScriptedOpenAI, cache: redis.Redis, end: bytes, code: str
) -> None:
    provider.script = events(b'data: {"type": "transcript.text.delta", "delta": "I"}\n\n', end)
    provider.scripted = "/audio/transcriptions"
    response = post(gateway, model="gpt-4o-transcribe", stream="true")
    *_, last = response.data.decode().strip().split("\n\n")
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == code
    assert cache.keys("stt:*") == []


def test_speakers(gateway: Server, sdk: Any, provider: ScriptedOpenAI) -> None:
    ask: dict[str, Any] = {"model": "gpt-4o-transcribe-diarize", "response_format": "diarized_json"}
    for _ in range(2):
        events = [event.type for event in hear(sdk, stream=True, **ask)]
        assert events == ["transcript.text.segment", *DELTA_AND_DONE]
    found = hear(sdk, **ask)
    assert (found.text, found.duration, found.segments[0].speaker) == (SAID, 3.7, "A")
    assert len(provider.requests) == 1


def test_a_stream_that_fails_is_an_error(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.behave("400")
    response = post(gateway, stream="true")
    assert (response.status, response.headers["Content-Type"]) == (400, "application/json")


def test_a_translation_is_another_entry(gateway: Server, sdk: Any, provider: ScriptedOpenAI, cache: Any) -> None:
    def translate(**fields: Any) -> Any:
        return sdk.audio.translations.create(**{"model": "whisper-1", "file": ("said.wav", WAV), **fields})

    hear(sdk)
    assert [translate().text for _ in range(2)] == [SAID] * 2
    assert [seen.path for seen in provider.requests] == ["/v1/audio/transcriptions", "/v1/audio/translations"]
    assert len(cache.keys("stt:*")) == 2
    verbose = translate(response_format="verbose_json", prompt="Names: Priya", temperature=0.5)
    assert (verbose.text, verbose.segments[0].end) == (SAID, 1.25)
    sent = provider.requests[-1].body
    assert (sent["prompt"], sent["temperature"], sent["response_format"]) == ("Names: Priya", "0.5", "verbose_json")
    assert "timestamp_granularities[]" not in sent
    assert translate(response_format="text") == SAID + "\n"
    assert translate(response_format="srt").startswith("1\n00:00:00,000 --> 00:00:01,250\n")


def test_a_translation_without_a_model_and_the_task_of_a_transcription(
    gateway: Server, provider: ScriptedOpenAI
) -> None:
    fields = {"file": ("said.wav", WAV)}
    assert gateway.request("POST", "/v1/audio/translations", fields=fields).status == 200
    assert gateway.request("POST", PATH, fields={**fields, "task": "translate"}).headers["X-Cache"] == "HIT"
    assert [seen.path for seen in provider.requests] == ["/v1/audio/translations"]


def test_unknown_fields_are_passed_on_and_part_of_the_key(gateway: Server, provider: ScriptedOpenAI) -> None:
    assert post(gateway, chunking_strategy="auto").headers["X-Cache"] == "MISS"
    assert provider.requests[0].body["chunking_strategy"] == "auto"
    assert post(gateway).headers["X-Cache"] == "MISS"
    assert post(gateway, chunking_strategy="auto").headers["X-Cache"] == "HIT"
    assert post(gateway, user="someone").headers["X-Cache"] == "HIT", "a label changes nothing"


@pytest.mark.parametrize("nothing", ["", "null"])
def test_what_is_not_set_is_absent(gateway: Server, provider: ScriptedOpenAI, nothing: str) -> None:
    names = (
        "language",
        "temperature",
        "response_format",
        "stream",
        "mode",
        "task",
        "optimization_level",
        "of_tomorrow",
    )
    absent: dict[str, Any] = dict.fromkeys(names, nothing)
    assert post(gateway, **absent).status == 200
    assert post(gateway).headers["X-Cache"] == "HIT"
    assert set(provider.requests[0].body) == {"file", "filename", "model", "response_format"}


@pytest.mark.parametrize(
    ("audio", "code"),
    [(None, "invalid_value"), (b"", "invalid_value"), (b"<html>", "not_audio"), (b"PK\3\4" + bytes(50), "not_audio")],
    ids=["no file", "empty", "a page", "a zip"],
)
def test_what_is_not_audio_is_refused(
    gateway: Server, provider: ScriptedOpenAI, audio: bytes | None, code: str
) -> None:
    response = post(gateway, audio)
    error = error_of(response)
    assert (response.status, error["param"]) == (400, "file")
    assert error["code"] in (code, "not_audio")
    assert provider.requests == []


def test_a_file_over_the_limit_is_refused(gateway: Server, provider: ScriptedOpenAI) -> None:
    for size in (26_214_401, 27_000_000):
        response = post(gateway, WAV + bytes(size - len(WAV)))
        assert (response.status, error_of(response)["code"]) == (413, "payload_too_large")
    assert provider.requests == []


def test_a_file_that_is_kept_on_disk_meanwhile_is_written_down(gateway: Server, provider: ScriptedOpenAI) -> None:
    large = WAV + bytes(3_000_000)
    response = post(gateway, large, language="en")
    assert (response.status, response.json()["text"]) == (200, f"I am {len(large)} bytes long.")


def test_json_is_the_wrong_form(gateway: Server) -> None:
    response = gateway.request("POST", PATH, json={"model": "whisper-1"})
    assert (response.status, error_of(response)["code"]) == (415, "unsupported_media_type")


def test_a_failure_of_the_provider_is_not_stored(gateway: Server, provider: ScriptedOpenAI, cache: Any) -> None:
    provider.behave("quota")
    response = post(gateway)
    assert (response.status, error_of(response)["code"]) == (503, "provider_quota_exceeded")
    assert cache.keys("stt:*") == []


def test_transcripts_are_never_shared(gateway: Server, provider: ScriptedOpenAI) -> None:
    for name in ("hears one", "hears two"):
        key = gateway.new_client(name, "--shared-scope")
        fields = {"model": "whisper-1", "file": ("said.wav", WAV)}
        response = gateway.request("POST", PATH, fields=fields, headers={"Authorization": f"Bearer {key}"})
        assert response.headers["X-Cache"] == "MISS"
    assert len(provider.requests) == 2


def test_without_redis_it_is_written_down_each_time(bare_gateway: Server, provider: ScriptedOpenAI) -> None:
    responses = [post(bare_gateway) for _ in range(2)]
    assert [(response.status, response.headers["X-Cache"]) for response in responses] == [(200, "BYPASS")] * 2
    assert len(provider.requests) == 2
