"""Provider interface: chat, speech, transcription and embeddings, with their request and result types."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.conf import settings

from caching.pricing.usage import Usage
from speech.exceptions import ProviderNotConfigured, UnsupportedFeature
from speech.providers._shared.api_keys import keys_of, split_keys
from speech.providers._shared.presets import preset

Message = Mapping[str, Any]

# Passed on and not part of a cache key: they identify, label or price a request, and do not change its answer.
NOT_KEYED = frozenset({"user", "safety_identifier", "metadata", "store", "prompt_cache_key", "service_tier"})


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call to a language model. Every field is part of the cache key, but for `NOT_KEYED` of the parameters."""

    messages: Sequence[Message]
    model: str = ""
    language: str = ""
    # OpenAI's parameters (`temperature`, `tools`, …) and those of other servers, passed through. Never `stream`.
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """A complete answer, in OpenAI's terms."""

    # OpenAI's `choices`: `index`, `message`, `finish_reason`, and `logprobs` if requested.
    choices: list[dict[str, Any]]
    model: str
    # OpenAI's `usage` object, passed on unchanged; None if the provider sends none.
    usage: dict[str, Any] | None
    # All other fields of the answer, passed on unchanged: `system_fingerprint`, `citations`, …
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def billed(self) -> Usage | None:
        """None: the provider does not say."""
        return Usage.from_tokens(self.usage)


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One text to speak. Every field changes the audio and is part of the cache key."""

    text: str
    voice: str = ""
    model: str = ""
    language: str = ""
    speed: float = 1.0
    pitch: float = 0.0
    sample_rate: int = 24_000
    instructions: str = ""
    # Timestamp granularities: "word". Empty where the provider has none.
    timestamps: tuple[str, ...] = ()
    # Name and version of a local engine, whose audio depends on its version; empty for hosted providers.
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was spoken, with its times in seconds from the beginning of the speech."""

    word: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Speech:
    """Signed 16-bit little-endian mono PCM as a stream that ends with the units billed."""

    # Chunks of any length (not always whole samples); the last item is the Usage billed, if the provider says it.
    # Words come anywhere, in order, if the request asks for them. Raises a ProviderError where the provider fails.
    pcm: Iterator[bytes | Word | Usage]
    sample_rate: int


@dataclass(frozen=True, slots=True)
class Voice:
    id: str
    name: str
    # BCP 47 tags; empty if the voice speaks every language of its model.
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """One recording to transcribe. Every field but `kind`, which follows from `audio`, is part of the cache key."""

    # The uploaded audio file.
    audio: bytes
    # File name extension: `wav`, `mp3`, …
    kind: str
    model: str = ""
    language: str = ""
    prompt: str = ""
    mode: str = ""
    """The task, in Sarvam's words: `translate` (into English), `verbatim`, `translit`, `codemix`; empty: transcribe."""
    temperature: float = 0.0
    # Timestamp granularities: "segment", "word".
    timestamps: tuple[str, ...] = ()
    # Form fields that the gateway does not know, for OpenAI-compatible servers.
    unknown: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    text: str
    language: str = ""
    # Duration of the recording, if the provider reports it.
    seconds: float | None = None
    # OpenAI's segments: at least `start` and `end` in seconds, and `text`. Empty unless requested.
    segments: list[dict[str, Any]] = field(default_factory=list)
    # OpenAI's words: `start`, `end`, `word`.
    words: list[dict[str, Any]] = field(default_factory=list)
    # None if the provider does not report it.
    billed: Usage | None = None
    # All other fields of an OpenAI-compatible answer: `usage`, `logprobs`, …
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """Inputs to embed with one model."""

    # Each a text, a list of tokens, or an object that the provider knows (an image …).
    inputs: Sequence[Any]
    model: str = ""
    # `dimensions`, `encoding_format` and fields of the provider's own, passed on.
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """True if every input is embedded by itself, into numbers of 32 bits.

        A field that is not known may tie the inputs together (Jina's `late_chunking`) or ask for other numbers
        (`output_dtype`).
        """
        return self.params.keys() <= PLAIN_FIELDS and self.params.get("encoding_format") in (None, "float", "base64")


# Of OpenAI, Cohere and NVIDIA, Jina, Gemini, text-embeddings-inference and vLLM, as documented in November 2026.
PLAIN_FIELDS = frozenset(
    {
        *("dimensions", "encoding_format", "input_type", "task", "task_type", "truncate", "truncation", "normalize"),
        *("normalized", "prompt_name", "output_dimension", "truncate_prompt_tokens"),
        *NOT_KEYED,
    }
)


@dataclass(frozen=True, slots=True)
class Embeddings:
    # One object for each input, in their order: `embedding` (numbers, or base64) and the provider's own fields.
    items: list[dict[str, Any]]
    model: str
    # None if the provider does not report it.
    billed: Usage | None


class BaseProvider:
    """Subclasses are called `Provider`, list what they do in `does` and override the methods for it."""

    # Settings and their defaults: `API_KEY` in the file `acme.py` is read from the variable `ACME_API_KEY`.
    defaults: ClassVar[Mapping[str, str]] = {}
    # Settings that must have a value before a call can be made.
    required: ClassVar[tuple[str, ...]] = ()
    # Parameter values that mean the same as leaving the parameter out; they are dropped, also from the key.
    chat_defaults: ClassVar[Mapping[str, Any]] = {
        "n": 1,
        "temperature": 1,
        "top_p": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "logprobs": False,
        "response_format": {"type": "text"},
        "stop": [],
        "tools": [],
        "logit_bias": {},
    }
    # False if the provider has a fixed set of models: unknown names are then not passed on.
    passes_models_on: ClassVar[bool] = True
    # False if voices can also be those of an account, which only the provider knows.
    voices_are_known: ClassVar[bool] = True
    # Supported operations, out of "chat", "speech", "transcription" and "embedding".
    does: ClassVar[frozenset[str]] = frozenset()

    # True if it tells when each word is spoken.
    times_words: ClassVar[bool] = False
    markup: ClassVar[Container[str]] = ()
    """The tags of SSML that it reads. Any other is taken out of a text before it is spoken."""
    retired_voices: ClassVar[Mapping[str, str]] = {}
    """Voices that the provider has withdrawn, in small letters, each with one that speaks for it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def setting(self, name: str) -> str:
        """Return the configured value, else the preset, else the default. Read at each use: tests override it."""
        value: str = settings.PROVIDERS.get(self.name, {}).get(name) or {**self.defaults, **preset(self.name)}[name]
        return value

    def variable(self, name: str) -> str:
        """The environment variable that sets `name`."""
        return f"{self.name.upper().replace('-', '_')}_{name}"

    @property
    def service(self) -> str:
        """The address that answers, part of every cache key; empty for an adapter's own address."""
        base_url = self.setting("BASE_URL") if "BASE_URL" in self.defaults else ""
        return "" if base_url == self.defaults.get("BASE_URL") else base_url

    @property
    def service_option(self) -> dict[str, str]:
        """`service` as an option of a cache key."""
        return {"service": self.service} if self.service else {}

    def api_key(self) -> str:
        """The API key to use now: `API_KEY` may list several, separated by commas."""
        return keys_of(self.name).next_of(split_keys(self.setting("API_KEY")))

    @property
    def missing_settings(self) -> list[str]:
        """The environment variables that must be set before this provider can be called."""
        return [self.variable(key) for key in self.required if not self.setting(key)]

    def ensure_configured(self) -> None:
        if missing := self.missing_settings:
            raise ProviderNotConfigured(f"{self.name} is not configured: set {', '.join(missing)}", param="provider")

    def prepare_chat(self, request: ChatRequest) -> ChatRequest:
        """Fill in defaults (model, …) and refuse unsupported parameters.

        Raises InvalidRequest with `param` set. The result decides the cache key, so it must be complete.
        """
        raise UnsupportedFeature(f"{self.name} does not support chat", param="provider")

    def chat(self, request: ChatRequest) -> ChatAnswer:
        """Answer a prepared request. Raises ProviderError."""
        raise UnsupportedFeature(f"{self.name} does not support chat", param="provider")

    def stream_chat(self, request: ChatRequest) -> Iterator[dict[str, Any]]:
        """Yield OpenAI `chat.completion.chunk` objects as they come; the last one with choices has a `finish_reason`.

        A usage chunk (empty `choices`) comes last if the provider reports usage. A stream that breaks off
        raises ProviderError; it never just ends.
        """
        raise UnsupportedFeature(f"{self.name} does not support chat", param="provider")

    @property
    def responds(self) -> bool:
        """True if the provider has OpenAI's Responses API."""
        return False

    def respond(self, request: ChatRequest) -> ChatAnswer:
        """Answer a Responses request, whose body is the parameter `response`. Raises ProviderError.

        The message of the only choice has the whole response in a field of the same name.
        """
        raise UnsupportedFeature(f"{self.name} has no Responses API", param="provider")

    def stream_response(self, request: ChatRequest) -> Iterator[dict[str, Any]]:
        """Yield the events of a response; the last one holds all of it. Raises ProviderError where it breaks off."""
        raise UnsupportedFeature(f"{self.name} has no Responses API", param="provider")

    def prepare_speech(self, request: SpeechRequest) -> SpeechRequest:
        """Fill in voice, model, language and engine; refuse unsupported options. Raises InvalidRequest.

        The result decides the cache key, so every option that changes the audio must be in it.
        """
        raise UnsupportedFeature(f"{self.name} does not support speech", param="provider")

    def speak(self, request: SpeechRequest) -> Speech:
        """Speak a prepared request of any length, streaming audio as the provider sends it."""
        raise UnsupportedFeature(f"{self.name} does not support speech", param="provider")

    def prepare_transcription(self, request: TranscriptionRequest) -> TranscriptionRequest:
        """Fill in model and language; refuse unsupported options. Raises InvalidRequest."""
        raise UnsupportedFeature(f"{self.name} does not support transcription", param="provider")

    def transcribe(self, request: TranscriptionRequest) -> Transcript:
        """Transcribe a prepared request. Raises ProviderError."""
        raise UnsupportedFeature(f"{self.name} does not support transcription", param="provider")

    def prepare_embedding(self, request: EmbeddingRequest) -> EmbeddingRequest:
        """Fill in the model; refuse unsupported options. Raises InvalidRequest."""
        raise UnsupportedFeature(f"{self.name} does not support embeddings", param="provider")

    def embed(self, request: EmbeddingRequest) -> Embeddings:
        """Embed the inputs of a prepared request. Raises ProviderError."""
        raise UnsupportedFeature(f"{self.name} does not support embeddings", param="provider")

    def models(self) -> list[str]:
        """Return known model names. Others are passed on too: models come and go faster than code."""
        return []

    def voices(self) -> list[Voice]:
        """Return the voices known without a call to the provider."""
        return []
