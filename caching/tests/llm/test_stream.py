from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from caching.llm.entry import WholeAnswer
from caching.llm.merging import Unassembled
from caching.llm.stream import is_replayable, joined, replay

CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": '{"city": "Pune"}'}},
    {"id": "call_2", "type": "custom", "custom": {"name": "note", "input": "Hi"}},
    {"id": "call_3", "type": "function", "function": {"name": "stop", "arguments": ""}},
]
STRANGE_CALLS: list[Any] = [5, "call", {"id": "call_1"}, ["call"], [CALLS[0], None]]
LOGPROBS = {"content": [{"token": "A"}], "refusal": None}


def choice(message: Mapping[str, Any], finish_reason: Any = "stop", index: int = 0, **beside: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": None, **message}
    return {"index": index, "message": message, "finish_reason": finish_reason, **beside}


# Choices, and the deltas of their replay, each with the fields beside it.
REPLAYS: list[tuple[dict[str, Any], list[tuple[dict[str, Any], dict[str, Any]]]]] = [
    (
        choice({"content": "  Two words,\nthen. "}),
        [
            ({"role": "assistant", "content": ""}, {}),
            ({"content": "  Two "}, {}),
            ({"content": "words,\n"}, {}),
            ({"content": "then. "}, {}),
        ],
    ),
    (choice({"content": " \n"}), [({"role": "assistant", "content": ""}, {}), ({"content": " \n"}, {})]),
    (choice({"role": "tool", "content": ""}), [({"role": "tool", "content": ""}, {})]),
    (
        choice({"refusal": "Sorry", "reasoning": "B", "reasoning_content": "A", "content": "C", "annotations": []}),
        [
            ({"role": "assistant", "content": "", "annotations": []}, {}),
            ({"reasoning_content": "A"}, {}),
            ({"reasoning": "B"}, {}),
            ({"content": "C"}, {}),
            ({"refusal": "Sorry"}, {}),
        ],
    ),
    (
        choice({"content": "See", "annotations": [{"type": "url"}], "thinking_blocks": [{"type": "thinking"}]}),
        [
            ({"role": "assistant", "content": ""}, {}),
            ({"thinking_blocks": [{"type": "thinking"}]}, {}),
            ({"content": "See"}, {}),
            ({"annotations": [{"type": "url"}]}, {}),
        ],
    ),
    (
        choice({"reasoning": "A b", "content": "A b"}, logprobs=LOGPROBS),
        [
            ({"role": "assistant", "content": ""}, {}),
            ({"reasoning": "A "}, {}),
            ({"reasoning": "b"}, {}),
            ({"content": "A b"}, {"logprobs": LOGPROBS}),
        ],
    ),
    (
        choice({"refusal": "A b"}, logprobs=LOGPROBS),
        [({"role": "assistant", "content": None}, {}), ({"refusal": "A b"}, {"logprobs": LOGPROBS})],
    ),
    (
        choice({"tool_calls": CALLS}, "tool_calls"),
        [
            ({"role": "assistant", "content": None}, {}),
            ({"tool_calls": [{**CALLS[0], "index": 0, "function": {"name": "lookup", "arguments": ""}}]}, {}),
            ({"tool_calls": [{"index": 0, "function": {"arguments": '{"city": "Pune"}'}}]}, {}),
            ({"tool_calls": [{**CALLS[1], "index": 1, "custom": {"name": "note", "input": ""}}]}, {}),
            ({"tool_calls": [{"index": 1, "custom": {"input": "Hi"}}]}, {}),
            ({"tool_calls": [{**CALLS[2], "index": 2}]}, {}),
        ],
    ),
    (
        choice({"content": [{"type": "text", "text": "A"}], "refusal": ""}),
        [({"role": "assistant", "refusal": ""}, {}), ({"content": [{"type": "text", "text": "A"}]}, {})],
    ),
    (choice({"tool_calls": []}), [({"role": "assistant", "content": None, "tool_calls": []}, {})]),
    (
        choice({"tool_calls": [{"id": "x"}, {"custom": "odd"}]}),
        [
            ({"role": "assistant", "content": None}, {}),
            ({"tool_calls": [{"id": "x", "index": 0}]}, {}),
            ({"tool_calls": [{"custom": "odd", "index": 1}]}, {}),
        ],
    ),
    (choice({"role": None}), [({"role": "assistant", "content": None}, {})]),
]


@pytest.mark.parametrize(("said", "deltas"), REPLAYS)
def test_an_answer_is_replayed_word_by_word(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, Any], deltas: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.9)
    head = {"id": "one", "object": "chat.completion.chunk", "created": 1_800_000_000, "model": "m"}
    chunks = list(replay([{**said, "index": 3, "custom": 1}], model="m", usage=None, id="one"))
    parts = [{"index": 3, "delta": delta, "finish_reason": None, **beside} for delta, beside in deltas]
    last = {"index": 3, "delta": {}, "finish_reason": said["finish_reason"], "custom": 1}
    if "logprobs" in said and not any("logprobs" in beside for _, beside in deltas):
        last["logprobs"] = said["logprobs"]
    assert chunks == [{**head, "choices": [part]} for part in [*parts, last]]


def test_large_fields_of_an_answer_come_once_and_its_usage_last() -> None:
    choices = [choice({"content": "A"}), choice({"content": "B"}, index=1, message_of="x")]
    extra = {"citations": ["a"], "search": {"b": 1}, "system_fingerprint": "fp"}
    chunks = list(replay(choices, model="m", usage={"total_tokens": 3}, id="one", extra=extra))
    assert [chunk.get("citations") for chunk in chunks] == [["a"], *[None] * 6]
    assert [chunk.get("search") for chunk in chunks] == [{"b": 1}, *[None] * 6]
    assert {chunk["system_fingerprint"] for chunk in chunks} == {"fp"}
    assert [[part["index"] for part in chunk["choices"]] for chunk in chunks] == [[0]] * 3 + [[1]] * 3 + [[]]
    assert [chunk.get("usage") for chunk in chunks] == [*[None] * 6, {"total_tokens": 3}]
    assert all("usage" not in chunk for chunk in replay(choices, model="m", usage={}, id="one"))


def test_a_text_is_cut_as_the_caller_says() -> None:
    chunks = replay([choice({"content": "A b"})], model="m", usage=None, id="one", cut=list)
    texts = [chunk["choices"][0]["delta"].get("content") for chunk in chunks]
    assert texts == ["", "A", " ", "b", None]


def delta(fields: Any, **beside: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, **beside}]}


@pytest.mark.parametrize(
    ("chunks", "choices"),
    [
        ([delta({"content": "Par"})], [choice({"content": "Par"}, None)]),
        (
            [delta({"role": "tool", "content": ""}), delta({"content": "A"}, finish_reason="length"), delta({})],
            [choice({"role": "tool", "content": "A"}, "length")],
        ),
        ([{"choices": [{"delta": {"content": "A"}}]}], [choice({"content": "A"}, None)]),
        ([{"choices": [{"index": None, "delta": None, "finish_reason": "stop"}]}], [choice({})]),
        (
            [{"choices": [{"index": 2, "delta": {"content": "B"}}, {"index": 1, "delta": {"content": "A"}}]}],
            [choice({"content": "A"}, None, 1), choice({"content": "B"}, None, 2)],
        ),
        (
            [delta({"content": None}), delta({"content": "A"}), delta({"content": None})],
            [choice({"content": "A"}, None)],
        ),
        (
            [delta({"content": "A"}), delta({"content": [{"type": "text", "text": "B"}]})],
            [choice({"content": [{"type": "text", "text": "AB"}]}, None)],
        ),
        ([delta({"refusal": "A"}), delta({"refusal": "B"})], [choice({"refusal": "AB"}, None)]),
        ([delta({"id": "x"}), delta({"id": "x"})], [choice({"id": "x"}, None)]),
        ([delta({"index": 1}), delta({"index": 2})], [choice({"index": 2}, None)]),
        (
            [delta({"function_call": {"name": "f", "arguments": "{"}}), delta({"function_call": {"arguments": "}"}})],
            [choice({"function_call": {"name": "f", "arguments": "{}"}}, None)],
        ),
        (
            [delta({"function_call": {"name": "f", "arguments": "{}"}}), delta({"function_call": None})],
            [choice({"function_call": {"name": "f", "arguments": "{}"}}, None)],
        ),
        (
            [delta({"content": "", "tool_calls": [{**CALLS[0], "index": 0}]}), delta({"tool_calls": None})],
            [choice({"tool_calls": [CALLS[0]]}, None)],
        ),
        ([delta({"content": "", "tool_calls": []})], [choice({"content": "", "tool_calls": []}, None)]),
        ([delta({"content": "", "refusal": "No"})], [choice({"refusal": "No"}, None)]),
        ([delta({"content": "", "audio": {"id": "a"}})], [choice({"audio": {"id": "a"}}, None)]),
        # Silence is the same sound again.
        (
            [delta({"audio": {"id": "a", "data": "AAAA"}}), *[delta({"audio": {"data": "AAAA"}})] * 2],
            [choice({"audio": {"id": "a", "data": "AAAA" * 3}}, None)],
        ),
        (
            [delta({"content": "", "function_call": {"name": "f", "arguments": "{}"}})],
            [choice({"function_call": {"name": "f", "arguments": "{}"}}, None)],
        ),
        # Beside a delta: the last value counts, null only where there was none; a message so far is no part.
        (
            [delta({}, stop=None, at="a", message={"content": "x"}), delta({}, at="b"), delta({}, at=None)],
            [choice({}, None, stop=None, at="b")],
        ),
        # Together says the text of a delta beside it once more.
        ([delta({}, text="ha"), delta({}, text="ha"), delta({}, text="")], [choice({}, None, text="haha")]),
        (
            [{"choices": [], "type": "ping"}, delta({"content": "A"}), {"type": "ping"}],
            [choice({"content": "A"}, None)],
        ),
        (
            [
                delta({}, logprobs={"content": [{"token": "A"}], "n": 1}),
                delta({}, logprobs={"content": [{"token": "A"}]}),
            ],
            [choice({}, None, logprobs={"content": [{"token": "A"}] * 2, "refusal": None, "n": 1})],
        ),
        (
            [
                delta({}, logprobs={"content": None}),
                delta({}, logprobs={"content": [{"token": "A"}], "n": "a"}),
                delta({}, logprobs={"n": "b"}),
                delta({}, logprobs={"content": None}),
                delta({}, logprobs=None),
            ],
            [choice({}, None, logprobs={"content": [{"token": "A"}], "refusal": None, "n": "b"})],
        ),
        ([delta({}, logprobs={"content": []})], [choice({}, None, logprobs={"content": [], "refusal": None})]),
        ([delta({}, logprobs={})], [choice({}, None, logprobs={})]),
        (
            [delta({}, other={"a": [1]}), delta({}, other={"a": [1], "b": 2})],
            [choice({}, None, other={"a": [1, 1], "b": 2})],
        ),
        ([delta({}, finish_reason="stop"), delta({}, finish_reason="")], [choice({})]),
        ([{"choices": None}, {}], []),
    ],
)
def test_deltas_add_up(chunks: list[dict[str, Any]], choices: list[dict[str, Any]]) -> None:
    assert joined(chunks).choices == choices


def test_fields_beside_the_choices_are_those_of_the_answer() -> None:
    chunks: list[dict[str, Any]] = [
        {"id": "1", "object": "o", "created": 1, "obfuscation": "x", "model": "m", "usage": None, "citations": ["a"]},
        {"model": "n", "usage": {"total_tokens": 1}, "tier": "a", "citations": ["a", "b"], "seed": None},
        {"usage": {"total_tokens": 2}, "tier": "b"},
        {"usage": None, "tier": "b"},
    ]
    extra = {"citations": ["a", "b"], "tier": "b", "seed": None}
    assert joined(chunks) == WholeAnswer([], "m", {"total_tokens": 2}, extra)
    assert joined([{}]) == joined([]) == WholeAnswer([], "", None, {})


@pytest.mark.parametrize(
    "chunk",
    ["odd", None, {"choices": 5}, {"choices": ["odd"]}, delta("odd"), delta({"role": ["a"], "tool_calls": "b"})],
)
def test_a_chunk_of_another_form_cannot_be_joined(chunk: Any) -> None:
    with pytest.raises(Unassembled):
        joined([chunk])


def test_log_probabilities_that_are_numbers_are_those_of_their_chunk_alone() -> None:
    assert joined([delta({}, logprobs=-0.5)]).choices == [choice({}, None, logprobs=-0.5)]
    with pytest.raises(Unassembled):
        joined([delta({}, logprobs=-0.5), delta({}, logprobs=-0.25)])


@pytest.mark.parametrize(
    ("said", "replayable"),
    [
        *((said, True) for said, _ in REPLAYS[:-2]),
        *((said, False) for said, _ in REPLAYS[-2:]),
        (choice({"content": "", "tool_calls": [{**CALLS[0], "index": 0}]}), True),
        (choice({"content": "A"}, delta=None), True),
        (choice({"content": "A"}, logprobs={"content": [{"token": "A"}]}), True),
        (choice({"content": "A"}, logprobs=None), True),
        (choice({"tool_calls": [{"function": {"name": "", "arguments": "{}"}}]}), False),
        (choice({"content": "A", "role": None}), False),
        ({"index": 0, "finish_reason": "stop"}, False),
        ({"index": 0, "message": None, "finish_reason": "stop"}, False),
        *((choice({"content": "A", "tool_calls": calls}), False) for calls in STRANGE_CALLS),
        ({"index": 0, "message": {"content": "A"}, "finish_reason": "stop"}, False),
    ],
)
def test_an_answer_can_be_replayed_if_its_chunks_add_up_to_it(said: dict[str, Any], replayable: bool) -> None:
    assert is_replayable(WholeAnswer([said], "m", None)) is replayable


@pytest.mark.parametrize("calls", STRANGE_CALLS)
def test_calls_of_a_strange_form_are_replayed_as_they_are(calls: Any) -> None:
    said = choice({"content": "A", "tool_calls": calls})
    deltas = [chunk["choices"][0]["delta"] for chunk in replay([said], model="m", usage=None, id="1")]
    assert [delta["tool_calls"] for delta in deltas if "tool_calls" in delta] == [calls]


def test_an_answer_whose_fields_do_not_come_back_cannot_be_replayed() -> None:
    said = [choice({"content": "A"})]
    assert is_replayable(WholeAnswer(said, "m", None, {"citations": ["a"], "seed": None}))
    assert not is_replayable(WholeAnswer(said, "m", None, {"usage": 1}))


def test_what_is_taken_apart_adds_up_again() -> None:
    choices = [{**said, "index": index} for index, (said, _) in enumerate(REPLAYS[:-2])]
    answer = joined(replay(choices, model="m", usage={"total_tokens": 3}, id="one"))
    assert (answer.model, answer.usage) == ("m", {"total_tokens": 3})
    assert answer.choices == choices
