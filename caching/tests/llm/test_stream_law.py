"""The law of `joined` and `replay`: a stream, its stored answer and the replay of that say the same."""

from __future__ import annotations

import contextlib
from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from caching.llm.entry import WholeAnswer
from caching.llm.merging import Unassembled
from caching.llm.stream import is_replayable, joined, replay
from caching.tests.support import streams

SEEDS = st.integers(0, 2**64)


def again(answer: WholeAnswer) -> WholeAnswer:
    return joined(replay(answer.choices, model=answer.model, usage=answer.usage, id="1", extra=answer.extra))


@settings(max_examples=500, deadline=None)
@given(SEEDS)
def test_what_was_streamed_is_what_is_stored_and_what_is_replayed(seed: int) -> None:
    random = Random(seed)
    said, extra = streams.choices(random), streams.other_fields(random)
    chunks = [{**chunk, **extra} for chunk in streams.stream_of(random, said)]
    before = deepcopy(chunks)
    answer = joined(chunks)
    assert answer.choices == [without_empty_content(choice) for choice in said]
    assert answer.extra == extra
    assert again(answer) == answer
    assert chunks == before, "the chunks are shared with followers"


def without_empty_content(choice: dict[str, Any]) -> dict[str, Any]:
    message = choice["message"]
    if message["content"] == "" and any(map(message.get, ("tool_calls", "function_call", "refusal", "audio"))):
        return {**choice, "message": {**message, "content": None}}
    return choice


@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_a_whole_answer_replayed_assembles_to_itself(seed: int) -> None:
    random = Random(seed)
    said, extra = streams.choices(random), streams.other_fields(random)
    answer = WholeAnswer(said, "m", {"total_tokens": 3}, extra)
    assert again(answer) == WholeAnswer([without_empty_content(choice) for choice in said], "m", answer.usage, extra)
    assert is_replayable(answer)


ODD = st.recursive(
    st.sampled_from([None, True, 0, 1, "", "a", "assistant"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["index", "type", "text", "id", "function", "name", "arguments"]), inner)
    ),
    max_leaves=5,
)
FIELDS = ("role", "content", "tool_calls", "function_call", "audio", "thinking_blocks", "x")
PART = st.fixed_dictionaries(
    {"delta": st.dictionaries(st.sampled_from(FIELDS), ODD) | ODD},
    optional={"index": ODD, "finish_reason": ODD, "logprobs": ODD, "x": ODD},
)


@given(st.lists(st.fixed_dictionaries({"choices": st.lists(PART, max_size=2)}, optional={"x": ODD}), max_size=4))
def test_odd_chunks_are_refused_or_replayed(chunks: list[dict[str, Any]]) -> None:
    before = deepcopy(chunks)
    with contextlib.suppress(Unassembled):
        is_replayable(joined(chunks))
    assert chunks == before
