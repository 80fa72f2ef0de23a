"""Reported pairs of different questions, asked over HTTP: none is answered with the other's answer."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import caching.tests
from caching.semantic.cache import forget_tier
from caching.tests.support.paraphrases import wait_for_the_index

REPORTED = Path(caching.tests.__file__).parent / "data" / "reported_near_misses.jsonl"
PAIRS = [json.loads(line) for line in REPORTED.read_text(encoding="utf-8").splitlines()]

_ABOUT = ("billing", "parcels", "invoices", "harbours", "museums")
_NAMES = ("Ola", "Mira", "Ravi", "Anna")
CONTEXTS = [
    template.format(about=about, name=name)
    for template, (about, name) in zip(
        [
            "Answer from this context only.\n\nContext: {name} opened the office of {about} in 1931.\n\nQuestion: ",
            "{name} works on {about} in Oslo. The office there closes at six in the evening. ",
            'Extract the date from "{name} wrote to {about} on the 3rd of May": ',
            "Label the ticket about {about} as urgent or not: {name} says: ",
            "Translate what {name} said about {about} into French: ",
            "Rewrite in the words of {name} of the {about} desk: ",
        ]
        * 4,
        list(product(_ABOUT, _NAMES)),
        strict=False,
    )
]
QUESTIONS = [
    "When was the roof repaired?", "What does entry cost?", "Who leads it now?", "Who led it before?",
    "How many people work there?", "Is it open on Sunday?", "Was it open on Sunday?", "Where is the entrance?",
    "Can I come with a dog?", "Must I come with a dog?",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh_tier(redis_client: Any) -> None:
    forget_tier()


def ask(api: Any, scope: str, text: str, level: str) -> str:
    """Each pair in a scope of its own."""
    messages = [{"role": "system", "content": scope}, {"role": "user", "content": text}]
    response = api.post("/api/chat/", {"messages": messages, "optimization_level": level}, format="json")
    assert response.status_code == 200
    return str(response.headers["X-Cache"])


@pytest.mark.parametrize("level", ["quality", "balanced", "speed"])
def test_no_reported_near_miss_is_a_hit(api: Any, level: str) -> None:
    for at, pair in enumerate(PAIRS):
        assert ask(api, str(at), pair["a"], level) != "HIT"
    wait_for_the_index()
    served = [pair for at, pair in enumerate(PAIRS) if ask(api, str(at), pair["b"], level) == "HIT"]
    assert served == []


def test_no_question_behind_a_context_is_a_hit(api: Any) -> None:
    prompts = [f"{context}{question}" for context in CONTEXTS for question in QUESTIONS]
    assert len(set(prompts)) == 200
    for prompt in prompts:
        assert ask(api, "", prompt, "speed") != "HIT"
    wait_for_the_index()
    assert ask(api, "", prompts[0], "speed") == "HIT", "what is equal still is"
    assert ask(api, "", "Who leads it now?", "speed") != "HIT"
