"""Names that clients of OpenAI send whatever stands behind the gateway."""

from __future__ import annotations

import re

# OpenAI's names for voices. Every provider has a voice of its own for each of them.
VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip

_DATE = r"(?:-\d{4}-\d{2}-\d{2}|-\d{4})?"
_MODELS = {
    "speech": re.compile(rf"(?:tts-1(?:-hd)?|gpt-4o-mini-tts){_DATE}"),
    "transcription": re.compile(rf"(?:whisper-1|gpt-4o(?:-mini)?-transcribe(?:-diarize)?){_DATE}"),
    "embedding": re.compile(r"text-embedding-(?:ada-002|3-small|3-large)"),
}

ROLES = ("system", "developer", "user", "assistant", "tool", "function")

# Of the providers here, those after which routers and model hubs name models (`google/gemma-3-27b-it`).
VENDORS = ("anthropic", "google", "openai")

# Of families of language models that applications name by default, whoever answers them.
_CHAT_MODEL = re.compile(r"(?:gpt|chatgpt|codex|o\d|claude|gemini|llama|mistral|deepseek|qwen|grok)[\w.:-]*")


def is_model(name: str, operation: str) -> bool:
    """Tell if `name` is a model of OpenAI's for this operation, by itself or with the date of a snapshot."""
    pattern = _MODELS.get(operation)
    return bool(pattern and pattern.fullmatch(name))


def is_chat_model(name: str) -> bool:
    """Tell if `name` is of a family of language models that applications name by default."""
    return bool(_CHAT_MODEL.fullmatch(name))


def own_model(name: str, operation: str) -> str:
    """Return `name`, or nothing for one that clients send by default: a provider that is not OpenAI uses its own."""
    sent_by_default = is_chat_model(name) if operation == "chat" else is_model(name, operation)
    return "" if sent_by_default else name
