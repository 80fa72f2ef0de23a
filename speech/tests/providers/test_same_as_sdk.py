"""What each adapter sends is what the provider's own SDK sends for the same call."""

from __future__ import annotations

from typing import Any

import pytest

from speech import providers
from speech.providers.base import ChatRequest, SpeechRequest
from speech.tests.loopback import Loopback, Seen
from speech.tests.providers.conftest import SECRET

MESSAGES: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is Pune?"}]


def ours_and_theirs(server: Loopback, key_header: str) -> tuple[Any, Any]:
    ours, theirs = server.requests

    def compared(seen: Seen) -> tuple[Any, ...]:
        return seen.path, seen.headers[key_header], seen.headers["content-type"], seen.body

    return compared(ours), compared(theirs)


def chat(name: str, **request: Any) -> None:
    provider = providers.get(name)
    provider.chat(provider.prepare_chat(ChatRequest(messages=MESSAGES, **request)))


def stream(name: str, **request: Any) -> None:
    provider = providers.get(name)
    list(provider.stream_chat(provider.prepare_chat(ChatRequest(messages=MESSAGES, **request))))


def speak(name: str, **request: Any) -> None:
    provider = providers.get(name)
    list(provider.speak(provider.prepare_speech(SpeechRequest(**request))).pcm)


def openai_client(server: Loopback) -> Any:
    openai = pytest.importorskip("openai")
    return openai.OpenAI(api_key=SECRET, base_url=server.url + "/v1")


def sarvam_client(server: Loopback) -> Any:
    sarvamai = pytest.importorskip("sarvamai")
    from sarvamai.environment import SarvamAIEnvironment

    urls = SarvamAIEnvironment(base=server.url, creative=server.url, production=server.url)
    return sarvamai.SarvamAI(api_subscription_key=SECRET, environment=urls)


def test_openai_chat(openai_server: Loopback) -> None:
    chat("openai", model="gpt-6-luna", params={"temperature": 0.5, "max_completion_tokens": 40})
    openai_client(openai_server).chat.completions.create(
        model="gpt-6-luna", messages=MESSAGES, temperature=0.5, max_completion_tokens=40
    )
    ours, theirs = ours_and_theirs(openai_server, "authorization")
    assert ours == theirs


def test_openai_streamed_chat(openai_server: Loopback) -> None:
    stream("openai", model="gpt-6-luna")
    list(
        openai_client(openai_server).chat.completions.create(
            model="gpt-6-luna", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )
    ours, theirs = ours_and_theirs(openai_server, "authorization")
    assert ours == theirs


def test_openai_speech(openai_server: Loopback) -> None:
    options = {"model": "gpt-4o-mini-tts", "voice": "nova", "speed": 1.5, "instructions": "Softly."}
    speak("openai", text="Good morning.", **options)
    openai_client(openai_server).audio.speech.create(input="Good morning.", response_format="pcm", **options)
    ours, theirs = ours_and_theirs(openai_server, "authorization")
    assert ours == theirs


@pytest.mark.parametrize(("model", "method"), [("sarvam-105b", "completions"), ("gemma4", "completions_v2")])
def test_sarvam_chat(sarvam_server: Loopback, model: str, method: str) -> None:
    chat("sarvam", model=model, params={"temperature": 0.5, "max_tokens": 40})
    getattr(sarvam_client(sarvam_server).chat, method)(model=model, messages=MESSAGES, temperature=0.5, max_tokens=40)
    ours, theirs = ours_and_theirs(sarvam_server, "api-subscription-key")
    assert ours == theirs


def test_sarvam_streamed_chat(sarvam_server: Loopback) -> None:
    stream("sarvam", model="sarvam-105b")
    list(sarvam_client(sarvam_server).chat.completions(model="sarvam-105b", messages=MESSAGES, stream=True))
    ours, theirs = ours_and_theirs(sarvam_server, "api-subscription-key")
    assert ours == theirs


def test_sarvam_speech(sarvam_server: Loopback) -> None:
    speak("sarvam", text="नमस्ते", model="bulbul:v2", voice="vidya", speed=1.5, pitch=0.25)
    sarvam_client(sarvam_server).text_to_speech.convert(
        text="नमस्ते",
        language_code="hi-IN",
        model="bulbul:v2",
        speaker="vidya",
        pace=1.5,
        pitch=0.25,
        speech_sample_rate=24_000,
        output_audio_codec="wav",
    )
    ours, theirs = ours_and_theirs(sarvam_server, "api-subscription-key")
    assert ours == theirs


def test_elevenlabs_speech(elevenlabs_server: Loopback) -> None:
    elevenlabs = pytest.importorskip("elevenlabs")
    speak("elevenlabs", text="नमस्ते", model="eleven_flash_v2_5", voice="nova", speed=1.1, language="hi")
    client = elevenlabs.ElevenLabs(api_key=SECRET, base_url=elevenlabs_server.url)
    list(
        client.text_to_speech.stream(
            "FGY2WhTYpPnrIDTdsKH5",
            text="नमस्ते",
            model_id="eleven_flash_v2_5",
            language_code="hi",
            output_format="pcm_24000",
            voice_settings=elevenlabs.VoiceSettings(speed=1.1),
        )
    )
    ours, theirs = ours_and_theirs(elevenlabs_server, "xi-api-key")
    assert ours == theirs
