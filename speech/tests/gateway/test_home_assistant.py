"""The requests of Home Assistant: the integration openai_tts, and a conversation with tools."""

from __future__ import annotations

import json
from typing import Any

import pytest

from speech.tests.gateway.scripted import ScriptedOpenAI
from speechsite.tests.support.server import Server

TOOL = {
    "type": "function",
    "function": {
        "name": "HassTurnOn",
        "description": "Turns on a device",
        "parameters": {"type": "object", "properties": {"name": {"type": "string"}}, "required": []},
    },
}


@pytest.mark.parametrize(
    "more",
    [
        {"response_format": "wav", "speed": 1},
        {"response_format": "wav", "speed": 1.0, "instructions": "None"},
        {"response_format": "mp3", "speed": 1.1, "stream": True},
    ],
)
def test_it_speaks_and_the_next_announcement_is_cached(
    gateway: Server, provider: ScriptedOpenAI, more: dict[str, Any]
) -> None:
    body = {"model": "tts-1", "input": "The washing machine is done.", "voice": "shimmer", **more}
    answers = [gateway.request("POST", "/v1/audio/speech", json=body) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[1].headers["X-Cache"] == "HIT"
    # The head of a streamed WAV file names no length.
    assert answers[0].data[44:] == answers[1].data[44:]
    assert len(provider.calls("/audio/speech")) == 1


def test_its_conversation_with_tools_is_passed_on_whole(gateway: Server, provider: ScriptedOpenAI) -> None:
    body = {
        "model": "balanced",
        "messages": [
            {"role": "system", "content": "You control a house. The kitchen light is off."},
            {"role": "user", "content": "Turn on the kitchen light"},
        ],
        "tools": [TOOL],
        "max_tokens": 150,
        "top_p": 1,
        "temperature": 0.5,
        "user": "01JXCONVERSATION",
    }
    answer = gateway.request("POST", "/v1/chat/completions", json=body)
    assert answer.status == 200 and json.loads(answer.data)["choices"]
    assert provider.calls("/chat/completions")[0]["tools"] == [TOOL]
