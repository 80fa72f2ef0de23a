"""ElevenLabs: speech as a stream of PCM."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from caching import numbers
from caching.pricing.usage import Usage
from speech.exceptions import ProviderBadAnswer
from speech.providers._shared import openai_names, validation, voice_list
from speech.providers._shared.http import Form, ProviderRequest, call_for_json
from speech.providers._shared.streamed_speech import SAMPLE_RATE, stream_speech
from speech.providers._shared.word_times.elevenlabs import timed_speech
from speech.providers.base import BaseProvider, Speech, SpeechRequest, Transcript, TranscriptionRequest, Voice
from speech.text.languages import canonical, primary

# Characters in one request, from help.elevenlabs.io article 19572237925521.
_LIMITS = {
    "eleven_flash_v2_5": 40_000,
    "eleven_turbo_v2_5": 40_000,
    "eleven_flash_v2": 30_000,
    "eleven_turbo_v2": 30_000,
    "eleven_multilingual_v2": 10_000,
    "eleven_v3": 5_000,
}
_LIMIT = 5_000  # of a model that is not in the list: the least of all
# Some of the voices that every account has.
_KNOWN = {
    "Alice": "Xb7hH8MSUJpSbSDYk0k2",
    "Brian": "nPczCjzI2devNBz1zQrb",
    "Callum": "N2lVS1w4EtoT3dr4eOWO",
    "Charlie": "IKne3meq5aSn9XLyUdCD",
    "Chris": "iP95p4xoKVk53GoZ742B",
    "Daniel": "onwK4e9ZLuTAKqWW03F9",
    "Eric": "cjVigY5qzO86Huf0OWal",
    "George": "JBFqnCBsd6RMkjVDRZzb",
    "Jessica": "cgSgspJ2msm6clMCkdW9",
    "Laura": "FGY2WhTYpPnrIDTdsKH5",
    "Lily": "pFZP5JQG7iQjIQuC4Bku",
    "Matilda": "XrExE9yKIg1WjnnlVkGX",
    "Sarah": "EXAVITQu4vr4xnSDxMaL",
}
_BY_NAME = {name.casefold(): id for name, id in _KNOWN.items()}
_ID = re.compile(r"[A-Za-z0-9]{20}")
_ALIASES = {
    "alloy": _KNOWN["Sarah"],
    "ash": _KNOWN["Eric"],
    "ballad": _KNOWN["Callum"],
    "cedar": _KNOWN["Chris"],
    "coral": _KNOWN["Jessica"],
    "echo": _KNOWN["Daniel"],
    "fable": _KNOWN["George"],
    "marin": _KNOWN["Matilda"],
    "nova": _KNOWN["Laura"],
    "onyx": _KNOWN["Brian"],
    "sage": _KNOWN["Alice"],
    "shimmer": _KNOWN["Lily"],
    "verse": _KNOWN["Charlie"],
}


class Provider(BaseProvider):
    defaults = {
        "API_KEY": "",
        "BASE_URL": "https://api.elevenlabs.io",
        "MODEL": "eleven_flash_v2_5",
        "TRANSCRIPTION_MODEL": "scribe_v2",
        "VOICE": _KNOWN["George"],
        "VOICE_ALIASES": "",
    }
    required = ("API_KEY",)
    voices_are_known = False
    markup = ("break", "phoneme")
    times_words = True
    does = frozenset({"speech", "transcription"})

    def prepare_speech(self, request: SpeechRequest) -> SpeechRequest:
        request = validation.tidy(self, replace(request, voice=request.voice or self.setting("VOICE")), _ALIASES)
        validation.refuse(self, pitch=request.pitch, instructions=request.instructions)
        validation.check_range("speed", request.speed, 0.7, 1.2)
        model = openai_names.own_model(request.model, "speech") or self.setting("MODEL")
        return replace(request, voice=self._voice_id(request), model=model)

    def speak(self, request: SpeechRequest) -> Speech:
        sound = stream_speech(
            self,
            request,
            _LIMITS.get(request.model, _LIMIT),
            lambda text: self._request_for(request, text),
            billed_characters=_characters,
            read_timed=timed_speech,
        )
        return Speech(sound, SAMPLE_RATE)

    def prepare_transcription(self, request: TranscriptionRequest) -> TranscriptionRequest:
        validation.refuse(
            self,
            response_format=request.timestamps or request.speakers,
            prompt=request.prompt,
            temperature=request.temperature,
        )
        validation.refuse(self, mode=request.mode.removeprefix("transcribe"))
        model = openai_names.own_model(request.model, "transcription") or self.setting("TRANSCRIPTION_MODEL")
        return replace(request, model=model, language=primary(canonical(request.language)), mode="")

    def transcribe(self, request: TranscriptionRequest) -> Transcript:
        self.ensure_configured()
        fields = [("file", (f"audio.{request.kind}", request.audio)), ("model_id", request.model)]
        if request.language:
            fields.append(("language_code", request.language))
        url = f"{self.setting('BASE_URL').rstrip('/')}/v1/speech-to-text"
        answer = call_for_json(ProviderRequest(self.name, url, {"xi-api-key": self.setting("API_KEY")}, Form(fields)))
        if not isinstance(text := answer.get("text"), str):
            raise ProviderBadAnswer(f"{self.name} returned no transcript")
        seconds = validation.seconds_of(request)
        billed = None if seconds is None else Usage(audio_seconds=seconds)
        return Transcript(text, str(answer.get("language_code") or ""), seconds, billed=billed)

    def models(self) -> list[str]:
        return sorted({*_LIMITS, self.setting("TRANSCRIPTION_MODEL"), self.setting("MODEL")})

    def voices(self) -> list[Voice]:
        return [Voice(id=voice, name=name) for name, voice in _KNOWN.items()]

    def _voice_id(self, request: SpeechRequest) -> str:
        """Return the id of a voice that is named by its id, by its name in this account, or as one of OpenAI's."""
        if found := self._id_of(request.voice):
            return found
        if found := self._id_of(validation.voice_for(self, request.voice.lower(), _ALIASES)):
            return found
        names = {*_BY_NAME, *voice_list.ids_by_name(self, self._voices_of_account)}
        raise validation.unknown_voice(self, request, [name.title() for name in sorted(names)])

    def _id_of(self, voice: str) -> str | None:
        if _ID.fullmatch(voice):
            return voice
        name = voice.casefold()
        return _BY_NAME.get(name) or voice_list.ids_by_name(self, self._voices_of_account).get(name)

    def _voices_of_account(self) -> dict[str, str]:
        self.ensure_configured()
        url = f"{self.setting('BASE_URL').rstrip('/')}/v1/voices"
        answer = call_for_json(ProviderRequest(self.name, url, {"xi-api-key": self.setting("API_KEY")}))
        voices = [voice for voice in answer.get("voices") or () if isinstance(voice, dict)]
        # "Sarah - Mature, Reassuring": the account's list adds a description to the name.
        pairs = [(str(voice.get("name")), str(voice.get("voice_id"))) for voice in voices]
        return {name.partition(" - ")[0]: id for name, id in pairs} | dict(pairs)

    def _request_for(self, request: SpeechRequest, text: str) -> ProviderRequest:
        self.ensure_configured()
        body: dict[str, Any] = {"text": text, "model_id": request.model}
        if request.speed != 1:
            body["voice_settings"] = {"speed": request.speed}
        # A language that nobody asked for is left to the model to hear; multilingual_v2 refuses the field.
        if request.language and request.model != "eleven_multilingual_v2":
            body["language_code"] = primary(request.language)
        return ProviderRequest(
            provider=self.name,
            url=f"{self.setting('BASE_URL').rstrip('/')}/v1/text-to-speech/{quote(request.voice, safe='')}/stream"
            f"{'/with-timestamps' if request.timestamps else ''}?output_format=pcm_24000",
            headers={"xi-api-key": self.setting("API_KEY")},
            body=body,
        )


def _characters(headers: Mapping[str, str], text: str) -> int:
    """Return the billed characters: those of the header, else those that were sent."""
    billed = numbers.whole(headers.get("character-cost", ""))
    return len(text) if billed is None else billed
