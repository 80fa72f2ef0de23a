"""`/v1/…`: OpenAI's wire format over the same services."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any, ClassVar, cast

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caching.llm.stream import replay
from caching.policy import LEVELS, Level, Policy
from speech import answer_ids, providers, services
from speech.api.authentication import client_of
from speech.api.cache_control import policy_from, policy_headers
from speech.api.endpoint import Endpoint, json_response
from speech.api.openai import model_names, rendering
from speech.api.openai.serializers import (
    AudioSpeechCall,
    AudioSpeechSerializer,
    ChatCompletionSerializer,
    CompletionCall,
)
from speech.api.response_headers import headers, of_successor, whole_response
from speech.api.serializers import ErrorResponseSerializer
from speech.api.streaming import EVENTS, streamed
from speech.api.views import CACHE_CONTROL, COMMON_ERRORS, ERRORS
from speech.exceptions import InvalidRequest
from speech.model_access import EVERYTHING, ModelAccess
from speech.models import Client
from speech.privacy.disclosure import hides
from speech.providers._shared import openai_names
from speech.services.chat_plan import ChatPlan, plan_chat
from speech.services.speech_plan import SpeechPlan, plan_speech

LEVEL = OpenApiParameter(
    "X-Optimization-Level",
    str,
    OpenApiParameter.HEADER,
    enum=LEVELS,
    description="Level to use if the body does not set one.",
)


class OpenAIView(APIView):
    # Fields that errors of services and providers call by another name.
    renamed: ClassVar[dict[str, str]] = {"provider": "model"}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response["X-Request-ID"] = f"req_{secrets.token_hex(16)}"
        return response


class ChatCompletionsView(OpenAIView, Endpoint[CompletionCall, ChatPlan]):
    reads = ChatCompletionSerializer

    @extend_schema(
        request=ChatCompletionSerializer,
        responses={
            (200, "application/json"): OpenApiResponse(
                OpenApiTypes.OBJECT, "A `chat.completion`, or its chunks as server-sent events."
            ),
            (200, EVENTS): OpenApiTypes.ANY,
            **ERRORS,
        },
        parameters=[CACHE_CONTROL, LEVEL],
    )
    def post(self, request: HttpRequest, call: CompletionCall, plan: ChatPlan) -> HttpResponseBase:
        """Create a chat completion, whole or streamed."""
        client = client_of(request)
        if call.stream and not hides(client):
            stream = services.stream_answer(plan)
            id = answer_ids.issue(client, stream.cache, plan.policy.level)
            events = rendering.completion_events(
                stream.cache.value, id=id, model=stream.model, wants_usage=call.wants_usage
            )
            return streamed(events, EVENTS, headers(client, stream))
        result = services.answer(plan)
        id = answer_ids.issue(client, result.cache, plan.policy.level)
        answer, about = result.cache.value, headers(client, result)
        if not call.stream:
            return json_response(rendering.completion(answer, id=id, model=result.model), about)
        # The pace of its chunks would tell a stored answer from one that is being made.
        chunks = replay(answer.choices, model=answer.model, usage=answer.usage, id=id, extra=answer.extra)
        events = rendering.completion_events(chunks, id=id, model=result.model, wants_usage=call.wants_usage)
        return streamed(events, EVENTS, about)

    def plan(self, request: HttpRequest, call: CompletionCall) -> ChatPlan:
        meant = model_names.resolve(call.model, "chat")
        asked = replace(call.request, model=meant.model)
        return plan_chat(client_of(request), asked, policy_of(request, call.level, meant.level), meant.provider)


class AudioSpeechView(OpenAIView, Endpoint[AudioSpeechCall, SpeechPlan]):
    reads = AudioSpeechSerializer
    renamed = OpenAIView.renamed | {"text": "input", "codec": "response_format"}
    body_limit = "DATA_UPLOAD_MAX_MEMORY_SIZE"

    @extend_schema(
        request=AudioSpeechSerializer,
        responses={
            (200, "audio/*"): OpenApiResponse(OpenApiTypes.BINARY, "Audio, or server-sent events with audio."),
            (200, EVENTS): OpenApiTypes.ANY,
            **ERRORS,
        },
        parameters=[CACHE_CONTROL, LEVEL],
    )
    def post(self, request: HttpRequest, call: AudioSpeechCall, plan: SpeechPlan) -> HttpResponseBase:
        """Synthesize speech. Cache misses are streamed as they are synthesized."""
        client = client_of(request)
        # Sound that comes in one piece does not tell by its pieces whether it was stored.
        whole = hides(client)
        result = services.speak(plan, call.codec, stream=not whole)
        about = headers(client, result) | of_successor(call.request.voice, result.provider, result.voice)
        if call.as_events:
            events = rendering.speech_events(result.cache.value, characters=len(call.request.text))
            return streamed(events, EVENTS, about)
        if whole or result.cache.status == "hit":
            return whole_response(b"".join(result.cache.value), result.content_type, about)
        return streamed(result.cache.value, result.content_type, about)

    def plan(self, request: HttpRequest, call: AudioSpeechCall) -> SpeechPlan:
        meant = model_names.resolve(call.model, "speech")
        asked = replace(call.request, model=meant.model)
        return plan_speech(client_of(request), asked, policy_of(request, call.level, meant.level), meant.provider)


class OpenView(OpenAIView):
    """Open WebUI asks for models and voices of audio without a key. They tell no secret."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class RootView(OpenView):
    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Answer clients that ask for their base URL to see if it is right."""
        return Response({"object": "api", "models": "/v1/models"})


class ModelsView(OpenAIView):
    @extend_schema(operation_id="v1_models_list", responses={200: OpenApiTypes.OBJECT, **ERRORS})
    def get(self, request: Request) -> Response:
        """List the models that may be sent as `model`."""
        models = [rendering.model_object(name, owner) for name, owner in model_names.listed(_access(request))]
        return Response({"object": "list", "data": models})


@extend_schema_view(get=extend_schema(exclude=True))
class AudioModelsView(OpenView, ModelsView):
    """The same list at a second address; the schema names it once."""

    def get(self, request: Request) -> Response:
        response = super().get(request)
        # The name under which Open WebUI looks for it.
        response.data["models"] = response.data["data"]
        return response


class ModelView(OpenAIView):
    @extend_schema(responses={200: OpenApiTypes.OBJECT, 404: ErrorResponseSerializer, **ERRORS})
    def get(self, request: Request, name: str) -> Response:
        """Retrieve a model: any name that would be served, listed or not."""
        if owner := model_names.owner_of(name, _access(request)):
            return Response(rendering.model_object(name, owner))
        raise ModelNotFound(f"The model {name[:200]!r} does not exist.", param="model")


class VoicesView(OpenView):
    @extend_schema(responses={200: OpenApiTypes.OBJECT, **COMMON_ERRORS})
    def get(self, request: Request) -> Response:
        """List the voices of the default provider and OpenAI's voice names."""
        own = {voice.id: voice.name for voice in providers.get(settings.TTS_PROVIDER).voices()}
        names = own | {name: name.title() for name in openai_names.VOICES}
        return Response({"voices": [{"id": id, "name": name} for id, name in names.items()]})


def _access(request: Request) -> ModelAccess:
    """Return what the client may use; without a key, which open views do not ask for, everything."""
    return request.user.model_access if isinstance(request.user, Client) else EVERYTHING


class ModelNotFound(InvalidRequest):
    status = 404
    code = "model_not_found"


def policy_of(request: Request | HttpRequest, in_body: str, named_as_model: str) -> Policy:
    """Return the policy, with the level from the body, the header or the model name, in this order."""
    asked = policy_headers(request)
    level = in_body or asked.level or named_as_model
    if level and level not in LEVELS:
        raise InvalidRequest(f"X-Optimization-Level must be one of {', '.join(LEVELS)}", param="X-Optimization-Level")
    return policy_from(asked.cache_control, cast("Level", level or settings.OPTIMIZATION_LEVEL))
