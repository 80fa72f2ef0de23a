"""Request and response bodies of `/api/…`, as OpenAPI shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from rest_framework import serializers

from caching.llm.request import text_of
from caching.models import MAX_COMMENT
from caching.policy import LEVELS, Level
from speech import providers
from speech.api.fields import (
    SAMPLE_RATES,
    ChoiceField,
    ChoicesField,
    MessagesField,
    NumberField,
    SpokenTextField,
    StrictSerializer,
    TextField,
    TruthField,
    WholeNumberField,
)
from speech.api.messages import validate_messages
from speech.audio import formats
from speech.exceptions import InvalidRequest
from speech.providers.base import ChatRequest, SpeechRequest
from speech.services import TurnOptions
from speech.text.markdown import speakable


@dataclass(frozen=True, slots=True)
class ChatCall:
    request: ChatRequest
    level: Level
    provider: str


@dataclass(frozen=True, slots=True)
class SpeechCall:
    request: SpeechRequest
    level: Level
    provider: str
    codec: str


@dataclass(frozen=True, slots=True)
class ConverseCall:
    chat: ChatRequest
    speech: SpeechRequest
    level: Level
    options: TurnOptions
    as_events: bool


@dataclass(frozen=True, slots=True)
class FeedbackCall:
    id: str
    correct: bool
    comment: str = ""


class LevelField(ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        help_text = "Cache policy: how old an answer may be, and how freely stored answers are reused."
        super().__init__(choices=LEVELS, required=False, help_text=help_text, **kwargs)

    def get_default(self) -> str:
        return settings.OPTIMIZATION_LEVEL


NOTHING_SAID = "…"
CONVERSE_CODECS = ("wav", "pcm", "mp3", "mulaw", "alaw", "wav_mulaw", "wav_alaw")


def one_conversation(attrs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return OpenAI's messages, from `messages` or from `query` and `system`."""
    if ("query" in attrs) == ("messages" in attrs):
        raise serializers.ValidationError({"query": "Send either `query` or `messages`."}, code="required")
    if "messages" in attrs and "system" in attrs:
        raise serializers.ValidationError({"system": "Add the instructions to `messages` instead."})
    system = [{"role": "system", "content": attrs["system"]}] if "system" in attrs else []
    if "query" in attrs:
        return validate_messages([*system, {"role": "user", "content": attrs["query"]}], from_field="query")
    return _with_a_question(validate_messages(attrs["messages"]))


def _with_a_question(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return `messages`, unless the last one is a user's and blank: here, unlike in OpenAI's API, that is a mistake."""
    last = messages[-1]
    if last["role"] == "user" and isinstance(last["content"], str) and not last["content"].strip():
        path = f"messages.{len(messages) - 1}.content"
        raise InvalidRequest(f"{path} must not be blank", param=path, code="blank")
    return messages


class ChatRequestSerializer(StrictSerializer):
    query = TextField(required=False, help_text="A single question. Send this or `messages`.")
    messages = MessagesField(required=False, help_text="A conversation in OpenAI's format.")
    system = TextField(required=False, help_text="Instructions for the model. Only with `query`.")
    optimization_level = LevelField()
    provider = ChoiceField(
        choices=providers.that_do("chat"), required=False, help_text="Default: the server's LLM_PROVIDER."
    )
    model = TextField(required=False, max_length=200)
    language = TextField(
        required=False, max_length=35, allow_blank=True, help_text="Language of the answer, as a BCP 47 tag."
    )
    temperature = NumberField(required=False, min_value=0, max_value=2)
    top_p = NumberField(required=False, min_value=0, max_value=1)
    max_tokens = WholeNumberField(required=False, min_value=1)
    seed = WholeNumberField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["messages"] = one_conversation(attrs)
        return attrs

    def to_call(self) -> ChatCall:
        data = self.validated_data
        request = ChatRequest(
            messages=data["messages"],
            model=data.get("model", ""),
            language=data.get("language", ""),
            params={name: data[name] for name in ("temperature", "top_p", "max_tokens", "seed") if name in data},
        )
        return ChatCall(request, data["optimization_level"], data.get("provider", ""))


class FeedbackRequestSerializer(StrictSerializer):
    id = TextField(
        max_length=200, help_text="The `id` of an answer from `/api` or `/v1`, or the `X-Receipt-ID` of a voice turn."
    )
    correct = TruthField(help_text="True if the answer was right for the question.")
    comment = TextField(
        required=False, max_length=MAX_COMMENT, help_text="Reason, shown to the operators of the server."
    )

    def to_call(self) -> FeedbackCall:
        return FeedbackCall(**self.validated_data)


class TimestampsField(ChoicesField):
    def __init__(self, **options: Any) -> None:
        text = '`["word"]`: also tell when each word is spoken, where the provider does. The answer is then JSON.'
        super().__init__(choices=("word",), help_text=text, **options)


class SpeechRequestSerializer(StrictSerializer):
    text = SpokenTextField()
    voice = TextField(required=False, max_length=200)
    provider = ChoiceField(
        choices=providers.that_do("speech"), required=False, help_text="Default: the server's TTS_PROVIDER."
    )
    codec = ChoiceField(choices=formats.names(), default="wav")
    model = TextField(required=False, max_length=200)
    language = TextField(
        required=False,
        max_length=35,
        allow_blank=True,
        help_text="BCP 47 tag. Default: detected from the script of the text.",
    )
    optimization_level = LevelField()
    speed = NumberField(required=False, min_value=0.25, max_value=4.0)
    pitch = NumberField(required=False, min_value=-1, max_value=1)
    sample_rate = ChoiceField(choices=SAMPLE_RATES, required=False)
    instructions = TextField(required=False, max_length=4096)
    timestamps = TimestampsField(required=False)
    speakable = TruthField(required=False, help_text="True: `text` is Markdown, whose marks are not to be spoken.")

    def to_call(self) -> SpeechCall:
        data = self.validated_data
        if data.get("speakable"):
            data["text"] = speakable(data["text"])
        options = ("text", "voice", "model", "language", "speed", "pitch", "sample_rate", "instructions", "timestamps")
        data.setdefault("sample_rate", formats.get(data["codec"]).default_sample_rate)
        request = SpeechRequest(**{name: data[name] for name in options if name in data})
        return SpeechCall(request, data["optimization_level"], data.get("provider", ""), data["codec"])


class ConverseRequestSerializer(StrictSerializer):
    query = TextField(required=False, help_text="The user's question. Send this or `messages`.")
    messages = MessagesField(required=False, help_text="A conversation in OpenAI's format.")
    system = TextField(required=False, help_text="Instructions for the model. Only with `query`.")
    optimization_level = LevelField()
    language = TextField(
        required=False, max_length=35, allow_blank=True, help_text="Language of the answer, as a BCP 47 tag."
    )
    llm_provider = ChoiceField(choices=providers.that_do("chat"), required=False)
    llm_model = TextField(required=False, max_length=200)
    stt_provider = ChoiceField(choices=providers.that_do("transcription"), required=False)
    stt_model = TextField(required=False, max_length=200)
    tts_provider = ChoiceField(choices=providers.that_do("speech"), required=False)
    tts_model = TextField(required=False, max_length=200)
    voice = TextField(required=False, max_length=200)
    codec = ChoiceField(choices=CONVERSE_CODECS, default="wav")
    sample_rate = ChoiceField(choices=SAMPLE_RATES, required=False)
    speed = NumberField(min_value=0.25, max_value=4.0, default=1.0)
    timestamps = TimestampsField(required=False)
    stream_format = ChoiceField(
        choices=("audio", "sse"), default="audio", help_text="`sse`: audio and times of words as server-sent events."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["messages"] = one_conversation(attrs)
        return attrs

    def to_call(self) -> ConverseCall:
        data = self.validated_data
        language = data.get("language", "")
        chat = ChatRequest(messages=data["messages"], model=data.get("llm_model", ""), language=language)
        speech = SpeechRequest(
            # The question stands for the answer until there is one.
            text=text_of(data["messages"][-1]).strip() or NOTHING_SAID,
            voice=data.get("voice", ""),
            model=data.get("tts_model", ""),
            language=language,
            speed=data["speed"],
            timestamps=data.get("timestamps", ()),
            sample_rate=data.get("sample_rate") or formats.get(data["codec"]).default_sample_rate,
        )
        chosen = ("llm_provider", "tts_provider", "stt_provider", "stt_model")
        options = TurnOptions(data["codec"], **{name: data[name] for name in chosen if name in data})
        return ConverseCall(chat, speech, data["optimization_level"], options, data["stream_format"] == "sse")


class CacheReceiptSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=("hit", "miss", "bypass"))
    match = serializers.CharField(allow_blank=True, help_text="`exact` or `semantic` for a hit, otherwise empty.")
    age = serializers.IntegerField(help_text="Age of the answer in seconds.")
    ttl = serializers.IntegerField(help_text="Seconds until the entry expires; 0 if not stored.")
    stored = serializers.BooleanField()
    key = serializers.CharField()


class CostSerializer(serializers.Serializer[Any]):
    usd = serializers.CharField(allow_null=True, help_text="Cost of this request; null if unknown.")
    saved_usd = serializers.CharField(allow_null=True, help_text="Savings from the cache, net of its own cost.")


class ChatResponseSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    provider = serializers.CharField()
    model = serializers.CharField()
    optimization_level = serializers.ChoiceField(choices=LEVELS)
    finish_reason = serializers.CharField()
    usage = serializers.JSONField(
        allow_null=True, help_text="Tokens billed by the provider when the answer was generated."
    )
    cost = CostSerializer(allow_null=True)
    cache = CacheReceiptSerializer(
        allow_null=True, help_text="Null, like `cost`, if the server hides cache details from this client."
    )


class FeedbackResponseSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    correct = serializers.BooleanField()
    removed = serializers.IntegerField(
        allow_null=True, help_text="Number of entries deleted; null if the server hides cache details from this client."
    )


class ErrorSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    type = serializers.CharField()
    param = serializers.CharField(allow_null=True, help_text="The invalid field, if any.")
    code = serializers.CharField(help_text="Stable, machine-readable code.")


class ErrorResponseSerializer(serializers.Serializer[Any]):
    error = ErrorSerializer()
