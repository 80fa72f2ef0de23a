"""How large the events of a replay are, and what keeps them small."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from caching.llm.entry import WholeAnswer
from caching.llm.stream import is_replayable, joined, replay
from caching.tests.llm.test_stream import CALLS, choice

TOKENS = [{"token": word, "logprob": -0.1, "top_logprobs": [{"token": word}] * 5} for word in ["A", " b", "", "."]]


def test_each_token_comes_with_its_own_probabilities() -> None:
    said = choice({"content": "A b."}, logprobs={"content": TOKENS, "refusal": None, "x": 1})
    chunks = list(replay([said], model="m", usage=None, id="1"))
    parts = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0].get("logprobs")]
    assert [(part["delta"]["content"], part["logprobs"]["content"]) for part in parts] == [
        (token["token"], [token]) for token in TOKENS
    ]
    assert joined(chunks).choices == [said]


def test_a_character_in_several_tokens_comes_with_the_last() -> None:
    tokens = [{"token": "\\xf0\\x9f", "bytes": [240, 159]}, {"token": "\\x98\\x80", "bytes": [152, 128]}]
    said = choice({"content": "\U0001f600"}, logprobs={"content": tokens, "refusal": None})
    chunks = list(replay([said], model="m", usage=None, id="1"))
    parts = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0].get("logprobs")]
    assert [(part["delta"]["content"], part["logprobs"]["content"]) for part in parts] == [
        ("", tokens[:1]),
        ("\U0001f600", tokens[1:]),
    ]
    assert joined(chunks).choices == [said]


@pytest.mark.parametrize(
    "tokens",
    [
        [{"token": "A"}],
        [{"token": 1}],
        [{"token": "A", "bytes": [65]}],
        [{"bytes": [300]}],
        [{"bytes": 10**12}],
        [{"bytes": None}],
        ["A b"],
        [],
        5,
        None,
    ],
)
def test_a_text_that_is_not_that_of_its_tokens_stays_in_one_piece(tokens: Any) -> None:
    said = choice({"content": "A b"}, logprobs={"content": tokens})
    deltas = [chunk["choices"][0]["delta"] for chunk in replay([said], model="m", usage=None, id="1")]
    assert [delta["content"] for delta in deltas if delta.get("content")] == ["A b"]


PARTS = [{"token": f"\\x{one:x}", "bytes": [one], "top_logprobs": TOKENS} for one in "\U0001f600".encode()]
ONE_WORD = "\U0001f600" * 50_000
SOUND = base64.b64encode(bytes(range(256)) * 400).decode()
FILE = json.dumps({"path": "a.py", "text": "x = '\u092e'\n" * 20_000})


@pytest.mark.parametrize(
    "said",
    [
        choice({"content": ONE_WORD}),
        choice({"reasoning_content": " " * 50_000 + ONE_WORD + "\n" * 50_000, "content": "A"}),
        choice({"tool_calls": [{**CALLS[0], "function": {"name": "write", "arguments": FILE}}, CALLS[1]]}),
        choice({"tool_calls": [{**CALLS[1], "custom": {"name": "note", "input": ONE_WORD}}]}),
        choice({"audio": {"id": "a", "data": SOUND, "transcript": "A", "expires_at": 9}}),
        choice({"content": "A b." * 500}, logprobs={"content": TOKENS * 500, "refusal": None}),
        choice({"content": "\U0001f600" * 100}, logprobs={"content": PARTS * 100, "refusal": None}),
    ],
    ids=["word", "spaces", "arguments", "input", "sound", "logprobs", "logprobs of parts"],
)
def test_no_event_of_a_replay_is_larger_than_clients_read(said: dict[str, Any]) -> None:
    chunks = list(replay([said], model="m", usage=None, id="1"))
    assert max(len(json.dumps(chunk)) for chunk in chunks) < 60_000
    assert joined(chunks).choices == [said]
    assert is_replayable(WholeAnswer([said], "m", None))
