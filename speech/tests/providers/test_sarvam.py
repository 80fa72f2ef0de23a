from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from caching.pricing.usage import Usage
from speech import providers
from speech.exceptions import InvalidRequest, UnsupportedFeature
from speech.providers.base import ChatRequest, SpeechRequest
from speech.tests.loopback import Loopback
from speech.tests.loopback.answers import tone
from speech.tests.support.pcm import read

SARVAM = providers.get("sarvam")
USER = {"role": "user", "content": "Where is Pune?"}
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {}}}]


def prepared(model: str = "", **params: Any) -> dict[str, Any]:
    return dict(SARVAM.prepare_chat(ChatRequest(messages=[USER], model=model, params=params)).params)


def test_it_turns_openai_s_names_into_sarvam_s(sarvam_server: Loopback) -> None:
    messages: list[Any] = [{"role": "developer", "content": [{"type": "text", "text": "Be brief."}]}, USER]
    params = {"max_completion_tokens": 40, "user": "u1", "store": False, "tool_choice": "auto", "temperature": None}
    answer = SARVAM.chat(SARVAM.prepare_chat(ChatRequest(messages=messages, params=params)))
    assert answer.choices[0]["finish_reason"] == "stop"
    (seen,) = sarvam_server.requests
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["api-subscription-key"] == "loopback-secret"
    assert seen.body == {
        "model": "sarvam-105b",
        "messages": [{"role": "system", "content": "Be brief."}, USER],
        "max_tokens": 40,
    }


@pytest.mark.parametrize(("model", "path", "has_usage"), [("sarvam-105b", "/v1", False), ("gemma4", "/v2", True)])
def test_it_asks_for_the_usage_of_a_stream_only_where_it_may(
    sarvam_server: Loopback, model: str, path: str, has_usage: bool
) -> None:
    chunks = list(SARVAM.stream_chat(SARVAM.prepare_chat(ChatRequest(messages=[USER], model=model))))
    assert ("usage" in chunks[-1]) is has_usage
    assert sarvam_server.requests[0].path == path + "/chat/completions"


def test_it_refuses_by_name_what_would_change_the_answer() -> None:
    refused: dict[str, Any] = {"logprobs": True, "top_k": 5, "logit_bias": {"1": 2}, "provider": "x"}
    for name, value in refused.items():
        with pytest.raises(UnsupportedFeature) as caught:
            prepared(**{name: value})
        assert caught.value.param == name
    assert prepared("gemma4", top_k=5) == {"top_k": 5}
    with pytest.raises(UnsupportedFeature) as caught:
        prepared(tools=TOOLS, parallel_tool_calls=False)
    assert caught.value.param == "parallel_tool_calls"
    assert prepared(tools=TOOLS, parallel_tool_calls=True, tool_choice="auto") == {
        "tools": TOOLS,
        "tool_choice": "auto",
    }


def test_only_gemma_sees_images() -> None:
    image = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}
    with pytest.raises(UnsupportedFeature) as caught:
        SARVAM.prepare_chat(ChatRequest(messages=[image]))
    assert caught.value.param == "messages"
    assert SARVAM.prepare_chat(ChatRequest(messages=[image], model="gemma4")).messages == [image]


def test_it_speaks_odia_under_sarvam_s_own_tag(sarvam_server: Loopback) -> None:
    speech = SARVAM.speak(SARVAM.prepare_speech(SpeechRequest(text="ନମସ୍କାର", speed=0.5)))
    chunks, billed = read(speech)
    assert b"".join(chunks) == tone("ନମସ୍କାର")
    assert (speech.sample_rate, billed) == (24_000, Usage(characters=7))
    (seen,) = sarvam_server.requests
    assert seen.path == "/text-to-speech"
    assert seen.body == {
        "text": "ନମସ୍କାର",
        "language_code": "od-IN",
        "model": "bulbul:v3",
        "speaker": "shubh",
        "pace": 0.5,
        "speech_sample_rate": 24_000,
        "output_audio_codec": "wav",
    }


@pytest.mark.parametrize(("model", "limit"), [("bulbul:v2", 1_500), ("bulbul:v3", 2_500)])
def test_it_splits_at_the_limit_of_the_model(sarvam_server: Loopback, model: str, limit: int) -> None:
    text = " ".join(f"यह वाक्य क्रमांक {number} है।" for number in range(150))
    list(SARVAM.speak(SARVAM.prepare_speech(SpeechRequest(text=text, model=model))).pcm)
    pieces = [seen.body["text"] for seen in sarvam_server.requests]
    assert len(pieces) > 1
    assert pieces and all(len(piece) <= limit and piece.endswith("।") for piece in pieces)
    assert " ".join(pieces) == text


@pytest.mark.parametrize(
    ("model", "speaker"),
    [("bulbul:v3", "shubh"), ("bulbul:v2", "anushka"), ("bulbul:v4-flash", "shubh_enhi_ads")],
)
def test_each_model_has_its_own_speakers(model: str, speaker: str, settings: Settings) -> None:
    assert SARVAM.prepare_speech(SpeechRequest(text="Hello.", model=model)).voice == speaker
    settings.PROVIDERS = {"sarvam": {"SPEECH_MODEL": model}}
    assert speaker in {voice.id for voice in SARVAM.voices()}
    for alias in ("alloy", "verse"):
        voice = SARVAM.prepare_speech(SpeechRequest(text="Hello.", voice=alias)).voice
        assert voice in {known.id for known in SARVAM.voices()}
    for wrong in {"shubh", "anushka", "shubh_enhi_ads"} - {speaker}:
        with pytest.raises(InvalidRequest) as caught:
            SARVAM.prepare_speech(SpeechRequest(text="Hello.", voice=wrong))
        assert caught.value.param == "voice"


@pytest.mark.parametrize(
    ("model", "option", "value", "accepted"),
    [
        ("bulbul:v3", "speed", 2.0, True),
        ("bulbul:v3", "speed", 2.1, False),
        ("bulbul:v2", "speed", 3.0, True),
        ("bulbul:v3", "pitch", 0.1, False),
        ("bulbul:v2", "pitch", -0.75, True),
        ("bulbul:v2", "pitch", 0.76, False),
        ("bulbul:v3", "instructions", "Softly.", False),
    ],
)
def test_each_model_has_its_own_ranges(model: str, option: str, value: Any, accepted: bool) -> None:
    request = SpeechRequest(text="Hello.", model=model, **{option: value})
    if accepted:
        assert getattr(SARVAM.prepare_speech(request), option) == value
        return
    with pytest.raises(InvalidRequest) as caught:
        SARVAM.prepare_speech(request)
    assert caught.value.param == option
