"""The body of `POST /v1/responses`. Fields not named here are passed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from caching.policy import LEVELS
from speech.api.fields import ChoiceField, NumberField, TextField, TolerantSerializer, TruthField, WholeNumberField
from speech.api.openai.responses.chat_request import RENAMED, chat_body, needs_native
from speech.api.openai.responses.messages import Item, items_of, kind_of
from speech.api.openai.serializers import ChatCompletionSerializer, CompletionCall
from speech.exceptions import InvalidRequest, UnsupportedFeature


@dataclass(frozen=True, slots=True)
class ResponseCall:
    body: Mapping[str, Any]
    """The fields of the request that are not null."""
    items: Sequence[Item]
    level: str
    chat: CompletionCall | None
    """The same question to chat. None if that depends on stored items, or if chat cannot express it."""

    @property
    def stream(self) -> bool:
        return bool(self.body.get("stream"))

    @property
    def stores(self) -> bool:
        return self.body.get("store") is not False

    @property
    def continues(self) -> str:
        """The id of the response that this one continues."""
        return self.body.get("previous_response_id") or ""


@extend_schema_field(
    {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "object", "additionalProperties": True}}]}
)
class ResponseInputField(serializers.JSONField):
    """A text, or items in OpenAI's format."""


class ToolField(serializers.DictField):
    def to_internal_value(self, data: Any) -> Any:
        tool = super().to_internal_value(data)
        if not isinstance(tool.get("type"), str):
            raise serializers.ValidationError({"type": ["Must be a string."]}, code="invalid")
        return tool


class ResponseSerializer(TolerantSerializer):
    takes_nul = True

    model = TextField(required=False, max_length=200, allow_blank=True)
    input = ResponseInputField(required=False)
    instructions = TextField(required=False, allow_blank=True, trim_whitespace=False)
    previous_response_id = TextField(required=False, allow_blank=True)
    stream = TruthField(required=False)
    store = TruthField(required=False)
    background = TruthField(required=False)
    include = serializers.ListField(child=TextField(), required=False)
    metadata = serializers.DictField(required=False)
    text = serializers.DictField(required=False)
    reasoning = serializers.DictField(required=False)
    tools = serializers.ListField(child=ToolField(), required=False)
    tool_choice = serializers.JSONField(required=False)
    parallel_tool_calls = TruthField(required=False)
    max_output_tokens = WholeNumberField(required=False)
    top_logprobs = WholeNumberField(required=False)
    temperature = NumberField(required=False)
    top_p = NumberField(required=False)
    truncation = TextField(required=False)
    optimization_level = ChoiceField(choices=LEVELS, required=False)
    language = TextField(required=False, max_length=35)

    def to_call(self) -> ResponseCall:
        body = {name: value for name, value in self.initial_data.items() if value is not None}
        if body.get("background"):
            raise UnsupportedFeature("background is not supported: ask with stream instead", param="background")
        if body.get("n", 1) != 1:
            raise UnsupportedFeature("a response has one answer: n must be 1", param="n")
        items = items_of(body.get("input", []))
        alone = not body.get("previous_response_id") and all(kind_of(item) != "item_reference" for item in items)
        chat = chat_call(body, items) if alone and not needs_native(body, items) else None
        return ResponseCall(body, items, body.get("optimization_level", ""), chat)


class _QuestionSerializer(ChatCompletionSerializer):
    takes_any_role = False


def chat_call(body: Mapping[str, Any], items: Sequence[Item]) -> CompletionCall:
    """Return the same question to chat."""
    if not items and not body.get("instructions"):
        raise InvalidRequest("input is required", param="input", code="required")
    serializer = _QuestionSerializer(data=chat_body(body, items))
    if not serializer.is_valid():
        raise serializers.ValidationError({RENAMED.get(name, name): why for name, why in serializer.errors.items()})
    return serializer.to_call()
