"""`/v1/responses`: OpenAI's Responses API over chat, or over the Responses API of a provider that has one."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from speech.api.authentication import client_of
from speech.api.endpoint import Endpoint
from speech.api.openai import model_names
from speech.api.openai.responses import storage
from speech.api.openai.responses.chat_request import RENAMED
from speech.api.openai.responses.events import as_sse
from speech.api.openai.responses.listing import listed, whole_number
from speech.api.openai.responses.replay import replayed
from speech.api.openai.responses.serializers import ResponseCall, ResponseSerializer
from speech.api.openai.responses.serving import ResolvedCall, answered, plan_over_chat
from speech.api.openai.responses.storage import Owner
from speech.api.openai.views import LEVEL, OpenAIView, policy_of
from speech.api.request_body import may_be_stored
from speech.api.serializers import ErrorResponseSerializer
from speech.api.streaming import EVENTS, streamed
from speech.api.views import CACHE_CONTROL, ERRORS
from speech.models import StoredResponse
from speech.services.chat_plan import ChatPlan

NOT_FOUND = {404: ErrorResponseSerializer, **ERRORS}


class ResponsesView(OpenAIView, Endpoint[ResponseCall, ChatPlan | None]):
    reads = ResponseSerializer
    renamed = OpenAIView.renamed | RENAMED

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
    def post(self, request: HttpRequest, call: ResponseCall, plan: ChatPlan | None) -> HttpResponseBase:
        """Create a response, whole or streamed."""
        client = client_of(request)
        target = model_names.resolve(call.body.get("model", ""), "chat")
        resolved = ResolvedCall(
            client=client,
            call=call,
            conversation=storage.conversation_of(Owner.named_in(call.body, client), call.continues, call.items),
            target=target,
            policy=policy_of(request, call.level, target.level),
            stored=bool(call.stores and settings.RESPONSES_RETENTION_DAYS and may_be_stored(request)),
            plan=plan,
        )
        return answered(resolved)

    def plan(self, request: HttpRequest, call: ResponseCall) -> ChatPlan | None:
        target = model_names.resolve(call.body.get("model", ""), "chat")
        return plan_over_chat(client_of(request), call, target, policy_of(request, call.level, target.level))


class StoredResponseView(OpenAIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("stream", bool, description="True: as server-sent events."),
            OpenApiParameter("starting_after", int, description="Sequence number of the event to start after."),
        ],
        responses={200: OpenApiTypes.OBJECT, **NOT_FOUND},
    )
    def get(self, request: Request, id: str) -> HttpResponseBase:
        """Retrieve a response that was stored."""
        body = _stored(request, id).body
        if request.query_params.get("stream") != "true":
            return Response(body)
        after = whole_number(request.query_params.get("starting_after", "-1"), "starting_after")
        return streamed(as_sse(replayed(body), body, after=after), EVENTS, {})

    @extend_schema(responses={200: OpenApiTypes.OBJECT, **NOT_FOUND})
    def delete(self, request: Request, id: str) -> Response:
        """Delete a response that was stored. The cache keeps its answer."""
        _stored(request, id).delete()
        return Response({"id": id, "object": "response", "deleted": True})


class InputItemsView(OpenAIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("order", str, enum=("asc", "desc"), description="Default: desc."),
            OpenApiParameter("limit", int, description="1 to 100, default 20."),
            OpenApiParameter("after", str, description="Id of the item to start after."),
        ],
        responses={200: OpenApiTypes.OBJECT, **NOT_FOUND},
    )
    def get(self, request: Request, id: str) -> Response:
        """List the input items of a response that was stored."""
        return Response(listed(_stored(request, id), request.query_params))


def _stored(request: Request, id: str) -> StoredResponse:
    return storage.find(Owner.named_in(request.query_params, client_of(request)), id)
