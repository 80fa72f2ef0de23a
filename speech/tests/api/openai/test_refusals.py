"""Requests that nobody can take: each is a 400 that names the field as the request does, and says what would do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from speech.audio import formats, to_wav
from speech.providers._shared.openai_names import VOICES
from speech.tests.loopback.answers import tone
from speech.tests.loopback.deepgram import FakeDeepgram
from speech.tests.support.bad_requests import error_of

SPEECH, CHAT, RESPONSES, EMBEDDINGS = (
    f"/v1/{name}" for name in ("audio/speech", "chat/completions", "responses", "embeddings")
)
BODIES: dict[str, dict[str, Any]] = {
    SPEECH: {"input": "Hello."},
    CHAT: {"messages": [{"role": "user", "content": "Hello."}]},
    RESPONSES: {"input": "Hello."},
    EMBEDDINGS: {"input": "Hello."},
    "/api/chat/": {"query": "Hello."},
    "/api/tts/": {"text": "Hello."},
    "/api/converse/": {"query": "Hello."},
}
WAV = to_wav(tone("What is a cache?"), 24_000)

FIELDS = {"codec", "input", "messages", "mode", "model", "provider", "text", "voice"}

# With espeak and demo: path, wrong fields, the name in the error, a part of the message.
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    (SPEECH, {"respnse_format": "wav"}, "respnse_format", "passes none on to espeak"),
    (SPEECH, {"timestamps": ["zzz"]}, "timestamps", "passes none on to espeak"),
    (SPEECH, {"lang_code": "a", "speed": 1}, "lang_code", "passes none on to espeak"),
    (SPEECH, {"pitch": 0.2}, "pitch", "this endpoint does not have it"),
    (SPEECH, {"provider": "x"}, "provider", "unknown field 'provider'"),
    (SPEECH, {"exaggeration": 0}, "exaggeration", "passes none on to espeak"),
    (SPEECH, {"model": "zorb/x"}, "model", "espeak-ng"),
    (SPEECH, {"model": "zorb"}, "model", "espeak-ng"),
    (SPEECH, {"model": "espeak/zorb"}, "model", "must be espeak-ng"),
    ("/api/tts/", {"model": "zorb"}, "model", "must be espeak-ng"),
    ("/api/converse/", {"tts_model": "gpt-4o"}, "tts_model", "must be espeak-ng"),
    (SPEECH, {"model": "demo/demo"}, "model", "espeak"),
    (SPEECH, {"voice": "zorb"}, "voice", ", ".join(VOICES[:3])),
    (SPEECH, {"voice": {"name": "x"}}, "voice", "string"),
    (SPEECH, {"response_format": "wma"}, "response_format", ", ".join(formats.names())),
    (SPEECH, {"sample_rate": 11_025}, "sample_rate", "8000, 16000"),
    (SPEECH, {"stream_format": "ws"}, "stream_format", "audio, sse"),
    (SPEECH, {"optimization_level": "fast"}, "optimization_level", "quality, balanced, speed"),
    (SPEECH, {"input": ""}, "input", "blank"),
    (SPEECH, {"input": "a\0b"}, "input", "NUL"),
    (SPEECH, {"input": "a\ud800b"}, "input", "surrogate"),
    (SPEECH, {"text": "a\0b"}, "text", "NUL"),
    (SPEECH, {"input": " … "}, "input", "input must hold more than punctuation"),
    (SPEECH, {"voice": "a\ud800b"}, "voice", "surrogate"),
    (SPEECH, {"instructions": "Whisper."}, "instructions", "espeak"),
    (SPEECH, {"speed": 9}, "speed", "4"),
    *((SPEECH, {"speakable": value}, "speakable", "boolean") for value in ("true", 1)),
    (SPEECH, {"language": "no tag"}, "language", "BCP 47"),
    (CHAT, {"respnse_format": "json"}, "respnse_format", "passes none on to demo"),
    (CHAT, {"chat_template_kwargs": {"enable_thinking": False}}, "chat_template_kwargs", "passes none on to demo"),
    (CHAT, {"model": "zorb/x"}, "model", "demo"),
    (CHAT, {"model": "zorb"}, "model", "demo"),
    (CHAT, {"model": "espeak/espeak-ng"}, "model", "does not support chat"),
    (CHAT, {"model": "demo/zorb"}, "model", "demo"),
    (CHAT, {"messages": [{"role": "user", "content": "a\ud800b"}]}, "messages.0.content", "surrogate"),
    (RESPONSES, {"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools.0.name", "must be a string"),
    (RESPONSES, {"tools": [{"type": "custom", "name": 5}]}, "tools.0.name", "must be a string"),
    (CHAT, {"messages": [{"role": "boss", "content": "Hello."}]}, "messages.0.role", "system, developer, user"),
    (CHAT, {"response_format": {"type": "json_object"}}, "response_format", "demo"),
    (CHAT, {"optimization_level": "fast"}, "optimization_level", "quality, balanced, speed"),
    *((CHAT, {"stream": value}, "stream", "boolean") for value in ("true", "yes", 1, 0)),
    (CHAT, {"logprobs": "yes"}, "logprobs", "boolean"),
    (CHAT, {"parallel_tool_calls": 1}, "parallel_tool_calls", "boolean"),
    (CHAT, {"stream_options": {"include_usage": "on"}}, "stream_options.include_usage", "boolean"),
    (RESPONSES, {"inptu": "x"}, "inptu", "passes none on to demo"),
    (RESPONSES, {"model": "zorb/x"}, "model", "demo"),
    (RESPONSES, {"input": "a\ud800b"}, "input", "surrogate"),
    (RESPONSES, {"text": {"format": {"type": "json_object"}}}, "text.format", "demo"),
    (RESPONSES, {"reasoning": {"effort": {}}}, "reasoning.effort", "reasoning.effort: "),
    (RESPONSES, {"input": [{"role": "boss", "content": "Hello."}]}, "input", "input: role must be one of"),
    (RESPONSES, {"optimization_level": "fast"}, "optimization_level", "quality, balanced, speed"),
    (EMBEDDINGS, {"model": "espeak/espeak-ng"}, "model", "does not support embedding"),
    (EMBEDDINGS, {"encoding_format": "hex"}, "encoding_format", "float, base64"),
    (EMBEDDINGS, {"input": ["a", "b\ud800"]}, "input.1", "surrogate"),
    ("/api/chat/", {"provider": "zorb"}, "provider", "demo"),
    ("/api/chat/", {"optimization_level": "fast"}, "optimization_level", "quality, balanced, speed"),
    ("/api/tts/", {"provider": "zorb"}, "provider", "espeak"),
    ("/api/tts/", {"codec": "wma"}, "codec", ", ".join(formats.names())),
    ("/api/tts/", {"timestamps": ["zzz"]}, "timestamps", "word"),
    ("/api/tts/", {"timestamps": "word"}, "timestamps", "list of word"),
    ("/api/tts/", {"text": "a\0b"}, "text", "NUL"),
    ("/api/chat/", {"query": "a\0b"}, "query", "NUL"),
    ("/api/converse/", {"codec": "flac"}, "codec", "wav, pcm, mp3, mulaw, alaw"),
    ("/api/converse/", {"sample_rate": 11_025}, "sample_rate", "8000, 16000"),
    ("/api/converse/", {"optimization_level": "fast"}, "optimization_level", "quality, balanced, speed"),
    ("/api/converse/", {"stream_format": "ws"}, "stream_format", "audio, sse"),
    ("/api/converse/", {"timestamps": ["zzz"]}, "timestamps", "word"),
    ("/api/converse/", {"tts_provider": "zorb"}, "tts_provider", "espeak"),
    ("/api/converse/", {"tts_model": "zorb"}, "tts_model", "tts_model of espeak must be"),
    ("/api/converse/", {"llm_model": "zorb"}, "llm_model", "llm_model of demo must be"),
    ("/api/converse/", {"voice": "zorb"}, "voice", "alloy"),
    ("/api/converse/", {"query": "a\ud800b"}, "query", "surrogate"),
]


@pytest.mark.parametrize("path", BODIES)
def test_it_names_the_field_at_fault(api: Any, settings: Any, path: str) -> None:
    settings.LLM_PROVIDER, settings.TTS_PROVIDER, settings.PROVIDERS = "demo", "espeak", {}
    for fields, param, says in [row[1:] for row in WRONG if row[0] == path]:
        response = api.post(path, json.dumps(BODIES[path] | fields), content_type="application/json")
        assert_refused(response, fields, param, says)


def assert_refused(response: Any, fields: dict[str, Any], param: str, says: str) -> None:
    assert response.status_code == 400, (fields, response.content)
    error = error_of(response)
    assert (error["param"], says in error["message"]) == (param, True), (fields, error)
    # A message that begins with a field begins with the one at fault.
    first = error["message"].split()[0].rstrip(":")
    assert first == param or first not in FIELDS, (fields, error)


LABELS = {"user": "u1", "metadata": {"a": "b"}, "safety_identifier": "s", "stream": True, "lang_code": "", "x": None}


def test_labels_and_empty_fields_are_taken_by_every_engine(api: Any, settings: Any) -> None:
    settings.TTS_PROVIDER, settings.PROVIDERS = "espeak", {}
    response = api.post(SPEECH, {"input": "Hello.", "model": "tts-1", **LABELS}, format="json")
    assert response.status_code == 200, response.content


def test_the_names_that_applications_send_by_default_mean_the_demo(api: Any, settings: Any) -> None:
    settings.LLM_PROVIDER, settings.PROVIDERS = "demo", {"demo": {"DELAY_MS": "0"}}
    for model in ("gpt-4o-mini", "o3", "claude-sonnet-4-5", "gemini-2.5-flash", "llama3.2:1b", "speed"):
        response = api.post(CHAT, BODIES[CHAT] | {"model": model}, format="json")
        assert (model, response.status_code, response.json().get("model")) == (model, 200, "demo")


FORMS = [
    ("transcriptions", {"chunking_stratgy": "auto"}, "chunking_stratgy", "passes none on to deepgram"),
    ("transcriptions", {"timestamp_granularities[]": "zzz"}, "timestamp_granularities[]", "word or segment"),
    ("transcriptions", {"response_format": "xml"}, "response_format", "json, text"),
    ("transcriptions", {"task": "sing"}, "task", "transcribe, translate"),
    ("transcriptions", {"model": "demo/demo"}, "model", "does not support transcription"),
    ("transcriptions", {"temperature": "2"}, "temperature", "1"),
    ("transcriptions", {"language": "a\0b"}, "language", "ull character"),
    ("transcriptions", {"file": "no file"}, "file", "audio"),
    ("translations", {}, "model", "deepgram"),
    ("translations", {"mode": "a mode of many letters"}, "mode", "20"),
]


def test_it_names_the_field_of_a_form(api: Any, settings: Any) -> None:
    with FakeDeepgram() as server:
        settings.STT_PROVIDER = "deepgram"
        settings.PROVIDERS = {"deepgram": {"API_KEY": "loopback-secret", "BASE_URL": server.url}}
        for path, fields, param, says in FORMS:
            form = {"file": SimpleUploadedFile("question.wav", WAV), "model": "whisper-1"} | fields
            assert_refused(api.post(f"/v1/audio/{path}", form, format="multipart"), fields, param, says)
