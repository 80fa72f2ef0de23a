"""What a provider is: at most three things it does, and what goes in and out of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.conf import settings

from caching.pricing.usage import Usage
from speech.exceptions import ProviderNotConfigured, UnsupportedFeature
from speech.providers._shared.api_keys import keys_of, split_keys
from speech.providers._shared.presets import preset

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call to a language model. Every field is part of what the answer depends on, and so of the cache key."""

    messages: Sequence[Message]
    model: str = ""
    language: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    """OpenAI's names (`temperature`, `tools`, `response_format`, …), passed through as they came. Never `stream`."""


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """A complete answer, in OpenAI's terms."""

    choices: list[dict[str, Any]]
    """OpenAI's `choices`: `index`, `message`, `finish_reason`, and `logprobs` where asked for."""
    model: str
    usage: dict[str, Any] | None
    """OpenAI's `usage` object, passed on as it came; None if the provider does not send one."""

    @property
    def billed(self) -> Usage | None:
        """None: the provider does not say."""
        return Usage.from_tokens(self.usage)


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One text to be spoken. Every field but `text` is an option that changes the sound, and so part of the key."""

    text: str
    voice: str = ""
    model: str = ""
    language: str = ""
    speed: float = 1.0
    pitch: float = 0.0
    sample_rate: int = 24_000
    instructions: str = ""
    engine: str = ""
    """Name and version of an engine whose sound depends on its version; empty for hosted providers."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Signed 16-bit little-endian mono PCM as a stream, and at its end what it cost."""

    pcm: Iterator[bytes | Usage]
    """Chunks of any length (not always whole samples); the last item is the Usage billed, if the provider says it.
    Raises a ProviderError where the provider fails."""
    sample_rate: int


@dataclass(frozen=True, slots=True)
class Voice:
    id: str
    name: str
    languages: tuple[str, ...] = ()
    """BCP 47 tags; empty when the voice speaks any language that the model speaks."""


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """One recording to be written down. Every field but `kind`, which follows from `audio`, is part of the key."""

    audio: bytes
    """A sound file as it was uploaded."""
    kind: str
    """What the name of such a file ends with: `wav`, `mp3`, …"""
    model: str = ""
    language: str = ""
    prompt: str = ""
    temperature: float = 0.0
    timestamps: tuple[str, ...] = ()
    """What is to be timed: "segment", "word"."""


@dataclass(frozen=True, slots=True)
class Transcript:
    text: str
    language: str = ""
    seconds: float | None = None
    """How long the recording is, where the provider says it."""
    segments: list[dict[str, Any]] = field(default_factory=list)
    """OpenAI's: at least `start` and `end` in seconds, and `text`. Empty unless they were asked for."""
    words: list[dict[str, Any]] = field(default_factory=list)
    """OpenAI's: `start`, `end`, `word`."""
    billed: Usage | None = None
    """None: the provider does not say."""


class BaseProvider:
    """Subclasses are called `Provider`. They define what they can do and leave out what they cannot."""

    defaults: ClassVar[Mapping[str, str]] = {}
    """Configuration: `{"API_KEY": ""}` in the file `acme.py` is read from the variable `ACME_API_KEY`."""
    required: ClassVar[tuple[str, ...]] = ()
    """The names out of `defaults` without which no call can be made."""
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
    """What a parameter is where a request does not name it: naming it then changes nothing, the key included."""
    passes_models_on: ClassVar[bool] = True
    """Whether a model that the code does not know may be asked for; False for a provider that has just its own."""
    does: ClassVar[frozenset[str]] = frozenset()
    """Which of "chat", "speech" and "transcription" the provider does."""

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
        """Fill in what the request left open (model, …) and refuse what this provider cannot do.

        Raises InvalidRequest with `param` set. What is returned decides the cache key, so it must be complete.
        """
        raise UnsupportedFeature(f"{self.name} does not support chat", param="provider")

    def chat(self, request: ChatRequest) -> ChatAnswer:
        """Answer a prepared request. Raises ProviderError."""
        raise UnsupportedFeature(f"{self.name} does not support chat", param="provider")

    def stream_chat(self, request: ChatRequest) -> Iterator[dict[str, Any]]:
        """OpenAI `chat.completion.chunk` objects as they come; the last one with choices has a `finish_reason`.

        A usage chunk (empty `choices`) ends it wherever the provider can say its usage. A stream that breaks off
        raises ProviderError; it never just ends.
        """
        raise UnsupportedFeature(f"{self.name} does not support chat", param="provider")

    def prepare_speech(self, request: SpeechRequest) -> SpeechRequest:
        """Fill in voice, model, language and engine; refuse what cannot be spoken. Raises InvalidRequest.

        What is returned decides the cache key, so every option that changes the sound must be in it.
        """
        raise UnsupportedFeature(f"{self.name} does not support speech", param="provider")

    def speak(self, request: SpeechRequest) -> Speech:
        """Speak a prepared request of any length; the first bytes come as soon as the provider sends them."""
        raise UnsupportedFeature(f"{self.name} does not support speech", param="provider")

    def prepare_transcription(self, request: TranscriptionRequest) -> TranscriptionRequest:
        """Fill in model and language; refuse what this provider cannot do. Raises InvalidRequest."""
        raise UnsupportedFeature(f"{self.name} does not support transcription", param="provider")

    def transcribe(self, request: TranscriptionRequest) -> Transcript:
        """Write down a prepared request. Raises ProviderError."""
        raise UnsupportedFeature(f"{self.name} does not support transcription", param="provider")

    def models(self) -> list[str]:
        """Names that a client may put in `model`. Others are passed on too: models come and go faster than code."""
        return []

    def voices(self) -> list[Voice]:
        """The voices that are known without asking the provider."""
        return []
