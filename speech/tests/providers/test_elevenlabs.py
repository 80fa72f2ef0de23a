from __future__ import annotations

import pytest

from caching.pricing.usage import Usage
from speech import providers
from speech.exceptions import InvalidRequest, ProviderBadAnswer, UnsupportedFeature
from speech.providers._shared.word_times.elevenlabs import timed_speech
from speech.providers.base import SpeechRequest
from speech.tests.loopback import Loopback
from speech.tests.loopback.answers import tone
from speech.tests.support.pcm import read

ELEVENLABS = providers.get("elevenlabs")


def test_it_speaks_and_says_what_was_billed(elevenlabs_server: Loopback) -> None:
    speech = ELEVENLABS.speak(ELEVENLABS.prepare_speech(SpeechRequest(text="Good morning.")))
    chunks, billed = read(speech)
    assert b"".join(chunks) == tone("Good morning.")
    assert (speech.sample_rate, billed) == (24_000, Usage(characters=7))
    (seen,) = elevenlabs_server.requests
    assert seen.path == "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb/stream?output_format=pcm_24000"
    assert seen.body == {"text": "Good morning.", "model_id": "eleven_flash_v2_5"}


def test_it_sends_only_the_options_that_were_asked_for(elevenlabs_server: Loopback) -> None:
    for model in ("eleven_flash_v2_5", "eleven_multilingual_v2"):
        request = SpeechRequest(text="नमस्ते", model=model, language="hi-IN", speed=1.1)
        list(ELEVENLABS.speak(ELEVENLABS.prepare_speech(request)).pcm)
    flash, multilingual = (seen.body for seen in elevenlabs_server.requests)
    assert flash["voice_settings"] == {"speed": 1.1}
    assert flash["language_code"] == "hi"
    assert "language_code" not in multilingual


def test_it_splits_a_text_that_is_too_long_for_its_model(elevenlabs_server: Loopback) -> None:
    text = " ".join(f"This is sentence number {number} of a long text." for number in range(130))
    request = ELEVENLABS.prepare_speech(SpeechRequest(text=text, model="eleven_v3"))
    list(ELEVENLABS.speak(request).pcm)
    assert [len(seen.body["text"]) <= 5_000 for seen in elevenlabs_server.requests] == [True, True]


@pytest.mark.parametrize("voice", ["..", "a/b", "a?b=c", "a%2Fb", "x" * 65, "é"])
def test_a_voice_cannot_change_the_path(voice: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ELEVENLABS.prepare_speech(SpeechRequest(text="Hello.", voice=voice))
    assert caught.value.param == "voice"


@pytest.mark.parametrize("option", [{"pitch": 0.1}, {"instructions": "Softly."}])
def test_it_refuses_what_it_cannot_do(option: dict[str, float | str]) -> None:
    with pytest.raises(UnsupportedFeature) as caught:
        ELEVENLABS.prepare_speech(SpeechRequest(text="Hello.", **option))  # type: ignore[arg-type]
    assert caught.value.param in option


@pytest.mark.parametrize(
    "line",
    [
        b"7",
        b"[" * 100_000,
        b'{"audio_base64": "no base64!"}',
        b'{"audio_base64": "", "alignment": {"characters": ["a"], "character_start_times_seconds": [NaN], '
        b'"character_end_times_seconds": [1]}}',
    ],
)
def test_what_is_no_audio_with_timestamps_is_the_engines_fault(line: bytes) -> None:
    with pytest.raises(ProviderBadAnswer, match="no audio with timestamps"):
        list(timed_speech("elevenlabs", [line], 0.0))
