"""Streams in the form that each provider documents, with the answer that they add up to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from caching.llm.stream import is_replayable, joined, replay

FOLDER = Path(__file__).parents[1] / "data" / "streams"
RECORDED = sorted(path.stem for path in FOLDER.glob("*.json"))
PROVIDERS = {
    "openai", "azure", "gemini", "mistral", "ollama", "vllm", "llama", "groq", "openrouter", "perplexity", "deepseek",
    "anthropic", "xai", "together", "minimax", "fireworks", "dashscope", "sglang",
}  # fmt: skip


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def test_every_provider_has_one() -> None:
    assert {name.partition("_")[0] for name in RECORDED} >= PROVIDERS


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_stream_is_stored_and_replayed_as_it_was_sent(name: str) -> None:
    record = recorded(name)
    answer = joined(record["chunks"])
    [choice] = answer.choices
    assert choice.pop("index") == 0
    assert choice.pop("message") == record["message"]
    assert choice.pop("finish_reason") == record["finish_reason"]
    assert choice == record["beside"]
    assert (answer.extra, answer.usage) == (record["extra"], record["usage"])
    assert record["documented"].startswith("https://")


@pytest.mark.parametrize("name", RECORDED)
def test_its_replay_says_the_same(name: str) -> None:
    answer = joined(recorded(name)["chunks"])
    chunks = list(replay(answer.choices, model=answer.model, usage=answer.usage, id="1", extra=answer.extra))
    assert joined(chunks) == answer
    assert is_replayable(answer)
