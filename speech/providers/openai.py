"""OpenAI and compatible servers: Ollama, vLLM, Kokoro-FastAPI, …"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlsplit

from caching.pricing.usage import Usage
from speech.exceptions import InvalidRequest, ProviderRejected
from speech.providers._shared import (
    openai_chat,
    openai_embeddings,
    openai_names,
    openai_responses,
    openai_transcripts,
    validation,
)
from speech.providers._shared.http import Form, ProviderRequest, call_for_json, post
from speech.providers._shared.http_response import Reply
from speech.providers._shared.presets import is_hosted
from speech.providers._shared.speech_reply import samples_of
from speech.providers._shared.stream_options import post_for_stream
from speech.providers.base import (
    BaseProvider,
    ChatAnswer,
    ChatRequest,
    EmbeddingRequest,
    Embeddings,
    Speech,
    SpeechRequest,
    Transcript,
    TranscriptionRequest,
    Voice,
)
from speech.text.languages import canonical, detect, primary
from speech.text.packing import pack

_SAMPLE_RATE = 24_000  # of response_format "pcm", as the API reference says
# The voices that tts-1 and tts-1-hd lack, each with one that they have.
_VOICES_OF_TTS_1 = {"ballad": "fable", "cedar": "onyx", "marin": "coral", "verse": "ash"}
_TRANSLATION_MODEL = "whisper-1"
_LIMIT = 4_096  # characters of `input`
_LIMIT_IN_TOKENS = 2_000  # of gpt-4o-mini-tts; counted as characters, for want of its tokenizer


class Provider(BaseProvider):
    defaults = {
        "API_KEY": "",
        "BASE_URL": "https://api.openai.com/v1",
        "CHAT_MODEL": "gpt-6-luna",
        "SPEECH_MODEL": "gpt-4o-mini-tts",
        "TRANSCRIPTION_MODEL": openai_transcripts.MODELS[0],
        "EMBEDDING_MODEL": "text-embedding-3-small",
        "RESPONSES_API": "",
        "SPEECH_FORMAT": "pcm",
        "VOICE": "alloy",
        "VOICE_ALIASES": "",
    }
    required: ClassVar[tuple[str, ...]] = ("API_KEY",)
    speaks_openai = True
    does = frozenset({"chat", "speech", "transcription", "embedding"})

    @property
    def missing_settings(self) -> list[str]:
        return super().missing_settings if self._is_openai or is_hosted(self.name) else []

    def prepare_chat(self, request: ChatRequest) -> ChatRequest:
        if not self.service:
            validation.check_roles(request)
        return openai_chat.prepare(request, validation.model_of(self, request.model, "CHAT_MODEL"))

    def chat(self, request: ChatRequest) -> ChatAnswer:
        with post(self._request_to("/chat/completions", openai_chat.body(request))) as reply:
            return openai_chat.read_reply(self.name, reply)

    def stream_chat(self, request: ChatRequest) -> Iterator[dict[str, Any]]:
        def with_fields(fields: dict[str, Any]) -> ProviderRequest:
            return self._request_to("/chat/completions", openai_chat.body(request) | fields)

        with post_for_stream(with_fields, service=(self.setting("BASE_URL"), request.model)) as reply:
            yield from openai_chat.read_stream(self.name, reply, request)

    @property
    def responds(self) -> bool:
        return self.setting("RESPONSES_API") == "1" if self.setting("RESPONSES_API") else self._is_openai

    def respond(self, request: ChatRequest) -> ChatAnswer:
        answer = call_for_json(self._request_to("/responses", openai_responses.body(request)))
        return openai_responses.read_response(self.name, answer)

    def stream_response(self, request: ChatRequest) -> Iterator[dict[str, Any]]:
        with post(self._request_to("/responses", openai_responses.body(request) | {"stream": True})) as reply:
            yield from openai_responses.read_stream(self.name, reply)

    def prepare_speech(self, request: SpeechRequest) -> SpeechRequest:
        request = replace(request, voice=request.voice or self.setting("VOICE"))
        if "language" in request.unknown:
            request = self._with_language(request)
        own = openai_names.VOICES if self._has_openai_voices else ()
        request = validation.tidy(self, request, {name: name for name in own})
        validation.refuse(self, pitch=request.pitch)
        validation.check_range("speed", request.speed, 0.25, 4)
        model = validation.model_of(self, request.model, "SPEECH_MODEL")
        if self._is_openai and model.startswith("tts-1"):
            request = replace(request, voice=_VOICES_OF_TTS_1.get(request.voice, request.voice))
            validation.refuse(self, instructions=request.instructions)
        # Other servers have voices of their own, and give their models OpenAI's names.
        if self._has_openai_voices and not (request.voice in openai_names.VOICES or _is_custom(request.voice)):
            raise validation.unknown_voice(self, request, ())
        return replace(request, model=model)

    def speak(self, request: SpeechRequest) -> Speech:
        return Speech(self._pieces(request), _SAMPLE_RATE)

    def prepare_transcription(self, request: TranscriptionRequest) -> TranscriptionRequest:
        translates = request.mode == "translate"
        validation.refuse(self, mode="" if translates else request.mode.removeprefix("transcribe"))
        # OpenAI's newer models do not translate.
        wanted = request.model or (_TRANSLATION_MODEL if translates and self._is_openai else "")
        model = validation.model_of(self, wanted, "TRANSCRIPTION_MODEL")
        mode = request.mode if translates else ""
        return replace(request, model=model, language=_language(request.language), mode=mode)

    def transcribe(self, request: TranscriptionRequest) -> Transcript:
        path = openai_transcripts.path(request)
        answer = call_for_json(self._request_to(path, openai_transcripts.form(request)))
        return openai_transcripts.read(self.name, answer, timed=bool(request.timestamps or request.speakers))

    def stream_transcript(self, request: TranscriptionRequest) -> Iterator[dict[str, Any] | Transcript]:
        if request.timestamps or request.speakers:
            # A stream has no duration, and mostly no times.
            yield self.transcribe(request)
            return
        path, form = openai_transcripts.path(request), openai_transcripts.form(request)
        with ExitStack() as stack:
            try:
                reply = stack.enter_context(post(self._request_to(path, Form([*form, ("stream", "true")]))))
            except ProviderRejected as error:
                if "stream" not in f"{error.param} {error.message}":
                    raise
                reply = stack.enter_context(post(self._request_to(path, form)))
            yield from openai_transcripts.read_stream(self.name, reply)

    def prepare_embedding(self, request: EmbeddingRequest) -> EmbeddingRequest:
        return replace(request, model=validation.model_of(self, request.model, "EMBEDDING_MODEL"))

    def embed(self, request: EmbeddingRequest) -> Embeddings:
        try:
            answer = call_for_json(self._request_to("/embeddings", openai_embeddings.body(request)))
        except ProviderRejected as error:
            # OpenAI's SDKs ask for base64 by themselves; both encodings hold the same numbers.
            if not (request.in_base64 and re.search("base64|encoding_format", f"{error.param} {error.message}")):
                raise
            plain = replace(request, params={**request.params, "encoding_format": "float"})
            answer = call_for_json(self._request_to("/embeddings", openai_embeddings.body(plain)))
        return openai_embeddings.read(self.name, answer, request)

    def models(self) -> list[str]:
        own = [self.setting(f"{kind}_MODEL") for kind in ("TRANSCRIPTION", "CHAT", "SPEECH", "EMBEDDING")]
        return [model for model in (*own, *(openai_transcripts.MODELS if self._is_openai else ())) if model]

    def voices(self) -> list[Voice]:
        return [Voice(id=name, name=name.title()) for name in openai_names.VOICES] if self._has_openai_voices else []

    @property
    def _has_openai_voices(self) -> bool:
        return self._is_openai

    @property
    def _is_openai(self) -> bool:
        return urlsplit(self.setting("BASE_URL")).hostname == "api.openai.com"

    def _request_to(self, path: str, body: dict[str, Any] | Form) -> ProviderRequest:
        self.ensure_configured()
        key = self.api_key()
        return ProviderRequest(
            provider=self.name,
            url=self._url(path, body),
            headers=self._authorization(key) if key else {},
            body=body,
            key=key,
            with_next_key=lambda: self._request_to(path, body),
        )

    def _url(self, path: str, body: dict[str, Any] | Form) -> str:
        return self.setting("BASE_URL").rstrip("/") + path

    def _authorization(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"}

    def _with_language(self, request: SpeechRequest) -> SpeechRequest:
        """OpenAI has no such field. Other servers also know names (`English`), from which no tag follows."""
        if self._has_openai_voices:
            return replace(
                request, unknown={name: request.unknown[name] for name in request.unknown if name != "language"}
            )
        try:
            canonical(request.language)
        except InvalidRequest:
            return replace(request, language="")
        return request

    def _voice(self, voice: str) -> str | dict[str, str]:
        return {"id": voice} if self._has_openai_voices and _is_custom(voice) else voice

    def _pieces(self, request: SpeechRequest) -> Iterator[bytes | Usage]:
        billed = 0
        limit = _LIMIT_IN_TOKENS if request.model.startswith("gpt-4o-mini-tts") else _LIMIT
        fields = {**request.unknown, "model": request.model, "voice": self._voice(request.voice)}
        if request.speed != 1:
            fields["speed"] = request.speed
        if request.instructions:
            fields["instructions"] = request.instructions
        for piece in pack(request.text, request.language or detect(request.text), limit):
            with self._post_for_speech({"input": piece, **fields}) as reply:
                validation.check_audio_type(self, reply.headers, takes_wav=True)
                billed += len(piece)
                yield from samples_of(self.name, reply, _SAMPLE_RATE)
        yield Usage(characters=billed)

    @contextmanager
    def _post_for_speech(self, fields: dict[str, Any]) -> Iterator[Reply]:
        """Ask for raw samples, and for a WAV file if the server has no such format, or its setting says so."""
        path, with_format = "/audio/speech", {**fields, "response_format": self.setting("SPEECH_FORMAT")}
        with ExitStack() as stack:
            try:
                reply = stack.enter_context(post(self._request_to(path, with_format)))
            except ProviderRejected as error:
                if "response_format" not in f"{error.param} {error.message}" or with_format["response_format"] == "wav":
                    raise
                reply = stack.enter_context(post(self._request_to(path, {**fields, "response_format": "wav"})))
            yield reply


def _is_custom(voice: str) -> bool:
    """Tell if `voice` is the id of a voice that its owner has made, which OpenAI takes as an object."""
    return voice.startswith("voice_")


def _language(language: str) -> str:
    """Return the code of a language. Other servers also know names (`english`), which are passed on as they are."""
    try:
        return primary(canonical(language))
    except InvalidRequest:
        return language
