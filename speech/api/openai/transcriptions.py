"""`POST /v1/audio/transcriptions`: OpenAI's wire format for speech in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.datastructures import MultiValueDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from caching.policy import LEVELS
from speech.api.authentication import client_of
from speech.api.fields import LONGEST_QUOTED, ChoiceField
from speech.api.openai import model_names, transcript_formats
from speech.api.openai.rendering import transcript_events
from speech.api.openai.views import EVENTS, LEVEL, OpenAIView, policy_of
from speech.api.response_headers import headers
from speech.api.streaming import streamed
from speech.api.uploads import UploadParser, audio_of
from speech.api.views import CACHE_CONTROL, ERRORS
from speech.exceptions import InvalidRequest
from speech.privacy.disclosure import hides
from speech.providers.base import TranscriptionRequest
from speech.services import transcription

PLAIN = "text/plain; charset=utf-8"


# Values by which clients say in a form that a field is not set.
_ABSENT = ("", "null")
# Some clients leave out the brackets of OpenAI's own name.
_GRANULARITIES = ("timestamp_granularities[]", "timestamp_granularities")


class TranscriptionSerializer(serializers.Serializer[Any]):
    """Fields not named here are passed on to OpenAI-compatible providers."""

    file = serializers.FileField()
    model = serializers.CharField(max_length=200, default="")
    language = serializers.CharField(max_length=35, default="")
    prompt = serializers.CharField(allow_blank=True, default="", trim_whitespace=False)
    mode = serializers.CharField(max_length=20, default="")
    task = ChoiceField(choices=("transcribe", "translate"), default="")
    temperature = serializers.FloatField(min_value=0, max_value=1, default=0.0)
    response_format = ChoiceField(choices=transcript_formats.FORMATS, default="json")
    stream = serializers.BooleanField(default=False)
    optimization_level = ChoiceField(choices=LEVELS, default="")

    def to_internal_value(self, data: Any) -> Any:
        given = {name: values for name, values in data.lists() if name == "prompt" or values[-1] not in _ABSENT}
        return super().to_internal_value(MultiValueDict(given))

    def to_request(self, audio: bytes, kind: str, model: str, mode: str) -> TranscriptionRequest:
        data = self.validated_data
        words = "word" in self._granularities()
        segments = data["response_format"] in transcript_formats.WITH_SEGMENTS
        return TranscriptionRequest(
            audio=audio,
            kind=kind,
            model=model,
            language=data["language"],
            prompt=data["prompt"],
            temperature=data["temperature"],
            mode=mode or data["mode"] or ("translate" if data["task"] == "translate" else ""),
            speakers=data["response_format"] == "diarized_json",
            timestamps=("segment",) * segments + ("word",) * (segments and words),
            unknown=tuple(self._unknown()),
        )

    def _granularities(self) -> list[str]:
        asked = [value for name in _GRANULARITIES for value in self.initial_data.getlist(name) if value not in _ABSENT]
        if wrong := next((value for value in asked if value not in ("word", "segment")), None):
            message = f"{_GRANULARITIES[0]} must be word or segment, not {str(wrong)[:LONGEST_QUOTED]!r}"
            raise InvalidRequest(message, param=_GRANULARITIES[0])
        return asked

    def _unknown(self) -> Iterator[tuple[str, str]]:
        for name, values in self.initial_data.lists():
            if name in self.fields or name in _GRANULARITIES:
                continue
            if not all(isinstance(value, str) for value in values):
                raise InvalidRequest(f"{name[:100]} must be a text: only file may be a file", param=name[:100])
            yield from ((name, value) for value in values if value not in _ABSENT)


class TranscriptionsView(OpenAIView):
    parser_classes = (UploadParser,)
    mode = ""

    @extend_schema(
        request={"multipart/form-data": TranscriptionSerializer},
        responses={
            (200, "application/json"): OpenApiResponse(
                OpenApiTypes.OBJECT, "`json` and `verbose_json` as JSON; `text`, `srt` and `vtt` as plain text."
            ),
            (200, "text/plain"): OpenApiTypes.STR,
            (200, EVENTS): OpenApiTypes.ANY,
            **ERRORS,
        },
        parameters=[CACHE_CONTROL, LEVEL],
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Transcribe an audio file."""
        with ExitStack() as held:
            audio, kind = audio_of(request, held)
            asked = TranscriptionSerializer(data=request.data)
            asked.is_valid(raise_exception=True)
            data = asked.validated_data
            meant = model_names.resolve(data["model"], "transcription")
            client = client_of(request)
            ask: dict[str, Any] = {
                "client": client,
                "request": asked.to_request(audio, kind, meant.model, self.mode),
                "policy": policy_of(request, data["optimization_level"], meant.level),
                "provider": meant.provider,
            }
        if data["stream"] and not hides(client):
            stream = transcription.stream(**ask)
            return streamed(transcript_events(stream.cache.value), EVENTS, headers(client, stream))
        result = transcription.transcribe(**ask)
        transcript, about = result.cache.value, headers(client, result)
        if data["stream"]:
            return streamed(transcript_events(iter([transcript])), EVENTS, about)
        return _in_format(data["response_format"], transcript, about)


@extend_schema_view(post=extend_schema(description="Translate an audio file into English."))
class TranslationsView(TranscriptionsView):
    mode = "translate"
    # The endpoint itself asks for the mode, which another model may have.
    renamed = TranscriptionsView.renamed | {"mode": "model"}


def _in_format(name: str, transcript: dict[str, Any], headers: dict[str, str]) -> HttpResponseBase:
    if name in transcript_formats.TEXTS:
        return HttpResponse(transcript_formats.TEXTS[name](transcript), content_type=PLAIN, headers=headers)
    return Response(transcript_formats.OBJECTS[name](transcript), headers=headers)
