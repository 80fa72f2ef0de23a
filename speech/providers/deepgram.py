"""Deepgram: Aura's speech as a stream of PCM, and transcripts of whole files.

The wire format is that of the API reference (developers.deepgram.com/reference: text-to-speech/speak-request and
speech-to-text/listen-pre-recorded).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from caching.pricing.usage import Usage
from speech.exceptions import ProviderBadAnswer
from speech.providers._shared import openai_names, validation
from speech.providers._shared.http import ProviderRequest, call_for_json
from speech.providers._shared.streamed_speech import SAMPLE_RATE, stream_speech
from speech.providers.base import BaseProvider, Speech, SpeechRequest, Transcript, TranscriptionRequest, Voice
from speech.text.languages import canonical, primary

# Characters of one request for speech.
_LIMIT = 2_000
# Some of the English voices of Aura 2; others and those of other languages are passed on.
_VOICES = (
    "andromeda", "apollo", "arcas", "asteria", "athena", "atlas", "draco", "helena", "hera", "luna", "orion", "orpheus",
    "thalia", "zeus",
)  # fmt: skip
_ALIASES = {
    "alloy": "thalia", "ash": "apollo", "ballad": "orpheus", "cedar": "atlas", "coral": "asteria", "echo": "arcas",
    "fable": "draco", "marin": "helena", "nova": "andromeda", "onyx": "zeus", "sage": "athena", "shimmer": "luna",
    "verse": "orion",
}  # fmt: skip
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Provider(BaseProvider):
    """A voice is named alone (`thalia`, with the model and the language of the request) or in full as the API does."""

    defaults = {
        "API_KEY": "",
        "BASE_URL": "https://api.deepgram.com",
        "MODEL": "aura-2",
        "TRANSCRIPTION_MODEL": "nova-3",
        "VOICE": "thalia",
        "VOICE_ALIASES": "",
    }
    required = ("API_KEY",)
    does = frozenset({"speech", "transcription"})

    def prepare_speech(self, request: SpeechRequest) -> SpeechRequest:
        request = validation.tidy(self, replace(request, voice=request.voice or self.setting("VOICE")), _ALIASES)
        validation.refuse(self, pitch=request.pitch, instructions=request.instructions)
        validation.check_range("speed", request.speed, 0.25, 4)
        voice = request.voice.lower()
        if not _NAME.fullmatch(voice):
            raise validation.unknown_voice(self, request, _VOICES)
        model = openai_names.own_model(request.model, "speech") or self.setting("MODEL")
        if "-" in voice:
            # `aura-2-thalia-en`: the price is that of its model.
            model = voice.rsplit("-", 2)[0]
        return replace(request, voice=voice, model=model)

    def speak(self, request: SpeechRequest) -> Speech:
        voice = request.voice
        if "-" not in voice:
            voice = f"{request.model}-{voice}-{primary(request.language) or 'en'}"
        asked = {"model": voice, "encoding": "linear16", "container": "none", "sample_rate": str(SAMPLE_RATE)}
        if request.speed != 1:
            asked["speed"] = f"{request.speed:g}"
        url = self._url("/v1/speak", **asked)

        def asking(text: str) -> ProviderRequest:
            return ProviderRequest(self.name, url, self._headers(), {"text": text})

        return Speech(stream_speech(self, request, _LIMIT, asking), SAMPLE_RATE)

    def prepare_transcription(self, request: TranscriptionRequest) -> TranscriptionRequest:
        mode = request.mode.removeprefix("transcribe")
        validation.refuse(
            self, response_format=request.speakers, prompt=request.prompt, temperature=request.temperature, mode=mode
        )
        model = openai_names.own_model(request.model, "transcription") or self.setting("TRANSCRIPTION_MODEL")
        return replace(request, model=model, language=canonical(request.language), mode="")

    def transcribe(self, request: TranscriptionRequest) -> Transcript:
        asked = {"language": request.language} if request.language else {"detect_language": "true"}
        if "segment" in request.timestamps:
            asked["utterances"] = "true"
        url = self._url("/v1/listen", model=request.model, smart_format="true", **asked)
        headers = {**self._headers(), "Content-Type": f"audio/{request.kind}"}
        return self._transcript(request, call_for_json(ProviderRequest(self.name, url, headers, request.audio)))

    def models(self) -> list[str]:
        return sorted({self.setting("MODEL"), self.setting("TRANSCRIPTION_MODEL")})

    def voices(self) -> list[Voice]:
        return [Voice(id=name, name=name.title(), languages=("en",)) for name in _VOICES]

    def _transcript(self, request: TranscriptionRequest, answer: Mapping[str, Any]) -> Transcript:
        try:
            channel = answer["results"]["channels"][0]
            best = channel["alternatives"][0]
            text, seconds = best["transcript"], validation.seconds(answer.get("metadata", {}).get("duration"))
            segments = [
                {"id": number, "start": said["start"], "end": said["end"], "text": said["transcript"]}
                for number, said in enumerate(answer["results"].get("utterances") or ())
            ]
            words = [
                {"word": word.get("punctuated_word") or word["word"], "start": word["start"], "end": word["end"]}
                for word in best.get("words") or ()
            ]
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ProviderBadAnswer(f"{self.name} returned no transcript") from error
        if not isinstance(text, str):
            raise ProviderBadAnswer(f"{self.name} returned no transcript")
        return Transcript(
            text,
            str(channel.get("detected_language") or request.language),
            seconds,
            segments,
            words if "word" in request.timestamps else [],
            Usage.from_billed({"audio_seconds": math.ceil(seconds)}) if seconds else None,
        )

    def _url(self, path: str, **query: str) -> str:
        return f"{self.setting('BASE_URL').rstrip('/')}{path}?{urlencode(query)}"

    def _headers(self) -> dict[str, str]:
        self.ensure_configured()
        return {"Authorization": f"Token {self.setting('API_KEY')}"}
