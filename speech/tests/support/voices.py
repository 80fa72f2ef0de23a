"""The voices of OpenAI's API, as its reference lists them; every provider answers to these names."""

from __future__ import annotations

OPENAI_VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
