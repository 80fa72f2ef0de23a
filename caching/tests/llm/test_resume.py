from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caching.llm.entry import WholeAnswer
from caching.llm.resume import Different, rest_of

CALLS = [{"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": "{}"}}]


def chunks_of(*pieces: str) -> list[dict[str, Any]]:
    first = {"role": "assistant", "content": ""}
    return [{"choices": [{"index": 0, "delta": delta}]} for delta in (first, *({"content": p} for p in pieces))]


def text_of(chunks: list[dict[str, Any]]) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)


def given_out(text: str, **message: Any) -> WholeAnswer:
    return WholeAnswer([{"index": 0, "message": {"content": text, **message}}], "m", None)


@given(pieces=st.lists(st.text(max_size=5), max_size=8), number=st.integers(0, 40))
def test_the_rest_of_an_answer_is_what_had_not_been_given_out(pieces: list[str], number: int) -> None:
    text = "".join(pieces)
    chunks = chunks_of(*pieces)
    before = deepcopy(chunks)
    rest = list(rest_of(given_out(text[:number]), iter(chunks)))
    assert text_of(rest) == text[number:]
    assert rest and not any("role" in chunk["choices"][0]["delta"] for chunk in rest)
    assert chunks == before, "the leader's chunks are shared"


@pytest.mark.parametrize(
    "given", [given_out("It rained."), given_out("", reasoning="Hm."), given_out("", tool_calls=CALLS)]
)
def test_another_answer_is_never_joined_to_the_first_one(given: WholeAnswer) -> None:
    chunks = [*chunks_of("It is ", "sunny."), {"choices": [{"index": 0, "delta": {"reasoning": "Oh."}}]}]
    with pytest.raises(Different):
        list(rest_of(given, iter(chunks)))


def test_a_text_that_is_none_is_another_answer() -> None:
    with pytest.raises(Different):
        list(rest_of(given_out("It"), iter([{"choices": [{"index": 0, "delta": {"reasoning": 5}}]}])))
