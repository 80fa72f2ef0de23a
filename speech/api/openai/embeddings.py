"""`POST /v1/embeddings`."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers

from caching.embeddings import Embedding
from caching.policy import LEVELS
from caching.pricing.usage import Usage
from speech.api.authentication import client_of
from speech.api.endpoint import Endpoint, json_response
from speech.api.fields import ChoiceField, TextField, TolerantSerializer
from speech.api.openai import model_names
from speech.api.openai.views import LEVEL, OpenAIView, policy_of
from speech.api.response_headers import headers
from speech.api.views import CACHE_CONTROL, ERRORS
from speech.providers.base import EmbeddingRequest
from speech.services import embeddings
from speech.services.embeddings import EmbeddingResult

_NOT_PARAMS = ("model", "input", "optimization_level")


@dataclass(frozen=True, slots=True)
class EmbeddingCall:
    # Without a model: `model` may also name a level or a provider.
    request: EmbeddingRequest
    model: str
    level: str


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}},
            {"type": "array", "items": {"type": "integer"}},
            {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
        ]
    }
)
class EmbeddingInputField(serializers.JSONField):
    """One input or a list of them; an input is a text, a list of tokens, or an object that the provider knows."""

    def to_internal_value(self, data: Any) -> list[Any]:
        inputs = [data] if isinstance(data, str) or _is_tokens(data) else data
        if not isinstance(inputs, list):
            raise serializers.ValidationError("Must be a string or a list.", code="invalid")
        if not inputs:
            raise serializers.ValidationError("Must not be empty.", code="empty")
        for position, item in enumerate(inputs):
            if not (isinstance(item, str | dict) or _is_tokens(item)):
                raise serializers.ValidationError(
                    {str(position): "Must be a string or a list of tokens."}, code="invalid"
                )
        return inputs


class EmbeddingSerializer(TolerantSerializer):
    """Fields not named here are passed on to the provider."""

    takes_nul = True

    input = EmbeddingInputField()
    model = TextField(required=False, max_length=200, allow_blank=True, default="")
    encoding_format = ChoiceField(choices=("float", "base64"), required=False)
    dimensions = serializers.JSONField(required=False, help_text="Length of the vectors.")
    optimization_level = ChoiceField(choices=LEVELS, required=False)

    def to_call(self) -> EmbeddingCall:
        data = self.validated_data
        params = {name: value for name, value in data.items() if name not in _NOT_PARAMS} | self.unknown_fields
        request = EmbeddingRequest(inputs=data["input"], params=params)
        return EmbeddingCall(request, data["model"], data.get("optimization_level", ""))


class EmbeddingsView(OpenAIView, Endpoint[EmbeddingCall, None]):
    reads = EmbeddingSerializer

    @extend_schema(
        request=EmbeddingSerializer,
        responses={200: OpenApiResponse(OpenApiTypes.OBJECT, "A list of `embedding` objects."), **ERRORS},
        parameters=[CACHE_CONTROL, LEVEL],
    )
    def post(self, request: HttpRequest, call: EmbeddingCall, plan: None) -> HttpResponseBase:
        """Embed texts. Each input is cached by itself."""
        meant = model_names.resolve(call.model, "embedding")
        client = client_of(request)
        asked = replace(call.request, model=meant.model)
        result = embeddings.embed(
            client=client,
            request=asked,
            policy=policy_of(request, call.level, meant.level),
            provider=meant.provider,
        )
        return json_response(_body(result, asked), headers(client, result))

    def plan(self, request: HttpRequest, call: EmbeddingCall) -> None:
        """Return no plan: each input is looked up by itself."""


def _body(result: EmbeddingResult, asked: EmbeddingRequest) -> dict[str, Any]:
    stored = result.cache.value
    encoded = _encoded(stored, asked.params.get("encoding_format") == "base64") if asked.is_plain else iter(stored)
    data = [
        {"object": "embedding", "index": index, **{name: each[name] for name in each if name not in _NOT_SHOWN}}
        for index, each in enumerate(encoded)
    ]
    return {"object": "list", "data": data, "model": stored[0]["model"], "usage": _usage(result)}


_NOT_SHOWN = ("model", "billed", "usage")


def _encoded(stored: Iterable[Embedding], as_base64: bool) -> Iterator[Embedding]:
    """Yield each embedding in the encoding asked for: base64 of little-endian 32-bit numbers, or a list of numbers."""
    for each in stored:
        vector = each["embedding"]
        if isinstance(vector, str) == as_base64 or isinstance(vector[0], list):
            yield each
        elif as_base64:
            yield {**each, "embedding": base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode()}
        else:
            yield {**each, "embedding": np.frombuffer(base64.b64decode(vector), "<f4").tolist()}


def _usage(result: EmbeddingResult) -> dict[str, Any] | None:
    """Return the tokens of all inputs, cached ones included; None if the provider did not say.

    For one input that was embedded alone it is the provider's own object, with details such as `image_count`.
    """
    if len(result.cache.value) == 1 and "usage" in result.cache.value[0]:
        usage: dict[str, Any] = result.cache.value[0]["usage"]
        return usage
    billed = Usage.total([result.cache.billed, result.cache.served])
    if billed is None:
        return None
    return {"prompt_tokens": billed.input_tokens, "total_tokens": billed.input_tokens}


def _is_tokens(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(token, int) and not isinstance(token, bool) for token in value)
    )
