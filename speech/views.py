"""`/api/…`: validate, call a service, answer."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caching import llm
from speech import accounting, cache_control, services
from speech.serializers import (
    ChatRequestSerializer,
    ChatResponseSerializer,
    ErrorResponseSerializer,
    SpeechRequestSerializer,
)

CACHE_CONTROL = OpenApiParameter(
    "Cache-Control",
    str,
    OpenApiParameter.HEADER,
    description="`no-cache`: answer anew. `no-store`: and leave no trace. `max-age=N`: nothing older than N seconds. "
    "`only-if-cached`: 504 instead of asking a provider.",
)
ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 413, 415, 502, 503, 504), ErrorResponseSerializer)


class ChatView(APIView):
    @extend_schema(
        request=ChatRequestSerializer, responses={200: ChatResponseSerializer, **ERRORS}, parameters=[CACHE_CONTROL]
    )
    def post(self, request: Request) -> Response:
        """Answer a question, from the cache where it can be answered from there."""
        asked = ChatRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        level = asked.validated_data["optimization_level"]
        result = services.chat(
            client=request.user,
            request=asked.to_request(),
            policy=cache_control.policy_from(request.headers.get("Cache-Control", ""), level),
            provider=asked.validated_data.get("provider", ""),
        )
        return Response(_chat_body(result, level), headers=_headers(result))


class SpeechView(APIView):
    @extend_schema(
        request=SpeechRequestSerializer,
        responses={(200, "audio/*"): OpenApiResponse(OpenApiTypes.BINARY, "The audio."), **ERRORS},
        parameters=[CACHE_CONTROL],
    )
    def post(self, request: Request) -> HttpResponse:
        """Speak a text, from the cache where it was spoken before."""
        asked = SpeechRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        result = services.synthesize(
            client=request.user,
            request=asked.to_request(),
            policy=cache_control.policy_from(
                request.headers.get("Cache-Control", ""), asked.validated_data["optimization_level"]
            ),
            codec=asked.validated_data["codec"],
            provider=asked.validated_data.get("provider", ""),
        )
        return HttpResponse(result.outcome.value, content_type=result.content_type, headers=_headers(result))


def _headers(result: services.ChatResult | services.SpeechResult) -> dict[str, str]:
    return {**cache_control.headers(result.outcome), **accounting.headers(result.costs)}


def _chat_body(result: services.ChatResult, level: str) -> dict[str, Any]:
    outcome = result.outcome
    choice = outcome.value.choices[0]
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "text": llm.text_of(choice["message"]),
        "provider": result.provider,
        "model": outcome.value.model,
        "optimization_level": level,
        "finish_reason": choice["finish_reason"],
        "usage": outcome.value.usage,
        "cost": accounting.body(result.costs),
        "cache": {
            "status": outcome.status,
            "match": outcome.match,
            "age": outcome.age,
            "ttl": outcome.ttl,
            "stored": outcome.stored,
            "key": outcome.key,
        },
    }
