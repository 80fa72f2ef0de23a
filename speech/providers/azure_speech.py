"""Azure AI Speech: neural voices as a stream of PCM, and fast transcription of whole files.

The wire formats are those of learn.microsoft.com/azure/ai-services/speech-service: rest-text-to-speech and
fast-transcription-create (API version 2024-11-15).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import escape
from typing import Any

from caching.pricing.usage import Usage
from speech.exceptions import ProviderBadAnswer, ProviderNotConfigured
from speech.providers._shared import validation
from speech.providers._shared.http import Form, ProviderRequest, call_for_json, post
from speech.providers._shared.locales import locale
from speech.providers.base import BaseProvider, Speech, SpeechRequest, Transcript, TranscriptionRequest, Voice
from speech.text import ssml
from speech.text.languages import canonical, detect
from speech.text.packing import pack

_SAMPLE_RATE = 24_000
# Characters of one request, which may have ten minutes of sound.
_LIMIT = 3_000
# Multilingual voices, which speak every language.
_VOICES = ("Andrew", "Ava", "Brian", "Emma")
_ALIASES = {
    "alloy": "Ava", "ash": "Brian", "ballad": "Brian", "cedar": "Andrew", "coral": "Emma", "echo": "Andrew",
    "fable": "Brian", "marin": "Ava", "nova": "Emma", "onyx": "Andrew", "sage": "Emma", "shimmer": "Emma",
    "verse": "Brian",
}  # fmt: skip
_FULL_NAME = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{4})?-[A-Z]{2}-[\w:-]+")
_MODEL = "neural"
_TRANSCRIPTION_MODEL = "fast"
_DOCUMENT = re.compile(r"(?:<\?xml[^<>]*\?>\s*)?<speak\b[^<>]*>(.*)</speak\s*>", re.S)
# Those that make it fetch an address are left out.
_TAGS = (
    "speak", "break", "prosody", "emphasis", "say-as", "sub", "phoneme", "lang", "p", "s", "bookmark",
    "mstts:express-as", "mstts:silence",
)  # fmt: skip
_BARE = re.compile(r"&(?!(?:#\d+|#x[0-9a-fA-F]+|amp|lt|gt|quot|apos);)|<(?![/a-z])")
_IDEOGRAPHS = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


class Provider(BaseProvider):
    """A voice is named alone (`Ava`, one that speaks every language) or in full (`hi-IN-SwaraNeural`)."""

    # Each service has a host of its own; REGION names both where no address is given.
    defaults = {
        "API_KEY": "",
        "REGION": "",
        "BASE_URL": "",
        "TRANSCRIPTION_BASE_URL": "",
        "VOICE": "Ava",
        "VOICE_ALIASES": "",
    }
    required = ("API_KEY",)
    passes_models_on = False
    markup = _TAGS
    does = frozenset({"speech", "transcription"})

    def prepare_speech(self, request: SpeechRequest) -> SpeechRequest:
        request = validation.tidy(self, replace(request, voice=request.voice or self.setting("VOICE")), _ALIASES)
        model = validation.only_model(self, _MODEL, request.model, "speech")
        validation.refuse(self, instructions=request.instructions)
        validation.check_range("speed", request.speed, 0.5, 2)
        validation.check_range("pitch", request.pitch, -0.5, 0.5)
        voice = request.voice
        if not _FULL_NAME.fullmatch(voice):
            if voice.title() not in _VOICES:
                raise validation.unknown_voice(self, request, _VOICES)
            voice = f"en-US-{voice.title()}MultilingualNeural"
        return replace(request, voice=voice, model=model)

    def speak(self, request: SpeechRequest) -> Speech:
        return Speech(self._pieces(request), _SAMPLE_RATE)

    def prepare_transcription(self, request: TranscriptionRequest) -> TranscriptionRequest:
        mode = request.mode.removeprefix("transcribe")
        model = validation.only_model(self, _TRANSCRIPTION_MODEL, request.model, "transcription")
        validation.refuse(
            self, response_format=request.speakers, prompt=request.prompt, temperature=request.temperature, mode=mode
        )
        return replace(request, model=model, language=canonical(request.language), mode="")

    def transcribe(self, request: TranscriptionRequest) -> Transcript:
        definition = {"locales": [locale(request.language)] if request.language else []}
        form = Form([("audio", (f"audio.{request.kind}", request.audio)), ("definition", json.dumps(definition))])
        url = f"{self._address('TRANSCRIPTION_BASE_URL', '{}.api.cognitive.microsoft.com')}/speechtotext"
        url += "/transcriptions:transcribe?api-version=2024-11-15"
        return self._transcript(request, call_for_json(ProviderRequest(self.name, url, self._headers(), form)))

    def models(self) -> list[str]:
        return [_MODEL]

    def voices(self) -> list[Voice]:
        return [Voice(id=name, name=name) for name in _VOICES]

    def _pieces(self, request: SpeechRequest) -> Iterator[bytes | Usage]:
        url = f"{self._address('BASE_URL', '{}.tts.speech.microsoft.com')}/cognitiveservices/v1"
        headers = {
            **self._headers(),
            "Content-Type": "application/ssml+xml",
            "X-Microsoft-OutputFormat": "raw-24khz-16bit-mono-pcm",
            "User-Agent": "speechsite",
        }
        markup, billed = ssml.has_markup(request.text), 0
        language = request.language or detect(request.text)
        for piece in [request.text] if markup else pack(request.text, language, _LIMIT):
            with post(ProviderRequest(self.name, url, headers, _document(request, piece, markup).encode())) as reply:
                validation.check_audio_type(self, reply.headers)
                # As its price list says: an ideograph is billed as two characters.
                billed += len(piece) + len(_IDEOGRAPHS.findall(piece))
                yield from reply
        yield Usage(characters=billed)

    def _transcript(self, request: TranscriptionRequest, answer: Mapping[str, Any]) -> Transcript:
        try:
            text = " ".join(phrase["text"] for phrase in answer["combinedPhrases"])
            phrases, seconds = answer.get("phrases") or [], validation.seconds(answer["durationMilliseconds"] / 1000)
            segments = [{"id": at, "text": said["text"], **_times(said)} for at, said in enumerate(phrases)]
            words = [{"word": word["text"], **_times(word)} for said in phrases for word in said.get("words") or ()]
            language = phrases[0].get("locale", "") if phrases else ""
        except (AttributeError, KeyError, TypeError) as error:
            raise ProviderBadAnswer(f"{self.name} returned no transcript") from error
        wanted = request.timestamps
        return Transcript(
            text,
            str(language or request.language),
            seconds,
            segments if "segment" in wanted else [],
            words if "word" in wanted else [],
            Usage(audio_seconds=math.ceil(seconds)) if seconds else None,
        )

    def _address(self, setting: str, host: str) -> str:
        if address := self.setting(setting):
            return address.rstrip("/")
        if not self.setting("REGION"):
            raise ProviderNotConfigured(
                f"{self.name} is not configured: set {self.variable('REGION')}", param="provider"
            )
        return f"https://{host.format(self.setting('REGION'))}"

    def _headers(self) -> dict[str, str]:
        self.ensure_configured()
        return {"Ocp-Apim-Subscription-Key": self.setting("API_KEY")}


def _document(request: SpeechRequest, text: str, markup: bool) -> str:
    inner = escape(text, quote=False)
    if markup:
        whole = _DOCUMENT.fullmatch(text.strip())
        # A text is written by people: what is no tag and no entity is no markup.
        inner = _BARE.sub(lambda match: escape(match[0], quote=False), whole[1] if whole else text)
    if request.speed != 1 or request.pitch:
        inner = f'<prosody rate="{request.speed:g}" pitch="{request.pitch:+.0%}">{inner}</prosody>'
    if request.language:
        inner = f'<lang xml:lang="{escape(locale(request.language))}">{inner}</lang>'
    return (
        '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" '
        f'xmlns:mstts="https://www.w3.org/2001/mstts" xml:lang="en-US">'
        f'<voice name="{escape(request.voice)}">{inner}</voice></speak>'
    )


def _times(said: Mapping[str, Any]) -> dict[str, float]:
    start = said["offsetMilliseconds"] / 1000
    return {"start": start, "end": round(start + said["durationMilliseconds"] / 1000, 3)}
