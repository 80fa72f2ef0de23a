from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caching.llm.entry import WholeAnswer
from caching.llm.stream import Different, joined, replay, rest_of

CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": '{"city": "Pune"}'}},
    {"id": "call_2", "type": "function", "function": {"name": "lookup", "arguments": "{}"}},
]
MESSAGES: list[dict[str, Any]] = [
    {"role": "assistant", "content": "  Two words,\nthen  more. "},
    {"role": "assistant", "content": "The answer.", "reasoning_content": "Let me think."},
    {"role": "assistant", "content": None, "refusal": "I cannot."},
    {"role": "assistant", "content": None, "tool_calls": CALLS},
    {"role": "assistant", "content": "See", "annotations": [{"type": "url_citation"}]},
]


def test_what_is_taken_apart_adds_up_again() -> None:
    choices = [{"index": index, "message": message, "finish_reason": "stop"} for index, message in enumerate(MESSAGES)]
    answer = joined(replay(choices, model="m", usage={"total_tokens": 3}, id="one"))
    assert (answer.model, answer.usage) == ("m", {"total_tokens": 3})
    assert [choice["finish_reason"] for choice in answer.choices] == ["stop"] * len(MESSAGES)
    for choice, message in zip(answer.choices, MESSAGES, strict=True):
        assert {name: value for name, value in choice["message"].items() if value} == {
            name: value for name, value in message.items() if value
        }


def test_tool_calls_are_joined_by_their_index() -> None:
    choices = [{"index": 0, "message": MESSAGES[3], "finish_reason": "tool_calls"}]
    assert joined(replay(choices, model="m", usage=None, id="one")).choices == choices


def test_a_choice_without_its_end_has_no_reason_why_it_ended() -> None:
    answer = joined([{"choices": [{"index": 0, "delta": {"content": "Par"}}]}])
    assert answer.choices[0]["finish_reason"] is None


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
