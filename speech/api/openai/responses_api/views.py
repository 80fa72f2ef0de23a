"""`/v1/responses`: OpenAI's Responses API over chat, or over the Responses API of a provider that has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from caching.llm.stream import replay
from speech import answer_ids, services
from speech.api.authentication import client_of
from speech.api.endpoint import Endpoint, json_response
from speech.api.openai import model_names
from speech.api.openai.responses_api import answer as chat_answer
from speech.api.openai.responses_api import response as response_object
from speech.api.openai.responses_api import storage
from speech.api.openai.responses_api.chat_request import needs_native
from speech.api.openai.responses_api.events import as_sse, written
from speech.api.openai.responses_api.listing import listed
from speech.api.openai.responses_api.serializers import ResponseCall, ResponseSerializer, chat_call
from speech.api.openai.responses_api.storage import Conversation
from speech.api.openai.views import EVENTS, LEVEL, OpenAIView, policy_of
from speech.api.response_headers import headers
from speech.api.serializers import ErrorResponseSerializer
from speech.api.streaming import streamed
from speech.api.views import CACHE_CONTROL, ERRORS
from speech.exceptions import UnsupportedFeature
from speech.privacy.disclosure import hides

NOT_FOUND = {404: ErrorResponseSerializer, **ERRORS}


class ResponsesView(OpenAIView, Endpoint):
    reads = ResponseSerializer

    @extend_schema(
        request=ResponseSerializer,
        responses={
            (200, "application/json"): OpenApiResponse(
                OpenApiTypes.OBJECT, "A `response`, or its events as server-sent events."
            ),
            (200, EVENTS): OpenApiTypes.ANY,
            **NOT_FOUND,
        },
        parameters=[CACHE_CONTROL, LEVEL],
    )
    def post(self, request: HttpRequest, call: ResponseCall) -> HttpResponseBase:
        """Create a response, whole or streamed."""
        client = client_of(request)
        said = storage.conversation_of(client, call.continues, call.items)
        meant = model_names.resolve(call.body.get("model", ""), "chat")
        refuse_native(call, said, meant.provider)
        chat = call.chat or chat_call(call.body, said.items)
        ask: dict[str, Any] = {
            "client": client,
            "request": replace(chat.request, model=meant.model),
            "policy": (policy := policy_of(request, call.level, meant.level)),
            "provider": meant.provider,
        }
        stored = storage.may_store(request, call.stores)
        keep = partial(storage.keep, client, said=said) if stored else _unchanged

        def begun(result: services.ChatResult[Any]) -> response_object.Response:
            id = answer_ids.issue(client, result.cache, policy.level, prefix=answer_ids.RESPONSE)
            return response_object.begun(call.body, id=id, model=result.model, stored=stored)

        if call.stream and not hides(client):
            stream = services.stream_chat(**ask)
            return _events(begun(stream), stream.cache.value, keep, headers(client, stream))
        result = services.chat(**ask)
        answer, response, about = result.cache.value, begun(result), headers(client, result)
        if not call.stream:
            return json_response(keep(chat_answer.whole(response, answer)), about)
        # The pace of its chunks would tell a stored answer from one that is being made.
        chunks = replay(answer.choices, model=answer.model, usage=answer.usage, id=response["id"])
        return _events(response, chunks, keep, about)


class StoredResponseView(OpenAIView):
    @extend_schema(responses={200: OpenApiTypes.OBJECT, **NOT_FOUND})
    def get(self, request: Request, id: str) -> Response:
        """Retrieve a response that was stored."""
        return Response(storage.find(client_of(request), id).body)

    @extend_schema(responses={200: OpenApiTypes.OBJECT, **NOT_FOUND})
    def delete(self, request: Request, id: str) -> Response:
        """Delete a response that was stored. The cache keeps its answer."""
        storage.find(client_of(request), id).delete()
        return Response({"id": id, "object": "response", "deleted": True})


class InputItemsView(OpenAIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("order", str, enum=("asc", "desc"), description="Default: desc."),
            OpenApiParameter("limit", int, description="1 to 100, default 20."),
            OpenApiParameter("after", str, description="Id of the item to list behind."),
        ],
        responses={200: OpenApiTypes.OBJECT, **NOT_FOUND},
    )
    def get(self, request: Request, id: str) -> Response:
        """List the input items of a response that was stored."""
        return Response(listed(storage.find(client_of(request), id), request.query_params))


def refuse_native(call: ResponseCall, said: Conversation, provider: str) -> None:
    if missing := needs_native(call.body, said.items):
        raise UnsupportedFeature(
            f"{provider} is asked by chat completions, which do not have: {', '.join(missing)}",
            param=missing[0].partition(" ")[0],
        )


def _events(
    response: response_object.Response, chunks: Iterator[Any], keep: Callable[..., Any], about: dict[str, str]
) -> HttpResponseBase:
    return streamed(as_sse(written(response, chunks, keep), response), EVENTS, about)


def _unchanged(response: response_object.Response) -> response_object.Response:
    return response
