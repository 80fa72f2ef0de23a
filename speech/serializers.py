"""The bodies of `/api/…`, in and out. They are also what the OpenAPI page shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from caching.levels import LEVELS
from speech import providers
from speech.audio import formats
from speech.fields import NumberField, StrictSerializer, TextField, WholeNumberField
from speech.messages import validate_messages
from speech.providers.base import ChatRequest, SpeechRequest


class LevelField(serializers.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        help_text = "How long the answer may be reused, and how freely."
        super().__init__(choices=LEVELS, required=False, help_text=help_text, **kwargs)

    def get_default(self) -> str:
        return settings.OPTIMIZATION_LEVEL


class ChatRequestSerializer(StrictSerializer):
    query = TextField(required=False, help_text="One question. Give this or `messages`.")
    messages = serializers.JSONField(required=False, help_text="A conversation in OpenAI's form.")
    system = TextField(required=False, help_text="Instructions for the model; only together with `query`.")
    optimization_level = LevelField()
    provider = serializers.ChoiceField(
        choices=providers.that_do("chat"), required=False, help_text="Default: the server's LLM_PROVIDER."
    )
    model = TextField(required=False, max_length=200)
    language = TextField(required=False, max_length=35, help_text="BCP 47 tag of the language to answer in.")
    temperature = NumberField(required=False, min_value=0, max_value=2)
    top_p = NumberField(required=False, min_value=0, max_value=1)
    max_tokens = WholeNumberField(required=False, min_value=1)
    seed = WholeNumberField(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        fields["query"].max_length = settings.MAX_TEXT_CHARACTERS
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("query" in attrs) == ("messages" in attrs):
            raise serializers.ValidationError({"query": "Give either `query` or `messages`."}, code="required")
        if "messages" in attrs and "system" in attrs:
            raise serializers.ValidationError({"system": "Put the instructions into `messages`."})
        attrs["messages"] = validate_messages(attrs.get("messages") or self._single_turn(attrs))
        return attrs

    def to_request(self) -> ChatRequest:
        data = self.validated_data
        return ChatRequest(
            messages=data["messages"],
            model=data.get("model", ""),
            language=data.get("language", ""),
            params={name: data[name] for name in ("temperature", "top_p", "max_tokens", "seed") if name in data},
        )

    def _single_turn(self, attrs: dict[str, Any]) -> list[dict[str, str]]:
        system = [{"role": "system", "content": attrs["system"]}] if "system" in attrs else []
        return [*system, {"role": "user", "content": attrs["query"]}]


class SpeechRequestSerializer(StrictSerializer):
    text = TextField()
    voice = TextField(required=False, max_length=200)
    provider = serializers.ChoiceField(
        choices=providers.that_do("speech"), required=False, help_text="Default: the server's TTS_PROVIDER."
    )
    codec = serializers.ChoiceField(choices=formats.names(), default="wav")
    model = TextField(required=False, max_length=200)
    language = TextField(required=False, max_length=35, help_text="BCP 47 tag; default: by the script of the text.")
    optimization_level = LevelField()
    speed = NumberField(required=False, min_value=0.25, max_value=4.0)
    pitch = NumberField(required=False, min_value=-1, max_value=1)
    sample_rate = serializers.ChoiceField(choices=(8000, 16000, 22050, 24000, 32000, 44100, 48000), required=False)
    instructions = TextField(required=False, max_length=4096)

    def validate_text(self, text: str) -> str:
        if len(text) > settings.MAX_TEXT_CHARACTERS:
            raise serializers.ValidationError(
                f"{len(text)} characters; at most {settings.MAX_TEXT_CHARACTERS} are allowed.", code="text_too_long"
            )
        return text

    def to_request(self) -> SpeechRequest:
        options = ("text", "voice", "model", "language", "speed", "pitch", "sample_rate", "instructions")
        return SpeechRequest(**{name: self.validated_data[name] for name in options if name in self.validated_data})


class CacheReceiptSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=("hit", "miss", "bypass"))
    match = serializers.CharField(allow_blank=True, help_text="`exact` or `semantic` on a hit, else empty.")
    age = serializers.IntegerField(help_text="Seconds since the answer was made.")
    ttl = serializers.IntegerField(help_text="Seconds that it stays stored; 0 when it is not.")
    stored = serializers.BooleanField()
    key = serializers.CharField()


class CostSerializer(serializers.Serializer[Any]):
    usd = serializers.CharField(allow_null=True, help_text="What this request cost; null where that is not known.")
    saved_usd = serializers.CharField(allow_null=True, help_text="What the cache saved, less what it spent itself.")


class ChatResponseSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    provider = serializers.CharField()
    model = serializers.CharField()
    optimization_level = serializers.ChoiceField(choices=LEVELS)
    finish_reason = serializers.CharField()
    usage = serializers.JSONField(allow_null=True, help_text="Tokens as the provider billed them when it was made.")
    cost = CostSerializer()
    cache = CacheReceiptSerializer()


class ErrorSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    type = serializers.CharField()
    param = serializers.CharField(allow_null=True, help_text="The field at fault, if it is one.")
    code = serializers.CharField(help_text="Stable; for programs.")


class ErrorResponseSerializer(serializers.Serializer[Any]):
    error = ErrorSerializer()
