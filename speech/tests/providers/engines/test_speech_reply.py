"""What OpenAI-compatible servers send when they are asked for raw samples at 24 kHz, and what is heard of it."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from pytest_django import Settings

from speech import providers
from speech.audio import to_wav
from speech.audio.resampling import at_rate
from speech.exceptions import ProviderBadAnswer, ProviderRejected
from speech.providers.base import SpeechRequest
from speech.tests.loopback import FakeOpenAI
from speech.tests.loopback.answers import Answer, Seen, as_json, tone
from speech.tests.support.pcm import read

OPENAI = providers.get("openai")
TEXT = "Good morning."
Sent = Callable[[int], tuple[bytes, str]]


def with_length(length: int) -> Sent:
    """A WAV file that states this length of its samples."""

    def sent(rate: int) -> tuple[bytes, str]:
        file = bytearray(to_wav(tone(TEXT, rate), rate))
        file[40:44] = struct.pack("<I", length)
        return bytes(file), "audio/wav"

    return sent


def with_notes(rate: int) -> tuple[bytes, str]:
    """A WAV file with a chunk before its samples, and one behind them."""
    file = to_wav(tone(TEXT, rate), rate)
    notes = b"LIST" + struct.pack("<I", 3) + b"odd\0"
    return file[:36] + notes + file[36:] + notes, "audio/x-wav"


FORMS: dict[str, Sent] = {
    "a file": lambda rate: (to_wav(tone(TEXT, rate), rate), "audio/wav"),
    "a file called samples": lambda rate: (to_wav(tone(TEXT, rate), rate), "audio/pcm"),
    "a file with notes": with_notes,
    "a file of no length": with_length(0),
    "a file of the greatest length": with_length(0xFFFFFFFF),
    "a file of two billion bytes": with_length(2_000_000_000),
    "samples with their rate": lambda rate: (tone(TEXT, rate), f"audio/pcm;rate={rate}"),
    "samples in the words of RFC 2586": lambda rate: (tone(TEXT, rate), f'audio/L16; channels=1; rate="{rate}"'),
}


def answer_with(server: FakeOpenAI, body: bytes, content_type: str, size: int = 4_096) -> None:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    server.answer = lambda seen: Answer(chunks, content_type, streamed=True)  # type: ignore[method-assign]


def heard() -> bytes:
    return b"".join(read(OPENAI.speak(OPENAI.prepare_speech(SpeechRequest(text=TEXT))))[0])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_sound_of_any_rate_that_it_states_is_heard_at_its_speed(
    openai_server: FakeOpenAI, form: str, rate: int
) -> None:
    as_asked = at_rate(rate, 24_000)
    expected = as_asked.feed(tone(TEXT, rate)) + as_asked.finish()
    for size in (7, 1_001, 100_000):
        answer_with(openai_server, *FORMS[form](rate), size)
        assert heard() == expected


WAV = to_wav(tone(TEXT), 24_000)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (WAV[:-2], "audio/wav"),
        (WAV[:40], "audio/wav"),
        (WAV[:22] + b"\2" + WAV[23:], "audio/wav"),  # two channels
        (WAV[:34] + b"\10" + WAV[35:], "audio/wav"),  # eight bits
        (WAV[:12] + WAV[36:], "audio/wav"),  # without its format
        (b"RIFF\0\0\0\0WAVE" + b"junk\4\0\0\0...." * 10_000, "audio/wav"),
        (tone(TEXT)[:-1], "audio/pcm;rate=16000"),
        (tone(TEXT), "audio/pcm;rate=23457"),
        (b"<html>", "text/html"),
        (b'{"detail": "busy"}', "application/json"),
    ],
    ids=lambda value: value if isinstance(value, str) else len(value),
)
def test_what_is_not_understood_is_no_sound(openai_server: FakeOpenAI, body: bytes, content_type: str) -> None:
    answer_with(openai_server, body, content_type)
    with pytest.raises(ProviderBadAnswer):
        heard()


def speaks_only_wav(seen: Seen) -> Answer:
    if seen.body["response_format"] != "wav":
        return as_json({"error": {"message": "response_format must be one of [wav]"}}, 400)
    return Answer([to_wav(tone(seen.body["input"], 48_000), 48_000)], "audio/wav")


@pytest.mark.parametrize(("setting", "asked"), [("pcm", ["pcm", "wav"]), ("wav", ["wav"])])
def test_a_server_without_raw_samples_is_asked_for_a_file(
    openai_server: FakeOpenAI, settings: Settings, setting: str, asked: list[str]
) -> None:
    settings.PROVIDERS["openai"]["SPEECH_FORMAT"] = setting
    openai_server.answer = speaks_only_wav  # type: ignore[method-assign]
    assert len(heard()) == len(tone(TEXT))
    assert [seen.body["response_format"] for seen in openai_server.requests] == asked


def test_another_refusal_is_not_asked_again(openai_server: FakeOpenAI) -> None:
    openai_server.behave("400")
    with pytest.raises(ProviderRejected):
        heard()
    assert len(openai_server.requests) == 1


def test_groq_is_asked_for_files() -> None:
    assert providers.get("openai").setting("SPEECH_FORMAT") == "pcm"
    assert type(OPENAI)("groq").setting("SPEECH_FORMAT") == "wav"


def test_a_voice_that_its_owner_made_is_named_as_openai_does(
    openai_server: FakeOpenAI, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_openai, voice in ((True, {"id": "voice_1234"}), (False, "voice_1234")):
        monkeypatch.setattr(type(OPENAI), "_is_openai", is_openai)
        request = OPENAI.prepare_speech(SpeechRequest(text=TEXT, voice="voice_1234"))
        list(OPENAI.speak(request).pcm)
        assert openai_server.requests[-1].body["voice"] == voice


def test_another_server_may_give_a_model_with_instructions_openais_name(openai_server: FakeOpenAI) -> None:
    request = OPENAI.prepare_speech(SpeechRequest(text=TEXT, model="tts-1", instructions="Softly."))
    list(OPENAI.speak(request).pcm)
    assert openai_server.requests[0].body["instructions"] == "Softly."
