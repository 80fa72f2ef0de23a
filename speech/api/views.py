"""`/api/…`: validate, call a service, answer."""

from __future__ import annotations

import base64
import logging
import uuid
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caching.database import DatabaseUnavailable, call
from caching.llm.request import text_of
from caching.policy import Level, Policy
from speech import accounting, answer_ids, services
from speech.api import feedback
from speech.api.audio_question import SpokenRequestSerializer, hear, read_spoken_call
from speech.api.authentication import client_of
from speech.api.cache_control import policy_from, policy_headers
from speech.api.endpoint import Endpoint, json_response
from speech.api.openai.rendering import turn_events
from speech.api.request_body import read_call
from speech.api.response_headers import budget_warning, headers, of_successor, whole_response
from speech.api.serializers import (
    ChatCall,
    ChatRequestSerializer,
    ChatResponseSerializer,
    ConverseRequestSerializer,
    ErrorResponseSerializer,
    FeedbackRequestSerializer,
    FeedbackResponseSerializer,
    SpeechCall,
    SpeechRequestSerializer,
)
from speech.api.streaming import EVENTS, streamed
from speech.api.uploads import UploadParser
from speech.models import Client, Receipt
from speech.privacy.disclosure import hides
from speech.services.chat_plan import ChatPlan, plan_chat
from speech.services.speech_plan import SpeechPlan, plan_speech

logger = logging.getLogger(__name__)

CACHE_CONTROL = OpenApiParameter(
    "Cache-Control",
    str,
    OpenApiParameter.HEADER,
    description="`no-cache`: skip the cache. `no-store`: also store nothing. `max-age=N`: reject entries older than N "
    "seconds. `only-if-cached`: return 504 on a miss.",
)
# Statuses that every operation may return.
COMMON_ERRORS: dict[int, Any] = dict.fromkeys((405, 500), ErrorResponseSerializer)
ERRORS: dict[int, Any] = COMMON_ERRORS | dict.fromkeys(
    (400, 401, 403, 413, 415, 429, 502, 503, 504), ErrorResponseSerializer
)


class ChatView(Endpoint[ChatCall, ChatPlan]):
    reads = ChatRequestSerializer

    @extend_schema(
        request=ChatRequestSerializer, responses={200: ChatResponseSerializer, **ERRORS}, parameters=[CACHE_CONTROL]
    )
    def post(self, request: HttpRequest, call: ChatCall, plan: ChatPlan) -> HttpResponse:
        """Answer a question, from the cache if possible."""
        client = client_of(request)
        result = services.answer(plan)
        id = answer_ids.issue(client, result.cache, call.level)
        body = _chat_body(client, result, call.level, id)
        return json_response(body, headers(client, result))

    def plan(self, request: HttpRequest, call: ChatCall) -> ChatPlan:
        return plan_chat(client_of(request), call.request, _policy(request, call.level), call.provider)


class SpeechView(Endpoint[SpeechCall, SpeechPlan]):
    reads = SpeechRequestSerializer
    body_limit = "DATA_UPLOAD_MAX_MEMORY_SIZE"

    @extend_schema(
        request=SpeechRequestSerializer,
        responses={
            (200, "audio/*"): OpenApiResponse(OpenApiTypes.BINARY, "The audio."),
            (200, "application/json"): OpenApiResponse(
                OpenApiTypes.OBJECT, "With `timestamps`: `audio` in base64, its `content_type`, and `words`."
            ),
            **ERRORS,
        },
        parameters=[CACHE_CONTROL],
    )
    def post(self, request: HttpRequest, call: SpeechCall, plan: SpeechPlan) -> HttpResponse:
        """Synthesize speech, from the cache if possible."""
        client = client_of(request)
        result = services.speak(plan, call.codec)
        sound = b"".join(result.cache.value)
        about = headers(client, result) | of_successor(call.request.voice, result.provider, result.voice)
        if not call.request.timestamps:
            return whole_response(sound, result.content_type, about)
        body = {"audio": base64.b64encode(sound).decode(), "content_type": result.content_type}
        return json_response({**body, **({"words": result.words} if result.words else {})}, about)

    def plan(self, request: HttpRequest, call: SpeechCall) -> SpeechPlan:
        return plan_speech(client_of(request), call.request, _policy(request, call.level), call.provider)


class ConverseView(APIView):
    parser_classes = (UploadParser,)

    @extend_schema(
        request={"application/json": ConverseRequestSerializer, "multipart/form-data": SpokenRequestSerializer},
        responses={
            (200, "audio/*"): OpenApiResponse(OpenApiTypes.BINARY, "The spoken answer, or server-sent events with it."),
            (200, EVENTS): OpenApiTypes.ANY,
            **ERRORS,
        },
        parameters=[CACHE_CONTROL],
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Answer a question with speech, streamed sentence by sentence. `X-Receipt-ID` identifies its receipt."""
        client = client_of(request)
        heard = None
        if request.content_type.startswith("multipart/"):
            with ExitStack() as held:
                call, audio = read_spoken_call(request, held)
                policy = _policy(request, call.level)
                call, heard = hear(client, call, audio, policy)
        else:
            call = read_call(ConverseRequestSerializer, request, settings.MAX_CHAT_BODY_BYTES)
            policy = _policy(request, call.level)
        turn = services.converse(client=client, chat=call.chat, speech=call.speech, policy=policy, options=call.options)
        turn.receipt.heard = heard
        receipt_id = uuid.uuid4()
        turn.sound.at_end.append(lambda _: _keep_receipt(turn, client, receipt_id))
        who = turn.receipt.speech
        successor = of_successor(call.speech.voice, who["provider"], who["voice"])
        told = {} if hides(client) else budget_warning(client)
        about = {"X-Receipt-ID": str(receipt_id), **successor, **told}
        if call.as_events:
            return streamed(turn_events(turn.sound, lambda: turn.playback.words_played), EVENTS, about)
        return streamed(turn.sound, turn.content_type, about)


class ReceiptView(APIView):
    @extend_schema(responses={200: OpenApiTypes.OBJECT, 404: ErrorResponseSerializer, **ERRORS})
    def get(self, request: Request, id: uuid.UUID) -> Response:
        """Receipt of a voice turn, kept for ten minutes: sentences, cache status, billed units."""
        client = client_of(request)
        return Response(call(lambda: get_object_or_404(Receipt.objects.fresh(), id=id, client=client)).body)


class FeedbackView(APIView):
    is_free = True

    @extend_schema(
        request=FeedbackRequestSerializer,
        responses={
            202: FeedbackResponseSerializer,
            404: OpenApiResponse(ErrorResponseSerializer, "This client has received no answer with this id."),
            **COMMON_ERRORS,
            **{status: ERRORS[status] for status in (400, 401, 413, 415, 429)},
        },
    )
    def post(self, request: Request) -> Response:
        """Report whether an answer was right. A wrong answer is deleted and never reused for this question.

        Idempotent: repeating the same feedback changes nothing.
        """
        said, client = read_call(FeedbackRequestSerializer, request), client_of(request)
        removed = call(lambda: feedback.give(client=client, id=said.id, correct=said.correct, comment=said.comment))
        if removed is None:
            raise NotFound("No answer with this id was sent to you.")
        body = {"id": said.id, "correct": said.correct, "removed": None if hides(client) else removed}
        return Response(body, status=202)


def _policy(request: Request | HttpRequest, level: Level) -> Policy:
    return policy_from(policy_headers(request).cache_control, level)


def _keep_receipt(turn: services.SpokenTurn, client: Client, id: uuid.UUID) -> None:
    def keep() -> None:
        Receipt.objects.prune()
        Receipt.objects.create(id=id, client=client, body=turn.receipt.as_json())

    try:
        call(keep)
    except DatabaseUnavailable as error:
        # The audio has been sent, and must not look cut off.
        logger.warning("The receipt of a voice turn could not be stored: %s", error)


def _chat_body(client: Client, result: services.ChatResult, level: str, id: str) -> dict[str, Any]:
    cached, hidden = result.cache, hides(client)
    choice = cached.value.choices[0]
    return {
        "id": id,
        "text": text_of(choice["message"]),
        "provider": result.provider,
        "model": cached.value.model,
        "optimization_level": level,
        "finish_reason": choice["finish_reason"],
        "usage": cached.value.usage,
        "cost": None if hidden else accounting.body(result.costs),
        "cache": None
        if hidden
        else {
            "status": cached.status,
            "match": cached.match,
            "age": cached.age,
            "ttl": cached.ttl,
            "stored": cached.stored,
            "key": cached.key,
        },
    }
