"""Sarvam: chat in OpenAI's format with exceptions, and speech in eleven languages as base64 in JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from caching.pricing.usage import Usage
from speech.audio import read_wav
from speech.exceptions import InvalidRequest, ProviderBadAnswer
from speech.providers._shared import openai_chat, openai_names, validation
from speech.providers._shared.http import Form, ProviderRequest, call_for_json, post
from speech.providers._shared.sarvam import chat as sarvam_chat
from speech.providers._shared.sarvam.voices import MODELS, RETIRED, UNKNOWN
from speech.providers.base import (
    BaseProvider,
    ChatAnswer,
    ChatRequest,
    Speech,
    SpeechRequest,
    Transcript,
    TranscriptionRequest,
    Voice,
)
from speech.text.languages import canonical, detect, primary, with_region
from speech.text.packing import pack

_MODES = ("", "transcribe", "translate", "verbatim", "translit", "codemix")
_SAMPLE_RATE = 24_000  # always sent: the SDK and the documentation disagree about the default


class Provider(BaseProvider):
    defaults = {
        "API_KEY": "",
        "BASE_URL": "https://api.sarvam.ai",
        "CHAT_MODEL": "sarvam-105b",
        "SPEECH_MODEL": "bulbul:v3",
        "TRANSCRIPTION_MODEL": "saaras:v3",
        "VOICE": "",
        "VOICE_ALIASES": "",
        "VOICE_SUCCESSORS": "",
    }
    retired_voices = RETIRED
    required = ("API_KEY",)
    does = frozenset({"chat", "speech", "transcription"})

    def prepare_chat(self, request: ChatRequest) -> ChatRequest:
        validation.check_roles(request)
        return sarvam_chat.prepare(self, openai_chat.prepare(request, self.setting("CHAT_MODEL")))

    def chat(self, request: ChatRequest) -> ChatAnswer:
        call = self._request_to(sarvam_chat.path(request.model), openai_chat.body(request))
        return openai_chat.read_answer(self.name, call_for_json(call))

    def stream_chat(self, request: ChatRequest) -> Iterator[dict[str, Any]]:
        asked = sarvam_chat.stream_fields(request.model)
        with post(self._request_to(sarvam_chat.path(request.model), openai_chat.body(request) | asked)) as reply:
            yield from openai_chat.read_stream(self.name, reply, request)

    def prepare_speech(self, request: SpeechRequest) -> SpeechRequest:
        name = openai_names.own_model(request.model, "speech") or self.setting("SPEECH_MODEL")
        model = MODELS.get(name, UNKNOWN)
        voice = request.voice or self.setting("VOICE") or model.speaker
        request = validation.tidy(self, replace(request, voice=voice, model=name), model.aliases)
        request = replace(request, voice=model.named(request.voice))
        if not model.has(request.voice):
            raise validation.unknown_voice(self, request, model.speakers or (model.speaker, *model.aliases.values()))
        validation.refuse(self, instructions=request.instructions)
        validation.check_range("speed", request.speed, *model.pace)
        if not model.pitch:
            validation.refuse(self, pitch=request.pitch)
        validation.check_range("pitch", request.pitch, -model.pitch, model.pitch)
        return replace(request, language=request.language or detect(request.text))

    def speak(self, request: SpeechRequest) -> Speech:
        return Speech(self._pieces(request), _SAMPLE_RATE)

    def prepare_transcription(self, request: TranscriptionRequest) -> TranscriptionRequest:
        validation.refuse(
            self,
            response_format=request.timestamps or request.speakers,
            prompt=request.prompt,
            temperature=request.temperature,
        )
        if request.mode not in _MODES:
            message = f"mode must be one of {', '.join(_MODES[1:])}, not {request.mode[:40]!r}"
            raise InvalidRequest(message, param="mode")
        model = openai_names.own_model(request.model, "transcription") or self.setting("TRANSCRIPTION_MODEL")
        mode = "" if request.mode == "transcribe" else request.mode
        return replace(request, model=model, language=canonical(request.language), mode=mode)

    def transcribe(self, request: TranscriptionRequest) -> Transcript:
        fields: list[tuple[str, Any]] = [
            ("file", (f"audio.{request.kind}", request.audio)),
            ("model", request.model),
            ("language_code", _tag(request.language) if request.language else "unknown"),
        ]
        if request.mode:
            fields.append(("mode", request.mode))
        answer = call_for_json(self._request_to("/speech-to-text", Form(fields)))
        if not isinstance(text := answer.get("transcript"), str):
            raise ProviderBadAnswer(f"{self.name} returned no transcript")
        seconds = validation.seconds_of(request)
        billed = None if seconds is None else Usage(audio_seconds=seconds)
        return Transcript(text, str(answer.get("language_code") or ""), seconds, billed=billed)

    def models(self) -> list[str]:
        return sorted(
            {*MODELS, self.setting("TRANSCRIPTION_MODEL"), self.setting("SPEECH_MODEL"), self.setting("CHAT_MODEL")}
        )

    def voices(self) -> list[Voice]:
        model = MODELS.get(self.setting("SPEECH_MODEL"), UNKNOWN)
        names = model.speakers or dict.fromkeys((model.speaker, *model.aliases.values()))
        return [Voice(id=name, name=name.replace("_", " ").title()) for name in names if name]

    def _request_to(self, path: str, body: dict[str, Any] | Form) -> ProviderRequest:
        self.ensure_configured()
        return ProviderRequest(
            provider=self.name,
            url=self.setting("BASE_URL").rstrip("/") + path,
            headers={"api-subscription-key": self.setting("API_KEY")},
            body=body,
        )

    def _pieces(self, request: SpeechRequest) -> Iterator[bytes | Usage]:
        billed = 0
        fields: dict[str, Any] = {
            "model": request.model,
            "language_code": _tag(request.language),
            "speaker": request.voice,
            "speech_sample_rate": _SAMPLE_RATE,
            "output_audio_codec": "wav",
        }
        if request.speed != 1:
            fields["pace"] = request.speed
        if request.pitch:
            fields["pitch"] = request.pitch
        for piece in pack(request.text, request.language, MODELS.get(request.model, UNKNOWN).limit):
            answer = call_for_json(self._request_to("/text-to-speech", {"text": piece, **fields}))
            billed += len(piece)
            yield self._pcm(answer)
        yield Usage(characters=billed)

    def _pcm(self, answer: Mapping[str, Any]) -> bytes:
        audios = answer.get("audios")
        try:
            parts = [read_wav(base64.b64decode(audio, validate=True)) for audio in audios or []]
        except (binascii.Error, TypeError, ValueError) as error:
            raise ProviderBadAnswer(f"{self.name} returned unreadable audio") from error
        if any(rate != _SAMPLE_RATE for _, rate in parts):
            raise ProviderBadAnswer(f"{self.name} did not return audio at {_SAMPLE_RATE} Hz")
        return b"".join(pcm for pcm, _ in parts)


def _tag(language: str) -> str:
    return "od-IN" if primary(language) == "or" else with_region(language, "IN")
