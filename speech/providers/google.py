"""Google Cloud Text-to-Speech: its Chirp 3 HD voices by an API key.

The wire format is that of the REST reference (cloud.google.com/text-to-speech/docs/reference/rest/v1/text/synthesize).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from caching.pricing.usage import Usage
from speech.audio import read_wav
from speech.exceptions import ProviderBadAnswer
from speech.providers._shared import openai_names, validation
from speech.providers._shared.http import ProviderRequest, call_for_json
from speech.providers._shared.locales import locale
from speech.providers.base import BaseProvider, Speech, SpeechRequest, Voice
from speech.text.languages import detect
from speech.text.packing import pack

_SAMPLE_RATE = 24_000
# Characters of one request, which may have 5,000 bytes.
_LIMIT = 1_200
# Some of the voices of Chirp 3 HD, which speak every language of it.
_VOICES = ("Aoede", "Charon", "Fenrir", "Kore", "Leda", "Orus", "Puck", "Zephyr")
_ALIASES = {
    "alloy": "Kore", "ash": "Orus", "ballad": "Puck", "cedar": "Charon", "coral": "Leda", "echo": "Orus",
    "fable": "Puck", "marin": "Zephyr", "nova": "Aoede", "onyx": "Fenrir", "sage": "Kore", "shimmer": "Leda",
    "verse": "Charon",
}  # fmt: skip
_FULL_NAME = re.compile(r"([a-z]{2,3}-[A-Z]{2})-[\w-]+")
# Google's own names for what BCP 47 calls zh-CN, zh-TW and Arabic of no region.
_LOCALES = {"zh-CN": "cmn-CN", "zh-TW": "cmn-TW", "ar-EG": "ar-XA"}


class Provider(BaseProvider):
    """A voice of Chirp 3 HD is named alone (`Kore`, with the language of the request), any other in full."""

    defaults = {
        "API_KEY": "",
        "BASE_URL": "https://texttospeech.googleapis.com",
        "MODEL": "Chirp3-HD",
        "VOICE": "Kore",
        "VOICE_ALIASES": "",
    }
    required = ("API_KEY",)
    does = frozenset({"speech"})

    def prepare_speech(self, request: SpeechRequest) -> SpeechRequest:
        request = validation.tidy(self, replace(request, voice=request.voice or self.setting("VOICE")), _ALIASES)
        validation.refuse(self, pitch=request.pitch, instructions=request.instructions)
        validation.check_range("speed", request.speed, 0.25, 2)
        model = openai_names.own_model(request.model, "speech") or self.setting("MODEL")
        voice = request.voice
        if _FULL_NAME.fullmatch(voice):
            # `en-US-Neural2-A`: the price is that of its model.
            model = voice.split("-", 2)[2].rpartition("-")[0] or model
        elif voice not in _VOICES and voice.title() not in _VOICES:
            raise validation.unknown_voice(self, request, _VOICES)
        else:
            tag = locale(request.language or detect(request.text))
            voice = f"{_LOCALES.get(tag, tag)}-{model}-{voice.title()}"
        return replace(request, voice=voice, model=model)

    def speak(self, request: SpeechRequest) -> Speech:
        return Speech(self._pieces(request), _SAMPLE_RATE)

    def models(self) -> list[str]:
        return [self.setting("MODEL")]

    def voices(self) -> list[Voice]:
        return [Voice(id=name, name=name) for name in _VOICES]

    def _pieces(self, request: SpeechRequest) -> Iterator[bytes | Usage]:
        self.ensure_configured()
        url = f"{self.setting('BASE_URL').rstrip('/')}/v1/text:synthesize"
        billed = 0
        for piece in pack(request.text, request.language or detect(request.text), _LIMIT):
            answer = call_for_json(
                ProviderRequest(self.name, url, {"X-Goog-Api-Key": self.setting("API_KEY")}, _body(request, piece))
            )
            billed += len(piece)
            yield self._samples(answer)
        yield Usage(characters=billed)

    def _samples(self, answer: dict[str, Any]) -> bytes:
        """LINEAR16 comes as a WAV file."""
        try:
            pcm, sample_rate = read_wav(base64.b64decode(answer["audioContent"], validate=True))
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise ProviderBadAnswer(f"{self.name} returned no audio") from error
        if sample_rate != _SAMPLE_RATE:
            raise ProviderBadAnswer(f"{self.name} spoke at {sample_rate} Hz instead of {_SAMPLE_RATE}")
        return pcm


def _body(request: SpeechRequest, text: str) -> dict[str, Any]:
    match = _FULL_NAME.fullmatch(request.voice)
    sound: dict[str, Any] = {"audioEncoding": "LINEAR16", "sampleRateHertz": _SAMPLE_RATE}
    if request.speed != 1:
        sound["speakingRate"] = request.speed
    return {
        "input": {"text": text},
        "voice": {"languageCode": match[1] if match else "", "name": request.voice},
        "audioConfig": sound,
    }
