"""Provider interface: chat, speech, transcription and embeddings, with their request and result types."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any, ClassVar

from django.conf import settings

from speech.exceptions import ProviderNotConfigured, UnsupportedFeature
from speech.providers._shared.api_keys import keys_of, split_keys
from speech.providers._shared.presets import preset
from speech.providers._types import NOT_KEYED as NOT_KEYED
from speech.providers._types import ChatAnswer as ChatAnswer
from speech.providers._types import ChatRequest as ChatRequest
from speech.providers._types import EmbeddingRequest as EmbeddingRequest
from speech.providers._types import Embeddings as Embeddings
from speech.providers._types import Message as Message
from speech.providers._types import Speech as Speech
from speech.providers._types import SpeechRequest as SpeechRequest
from speech.providers._types import Transcript as Transcript
from speech.providers._types import TranscriptionRequest as TranscriptionRequest
from speech.providers._types import Voice as Voice
from speech.providers._types import Word as Word


class BaseProvider:
    """Subclasses are called `Provider`, list what they do in `does` and override the methods for it."""

    # Settings and their defaults: `API_KEY` in the file `acme.py` is read from the variable `ACME_API_KEY`.
    defaults: ClassVar[Mapping[str, str]] = {}
    # Settings that must have a value before a call can be made.
    required: ClassVar[tuple[str, ...]] = ()
    # Parameter values that mean the same as leaving the parameter out; they are dropped, also from the key. Sampling
    # parameters are none of them: servers and models have defaults of their own (Ollama's temperature is 0.8).
    chat_defaults: ClassVar[Mapping[str, Any]] = {
        "n": 1,
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
    # True if speech requests are sent in OpenAI's form, with the fields that we do not know.
    speaks_openai: ClassVar[bool] = False
    markup: ClassVar[Container[str]] = ()
    """The tags of SSML that it reads. Any other is taken out of a text before it is spoken."""
    retired_voices: ClassVar[Mapping[str, str]] = {}
    """Voices that the provider has withdrawn, in small letters, each with one that speaks for it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def setting(self, name: str) -> str:
        """Return the configured value, else the preset, else the default. Read at each use: tests override it."""
        if configured := settings.PROVIDERS.get(self.name, {}).get(name):
            return str(configured)
        return {**self.defaults, **preset(self.name)}[name]

    def variable(self, name: str) -> str:
        """Return the environment variable that sets `name`."""
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
        """Return the API key to use now: `API_KEY` may list several, separated by commas."""
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
        raises ProviderError; it never just ends. Write a generator: the call is timed, and its failure counted, while
        the chunks are read.
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

    def stream_transcript(self, request: TranscriptionRequest) -> Iterator[dict[str, Any] | Transcript]:
        """Yield OpenAI's events as they come, if the provider sends any, and last the transcript."""
        yield self.transcribe(request)

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
