"""LiveKit's OpenAI plugin pointed at the gateway."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.loopback.answers import tone
from speechsite.tests.support.optional import Optional
from speechsite.tests.support.server import Server

REASON = "LiveKit's OpenAI plugin is in requirements-clients.txt"
openai = Optional("livekit.plugins.openai", REASON)
agents = Optional("livekit.agents", REASON)


def plugin(kind: str, gateway: Server, **options: Any) -> Any:
    return getattr(openai, kind)(base_url=f"{gateway.url}/v1", api_key=gateway.key, **options)


QUESTION = [("user", "Say hello")]
# As `session.generate_reply(instructions=…)` asks for it before the caller has said a word.
GREETING = [("system", "You are a helpful voice assistant."), ("system", "Greet the user and offer your help.")]


async def answered(gateway: Server, times: int, turns: list[tuple[str, str]]) -> list[tuple[str, Any]]:
    answers = []
    llm = plugin("LLM", gateway, model="gpt-6-luna")
    llm.prewarm()
    for _ in range(times):
        context = agents.llm.ChatContext.empty()
        for role, content in turns:
            context.add_message(role=role, content=content)
        async with llm.chat(chat_ctx=context) as stream:
            chunks = [chunk async for chunk in stream]
        text = "".join(chunk.delta.content or "" for chunk in chunks if chunk.delta)
        answers.append((text.strip(), next(chunk.usage for chunk in chunks if chunk.usage)))
    await llm.aclose()
    return answers


async def spoken(gateway: Server, times: int, **options: Any) -> list[bytes]:
    sounds = []
    async with agents.utils.http_context.open():
        tts = plugin("TTS", gateway, **options)
        tts.prewarm()
        for _ in range(times):
            async with tts.synthesize("Good morning, how are you?") as stream:
                frames = [event.frame async for event in stream]
            assert {frame.sample_rate for frame in frames} == {24_000}
            sounds.append(b"".join(frame.data.tobytes() for frame in frames))
        await tts.aclose()
    return sounds


def test_its_language_model_is_answered_and_then_cached(gateway: Server, provider: ScriptedOpenAI) -> None:
    first, second = asyncio.run(answered(gateway, 2, QUESTION))
    assert first[0] == second[0] == "You said: Say hello. That is all."
    assert first[1].total_tokens == second[1].total_tokens == 9
    assert len(provider.calls("/chat/completions")) == 1


def test_it_greets_before_anybody_has_spoken(gateway: Server, provider: ScriptedOpenAI) -> None:
    first, second = asyncio.run(answered(gateway, 2, GREETING))
    assert first[0] == second[0] == "You said: Greet the user and offer your help.. That is all."
    [sent] = provider.calls("/chat/completions")
    assert [(turn["role"], turn["content"]) for turn in sent["messages"]] == GREETING


@pytest.mark.parametrize("model", ["gpt-4o-mini-tts", "tts-1"], ids=["as events", "as audio"])
def test_its_voice_speaks_pcm(gateway: Server, provider: ScriptedOpenAI, model: str) -> None:
    sounds = asyncio.run(spoken(gateway, 2, model=model, voice="ash", response_format="pcm"))
    for sound in sounds:
        # LiveKit fills the last frame up with silence.
        assert sound.startswith(tone("Good morning, how are you?"))
        assert not any(sound.removeprefix(tone("Good morning, how are you?")))
    assert len(provider.requests) == 1


def test_its_voice_speaks_mp3_by_default(gateway: Server, provider: ScriptedOpenAI) -> None:
    pytest.importorskip("av", reason="LiveKit decodes mp3 with PyAV")
    [sound] = asyncio.run(spoken(gateway, 1))
    # An encoder adds silence of up to two frames of 1,152 samples (LAME's delay and padding).
    assert 0 <= len(sound) - len(tone("Good morning, how are you?")) <= 2 * 2 * 1_152 + 2 * 1_105
