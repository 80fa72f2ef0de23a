"""Types of requests to providers, and of their results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from caching.pricing.usage import Usage

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
    # Fields that OpenAI-compatible servers have beside OpenAI's, passed through. `NOT_KEYED` of them is not in the key.
    unknown: Mapping[str, Any] = field(default_factory=dict)
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
    # True: each segment with its speaker (OpenAI's `diarized_json`).
    speakers: bool = False
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

    @property
    def in_base64(self) -> bool:
        """True if the vectors are asked for in base64, and may as well come as numbers."""
        return self.is_plain and self.params.get("encoding_format") == "base64"


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
    # The provider's `usage` object, passed on unchanged where one input was embedded.
    usage: dict[str, Any] | None = None
