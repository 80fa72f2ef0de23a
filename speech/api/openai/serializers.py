"""OpenAI's request bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from caching.policy import LEVELS
from speech.api.fields import (
    SAMPLE_RATES,
    ChoiceField,
    MessagesField,
    NumberField,
    ScalarField,
    SpokenTextField,
    TextField,
    TolerantSerializer,
    TruthField,
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
    include_usage = TruthField(default=False, allow_null=True)


class ChatCompletionSerializer(TolerantSerializer):
    takes_nul = True
    takes_any_role = True

    model = TextField(required=False, max_length=200, allow_blank=True, default="")
    messages = MessagesField()
    stream = TruthField(default=False)
    stream_options = StreamOptionsSerializer(required=False)
    optimization_level = ChoiceField(choices=LEVELS, required=False)
    language = TextField(required=False, max_length=35)

    temperature = NumberField(required=False, min_value=0, max_value=2)
    top_p = NumberField(required=False, min_value=0, max_value=1)
    top_k = WholeNumberField(required=False)
    min_p = NumberField(required=False, min_value=0, max_value=1)
    presence_penalty = NumberField(required=False, min_value=-2, max_value=2)
    frequency_penalty = NumberField(required=False, min_value=-2, max_value=2)
    repetition_penalty = NumberField(required=False)
    max_tokens = WholeNumberField(required=False)
    max_completion_tokens = WholeNumberField(required=False)
    n = WholeNumberField(required=False, min_value=1, max_value=128)
    seed = WholeNumberField(required=False)
    # A number for some of Together's models.
    logprobs = ScalarField("boolean", "number", required=False)
    top_logprobs = WholeNumberField(required=False)
    # Pairs in a list for llama.cpp.
    logit_bias = serializers.JSONField(required=False)
    stop = serializers.JSONField(required=False)
    tools = serializers.ListField(child=serializers.DictField(), required=False)
    tool_choice = serializers.JSONField(required=False)
    parallel_tool_calls = TruthField(required=False)
    functions = serializers.ListField(child=serializers.DictField(), required=False)
    function_call = serializers.JSONField(required=False)
    response_format = serializers.DictField(required=False)
    # A number of tokens or a boolean for Fireworks.
    reasoning_effort = ScalarField("string", "number", "boolean", required=False)
    verbosity = TextField(required=False)
    modalities = serializers.ListField(child=TextField(), required=False)
    audio = serializers.DictField(required=False)
    prediction = serializers.DictField(required=False)
    web_search_options = serializers.DictField(required=False)

    def validate_messages(self, messages: Any) -> list[dict[str, Any]]:
        return validate_messages(messages, takes_any_role=self.takes_any_role)

    def to_call(self) -> CompletionCall:
        data = self.validated_data
        request = ChatRequest(
            messages=data["messages"],
            language=data.get("language", ""),
            params={name: value for name, value in data.items() if name not in NOT_PARAMS} | self.unknown_fields,
        )
        usage = bool(data.get("stream_options", {}).get("include_usage"))
        return CompletionCall(request, data["model"], data.get("optimization_level", ""), data["stream"], usage)


class AudioSpeechSerializer(TolerantSerializer):
    input = SpokenTextField()
    model = TextField(required=False, max_length=200, allow_blank=True, default="")
    voice = VoiceField(required=False, default="")
    instructions = TextField(required=False, allow_blank=True, max_length=4096)
    response_format = ChoiceField(choices=formats.names(), default="mp3")
    speed = NumberField(required=False, min_value=0.25, max_value=4.0)
    stream_format = ChoiceField(choices=("audio", "sse"), default="audio")
    optimization_level = ChoiceField(choices=LEVELS, required=False)
    language = TextField(required=False, max_length=35, allow_blank=True)
    sample_rate = ChoiceField(choices=SAMPLE_RATES, required=False, help_text="Default: 24000, for G.711 8000.")
    speakable = TruthField(required=False, help_text="True: `input` is Markdown, whose marks are not to be spoken.")

    def to_call(self) -> AudioSpeechCall:
        data = self.validated_data
        codec, language = data["response_format"], data.get("language", "")
        # A field of the gateway's own, and of some OpenAI-compatible servers (vLLM-Omni).
        passed_on = {"language": language} if language else {}
        request = SpeechRequest(
            text=speakable(data["input"]) if data.get("speakable") else data["input"],
            voice=data["voice"],
            language=language,
            speed=data.get("speed", 1.0),
            sample_rate=data.get("sample_rate") or formats.get(codec).default_sample_rate,
            instructions=data.get("instructions", ""),
            unknown={name: value for name, value in self.unknown_fields.items() if name != "stream"} | passed_on,
        )
        as_events = data["stream_format"] == "sse"
        return AudioSpeechCall(request, data["model"], data.get("optimization_level", ""), codec, as_events)
