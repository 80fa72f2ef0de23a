"""The requests of Open WebUI, as its server sends them."""

from __future__ import annotations

import json

from speech.tests.gateway.scripted import ScriptedOpenAI
from speechsite.tests.support.server import Server

USER = {"X-OpenWebUI-User-Name": "Ann", "X-OpenWebUI-User-Role": "admin", "X-OpenWebUI-Chat-Id": "c1"}


def test_it_lists_models_and_asks_for_lists_of_audio_without_a_key(gateway: Server) -> None:
    models = json.loads(gateway.request("GET", "/v1/models").data)["data"]
    assert {"quality", "balanced", "speed"} <= {model["id"] for model in models}
    nobody = {"Authorization": ""}
    voices = json.loads(gateway.request("GET", "/v1/audio/voices", headers=nobody).data)["voices"]
    audio = json.loads(gateway.request("GET", "/v1/audio/models", headers=nobody).data)["models"]
    assert all(voice["id"] and voice["name"] for voice in voices) and audio


def test_its_streamed_chat_is_answered_and_then_cached_for_every_user(
    gateway: Server, provider: ScriptedOpenAI
) -> None:
    body = {"model": "balanced", "stream": True, "messages": [{"role": "user", "content": "Say hello"}]}
    streams = []
    for name in ("Ann", "Bob"):
        headers = {**USER, "X-OpenWebUI-User-Name": name}
        streams.append(gateway.request("POST", "/v1/chat/completions", json=body, headers=headers).data.decode())
    assert all(stream.rstrip().endswith("data: [DONE]") for stream in streams)
    assert len(provider.calls("/chat/completions")) == 1


def test_its_voice_and_its_microphone_work(gateway: Server, provider: ScriptedOpenAI) -> None:
    body = {"model": "tts-1", "input": "Good morning.", "voice": "alloy"}
    spoken = gateway.request("POST", "/v1/audio/speech", json=body, headers=USER)
    assert (spoken.status, spoken.headers["Content-Type"]) == (200, "audio/mpeg")
    wav = gateway.request("POST", "/v1/audio/speech", json={**body, "response_format": "wav"}).data
    fields = {"file": ("5f0c.wav", wav), "model": "whisper-1"}
    heard = gateway.request("POST", "/v1/audio/transcriptions", fields=fields)
    assert heard.status == 200 and json.loads(heard.data)["text"]
