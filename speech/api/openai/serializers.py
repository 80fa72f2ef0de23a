"""OpenAI's request bodies. Fields not named here are ignored, as clients expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from caching.policy import LEVELS
from speech.api.endpoint import PreparedSerializer
from speech.api.fields import (
    SAMPLE_RATES,
    BoundedTextField,
    MessagesField,
    NumberField,
    TextField,
    WholeNumberField,
)
from speech.api.messages import validate_messages
from speech.audio import formats
from speech.providers.base import ChatRequest, SpeechRequest
from speech.text.markdown import speakable

NOT_PARAMS = ("model", "messages", "stream", "stream_options", "optimization_level", "language")


@dataclass(frozen=True, slots=True)
class CompletionCall:
    # Without a model: `model` may also name a level or a provider.
    request: ChatRequest
    model: str
    level: str
    stream: bool
    wants_usage: bool


@dataclass(frozen=True, slots=True)
class AudioSpeechCall:
    # Without a model: `model` may also name a level or a provider.
    request: SpeechRequest
    model: str
    level: str
    codec: str
    as_events: bool


@extend_schema_field(OpenApiTypes.STR)
class VoiceField(serializers.Field[str, Any, str, Any]):
    """A name, or OpenAI's object `{"id": name}`."""

    def to_internal_value(self, data: Any) -> str:
        voice = data.get("id") if isinstance(data, dict) else data
        if not isinstance(voice, str):
            raise serializers.ValidationError("Must be a string or an object with an id.", code="invalid")
        return voice

    def to_representation(self, value: str) -> str:
        return value


class StreamOptionsSerializer(serializers.Serializer[Any]):
    include_usage = serializers.BooleanField(default=False)


class ChatCompletionSerializer(PreparedSerializer):
    model = TextField(required=False, max_length=200, allow_blank=True, default="")
    messages = MessagesField()
    stream = serializers.BooleanField(default=False, allow_null=True)
    stream_options = StreamOptionsSerializer(required=False, allow_null=True)
    optimization_level = serializers.ChoiceField(choices=LEVELS, required=False)
    language = TextField(required=False, max_length=35)

    temperature = NumberField(required=False, allow_null=True, min_value=0, max_value=2)
    top_p = NumberField(required=False, allow_null=True, min_value=0, max_value=1)
    top_k = WholeNumberField(required=False, allow_null=True)
    min_p = NumberField(required=False, allow_null=True, min_value=0, max_value=1)
    presence_penalty = NumberField(required=False, allow_null=True, min_value=-2, max_value=2)
    frequency_penalty = NumberField(required=False, allow_null=True, min_value=-2, max_value=2)
    repetition_penalty = NumberField(required=False, allow_null=True)
    max_tokens = WholeNumberField(required=False, allow_null=True, min_value=1)
    max_completion_tokens = WholeNumberField(required=False, allow_null=True, min_value=1)
    n = WholeNumberField(required=False, allow_null=True, min_value=1, max_value=128)
    seed = WholeNumberField(required=False, allow_null=True)
    logprobs = serializers.BooleanField(required=False, allow_null=True)
    top_logprobs = WholeNumberField(required=False, allow_null=True, min_value=0, max_value=20)
    logit_bias = serializers.DictField(required=False, allow_null=True)
    stop = serializers.JSONField(required=False, allow_null=True)
    tools = serializers.ListField(child=serializers.DictField(), required=False, allow_null=True)
    tool_choice = serializers.JSONField(required=False, allow_null=True)
    parallel_tool_calls = serializers.BooleanField(required=False, allow_null=True)
    functions = serializers.ListField(child=serializers.DictField(), required=False, allow_null=True)
    function_call = serializers.JSONField(required=False, allow_null=True)
    response_format = serializers.DictField(required=False, allow_null=True)
    reasoning_effort = TextField(required=False, allow_null=True)
    verbosity = TextField(required=False, allow_null=True)
    modalities = serializers.ListField(child=TextField(), required=False, allow_null=True)
    audio = serializers.DictField(required=False, allow_null=True)
    prediction = serializers.DictField(required=False, allow_null=True)
    web_search_options = serializers.DictField(required=False, allow_null=True)

    def validate_messages(self, messages: Any) -> list[dict[str, Any]]:
        return validate_messages(messages)

    def to_call(self) -> CompletionCall:
        data = self.validated_data
        request = ChatRequest(
            messages=data["messages"],
            language=data.get("language", ""),
            params={name: value for name, value in data.items() if name not in NOT_PARAMS},
        )
        usage = (data.get("stream_options") or {}).get("include_usage", False)
        return CompletionCall(request, data["model"], data.get("optimization_level", ""), bool(data["stream"]), usage)


class AudioSpeechSerializer(PreparedSerializer):
    input = BoundedTextField()
    model = TextField(required=False, max_length=200, allow_blank=True, allow_null=True, default="")
    voice = VoiceField(required=False, allow_null=True, default="")
    instructions = TextField(required=False, allow_blank=True, allow_null=True, max_length=4096)
    response_format = serializers.ChoiceField(choices=formats.names(), allow_null=True, default="mp3")
    speed = NumberField(required=False, allow_null=True, min_value=0.25, max_value=4.0)
    stream_format = serializers.ChoiceField(choices=("audio", "sse"), allow_null=True, default="audio")
    optimization_level = serializers.ChoiceField(choices=LEVELS, required=False, allow_null=True)
    language = TextField(required=False, max_length=35, allow_null=True, allow_blank=True)
    sample_rate = serializers.ChoiceField(
        choices=SAMPLE_RATES, required=False, allow_null=True, help_text="Default: 24000, for G.711 8000."
    )
    speakable = serializers.BooleanField(
        required=False, allow_null=True, help_text="True: `input` is Markdown, whose marks are not to be spoken."
    )

    def to_call(self) -> AudioSpeechCall:
        data = self.validated_data
        codec = data["response_format"] or "mp3"
        request = SpeechRequest(
            text=speakable(data["input"]) if data.get("speakable") else data["input"],
            voice=data["voice"] or "",
            language=data.get("language") or "",
            speed=data.get("speed") or 1.0,
            sample_rate=data.get("sample_rate") or formats.get(codec).default_sample_rate,
            instructions=data.get("instructions") or "",
        )
        as_events = data["stream_format"] == "sse"
        return AudioSpeechCall(
            request,
            data["model"] or "",
            data.get("optimization_level") or "",
            codec,
            as_events,
        )
