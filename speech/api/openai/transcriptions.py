"""`POST /v1/audio/transcriptions`: OpenAI's wire format for speech in."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from caching.policy import LEVELS
from speech import services
from speech.api.authentication import client_of
from speech.api.openai import model_names, transcript_formats
from speech.api.openai.views import LEVEL, OpenAIView, policy_of
from speech.api.response_headers import headers
from speech.api.uploads import UploadParser, audio_of
from speech.api.views import CACHE_CONTROL, ERRORS
from speech.exceptions import UnsupportedFeature
from speech.providers.base import TranscriptionRequest

PLAIN = "text/plain; charset=utf-8"


class TranscriptionSerializer(serializers.Serializer[Any]):
    """Fields that change a transcript. Others are ignored, as clients expect."""

    file = serializers.FileField()
    model = serializers.CharField(max_length=200, allow_blank=True, default="")
    language = serializers.CharField(max_length=35, allow_blank=True, default="")
    prompt = serializers.CharField(max_length=4096, allow_blank=True, default="")
    mode = serializers.CharField(max_length=20, allow_blank=True, default="")
    task = serializers.ChoiceField(choices=("transcribe", "translate"), allow_blank=True, default="")
    temperature = serializers.FloatField(min_value=0, max_value=1, default=0.0)
    response_format = serializers.ChoiceField(choices=transcript_formats.FORMATS, default="json")
    stream = serializers.BooleanField(default=False)
    optimization_level = serializers.ChoiceField(choices=LEVELS, default="")

    def to_request(self, audio: bytes, kind: str, model: str) -> TranscriptionRequest:
        data = self.validated_data
        # Some clients leave out the brackets of OpenAI's own name.
        named = ("timestamp_granularities[]", "timestamp_granularities")
        words = any("word" in self.initial_data.getlist(name) for name in named)
        segments = data["response_format"] in transcript_formats.WITH_SEGMENTS
        return TranscriptionRequest(
            audio=audio,
            kind=kind,
            model=model,
            language=data["language"],
            prompt=data["prompt"],
            temperature=data["temperature"],
            mode=data["mode"] or ("translate" if data["task"] == "translate" else ""),
            timestamps=("segment",) * segments + ("word",) * (segments and words),
        )


class TranscriptionsView(OpenAIView):
    parser_classes = (UploadParser,)

    @extend_schema(
        request={"multipart/form-data": TranscriptionSerializer},
        responses={
            200: OpenApiResponse(OpenApiTypes.OBJECT, "The transcript in the format given by `response_format`."),
            **ERRORS,
        },
        parameters=[CACHE_CONTROL, LEVEL],
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Transcribe an audio file."""
        audio, kind = audio_of(request)
        asked = TranscriptionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        if data["stream"]:
            raise UnsupportedFeature("streaming transcripts are not supported: stream must be false", param="stream")
        meant = model_names.resolve(data["model"], "transcription")
        client = client_of(request)
        result = services.transcribe(
            client=client,
            request=asked.to_request(audio, kind, meant.model),
            policy=policy_of(request, data["optimization_level"], meant.level),
            provider=meant.provider,
        )
        return _in_format(data["response_format"], result.cache.value, headers(client, result))


def _in_format(name: str, transcript: dict[str, Any], headers: dict[str, str]) -> HttpResponseBase:
    if name == "text":
        return HttpResponse(transcript["text"] + "\n", content_type=PLAIN, headers=headers)
    if name in ("srt", "vtt"):
        return HttpResponse(getattr(transcript_formats, name)(transcript), content_type=PLAIN, headers=headers)
    body = transcript_formats.verbose(transcript) if name == "verbose_json" else {"text": transcript["text"]}
    return Response(body, headers=headers)
