"""Pipecat's OpenAI services pointed at the gateway."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.loopback.answers import tone
from speech.tests.support.voices import OPENAI_VOICES
from speechsite.tests.support.optional import Optional
from speechsite.tests.support.server import Server

REASON = "Pipecat is in requirements-clients.txt"
frames = Optional("pipecat.frames.frames", REASON)
contexts = Optional("pipecat.processors.aggregators.llm_context", REASON)
llm = Optional("pipecat.services.openai.llm", REASON)
tts = Optional("pipecat.services.openai.tts", REASON)
harness = Optional("pipecat.tests.utils", REASON)

HELLO = [{"role": "user", "content": "Say hello"}]
# As its examples begin a call.
GREETING = [
    {"role": "system", "content": "You are a helpful voice assistant."},
    {"role": "developer", "content": "Please introduce yourself to the user."},
]


def at(gateway: Server) -> dict[str, str]:
    return {"base_url": f"{gateway.url}/v1", "api_key": gateway.key}


def pushed(service: Any, *sent: Any) -> list[Any]:
    """Every frame that comes out of the service, by Pipecat's own pipeline."""
    downstream, _ = asyncio.run(harness.run_test(service, frames_to_send=list(sent)))
    errors = [frame for frame in downstream if isinstance(frame, frames.ErrorFrame)]
    assert errors == []
    return list(downstream)


@pytest.mark.parametrize("messages", [HELLO, GREETING], ids=["question", "greeting"])
def test_its_language_model_is_answered_and_then_cached(
    gateway: Server, provider: ScriptedOpenAI, messages: list[dict[str, str]]
) -> None:
    for _ in range(2):
        service = llm.OpenAILLMService(**at(gateway), settings=llm.OpenAILLMService.Settings(model="gpt-6-luna"))
        out = pushed(service, frames.LLMContextFrame(contexts.LLMContext(list(messages))))
        text = "".join(frame.text for frame in out if isinstance(frame, frames.LLMTextFrame))
        assert text.strip() == f"You said: {messages[-1]['content']}. That is all."
        assert isinstance(out[-1], frames.LLMFullResponseEndFrame)
    assert len(provider.requests) == 1


@pytest.mark.parametrize("voice", OPENAI_VOICES[:2])
def test_its_voice_gets_raw_pcm_at_24_khz(gateway: Server, provider: ScriptedOpenAI, voice: str) -> None:
    for _ in range(2):
        settings = tts.OpenAITTSService.Settings(voice=voice)
        service = tts.OpenAITTSService(**at(gateway), sample_rate=24_000, settings=settings)
        out = pushed(service, frames.TTSSpeakFrame("Good morning."))
        audio = [frame for frame in out if isinstance(frame, frames.TTSAudioRawFrame)]
        assert {(frame.sample_rate, frame.num_channels) for frame in audio} == {(24_000, 1)}
        assert b"".join(frame.audio for frame in audio).startswith(tone("Good morning."))
    assert [body["voice"] for body in provider.calls("/audio/speech")] == [voice]
