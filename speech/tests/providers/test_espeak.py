from __future__ import annotations

import array
import hashlib

import pytest
from pytest_django import Settings

from caching.pricing.usage import Usage
from speech import providers
from speech.exceptions import InvalidRequest, ProviderNotConfigured
from speech.providers.base import SpeechRequest
from speech.tests.support.pcm import read

ESPEAK = providers.get("espeak")
GREETINGS = {
    "bn": "নমস্কার",
    "en": "Good morning",
    "gu": "નમસ્તે",
    "hi": "नमस्ते",
    "kn": "ನಮಸ್ಕಾರ",
    "ml": "നമസ്കാരം",
    "mr": "नमस्कार",
    "or": "ନମସ୍କାର",
    "pa": "ਸਤ ਸ੍ਰੀ ਅਕਾਲ",
    "ta": "வணக்கம்",
    "te": "నమస్కారం",
}


def spoken(text: str, **options: object) -> bytes:
    request = ESPEAK.prepare_speech(SpeechRequest(text=text, **options))  # type: ignore[arg-type]
    return b"".join(read(ESPEAK.speak(request))[0])


def seconds(pcm: bytes) -> float:
    return len(pcm) / 2 / 22_050


def test_it_speaks_every_language_in_its_own_voice() -> None:
    sounds = {language: spoken(text, language=language) for language, text in GREETINGS.items()}
    for language, pcm in sounds.items():
        assert 0.3 < seconds(pcm) < 5, language
        assert max(array.array("h", pcm)) > 3_000, language
    assert len({hashlib.sha256(pcm).digest() for pcm in sounds.values()}) == len(GREETINGS)


def test_the_voice_follows_the_script_of_the_text() -> None:
    for language in ("hi", "ta", "or", "bn"):
        request = ESPEAK.prepare_speech(SpeechRequest(text=GREETINGS[language], voice="nova"))
        assert (request.voice, request.language) == (f"{language}+f3", language)
    assert ESPEAK.prepare_speech(SpeechRequest(text="Good morning")).voice == "en-gb"


def test_it_knows_the_version_of_its_engine() -> None:
    engine = ESPEAK.prepare_speech(SpeechRequest(text="Hello", engine="mine")).engine
    assert engine.startswith("espeak-ng 1.")


def test_it_says_the_same_each_time() -> None:
    assert len({spoken("The same bytes each time.") for _ in range(5)}) == 1


@pytest.mark.parametrize("voice", [voice.id for voice in ESPEAK.voices()] + ["hi+f5", "en-us+m8", "+f1"])
def test_each_voice_that_it_offers_speaks(voice: str) -> None:
    assert seconds(spoken("Hello नमस्ते", voice=voice)) > 0.3


@pytest.mark.parametrize("voice", ["klingon", "hi+f6", "hi+", "hi+f1+f2", "en", "mb-us1", "-h", "hi --compile"])
def test_it_refuses_a_voice_that_it_does_not_have(voice: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ESPEAK.prepare_speech(SpeechRequest(text="Hello", voice=voice))
    assert caught.value.param == "voice"


def test_speed_and_pitch_are_heard() -> None:
    text = "This sentence is spoken at several speeds."
    slow, plain, fast = (seconds(spoken(text, speed=speed)) for speed in (0.5, 1.0, 2.0))
    assert slow > 1.5 * plain > 2 * fast
    assert len({spoken(text, pitch=pitch) for pitch in (-1.0, 0.0, 1.0)}) == 3
    for speed in (0.46, 4.0):
        assert spoken(text, speed=speed)


def test_a_speed_below_the_engine_s_slowest_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"from 0\.46 to 4"):
        spoken("Slower than that it does not speak.", speed=0.45)


def test_phonemes_are_read_out_and_never_obeyed() -> None:
    assert seconds(spoken("[[h@l'oU]]")) > 1.2 * seconds(spoken("hello"))


@pytest.mark.parametrize(
    "text", ["🙂", "مرحبا", "日本語", "<speak><p>Hi", "\u200f\u0007x", "a" * 5_000, "-v hi", "5 …"]
)
def test_odd_texts_neither_crash_it_nor_hang(text: str) -> None:
    assert spoken(text)


def test_a_long_text_comes_in_pieces() -> None:
    text = " ".join(f"This is sentence number {number}." for number in range(100))
    request = ESPEAK.prepare_speech(SpeechRequest(text=text))
    pieces, billed = read(ESPEAK.speak(request))
    assert len(pieces) == 2 and billed == Usage(characters=len(text))
    assert seconds(b"".join(pieces)) > 100


def test_without_an_engine_it_says_what_to_install(settings: Settings) -> None:
    settings.PROVIDERS = {"espeak": {"NG_BIN": "/nowhere/espeak-ng"}}
    with pytest.raises(ProviderNotConfigured, match="/nowhere/espeak-ng"):
        ESPEAK.prepare_speech(SpeechRequest(text="Hello"))
