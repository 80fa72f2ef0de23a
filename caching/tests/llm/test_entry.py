from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from caching import keys
from caching.llm.entry import (
    WholeAnswer,
    from_value,
    has_whole_json,
    is_cacheable,
    is_plain,
    spoken_by,
    to_value,
)
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.tests.support.asking import QUESTION, TOOL_CALLS, spoken

USAGE = {"prompt_tokens": 3, "completion_tokens": 4}
SUNNY = {"index": 0, "message": {"role": "assistant", "content": "Sunny."}, "finish_reason": "stop"}


def choice(message: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """`SUNNY` with other fields; None leaves a field of the message out."""
    parts = {**SUNNY["message"], **(message or {})}  # type: ignore[dict-item]
    return {**SUNNY, "message": {name: value for name, value in parts.items() if value is not None}, **fields}


def answer(*choices: dict[str, Any], **extra: Any) -> WholeAnswer:
    return WholeAnswer(list(choices), "model-1", USAGE, extra)


PLAIN = {
    "v": 2,
    "key": keys.self_check(QUESTION.key),
    "digests": keys.packed(QUESTION.content, QUESTION.context),
    "ttl": 600,
    "level": "speed",
    "by": "tester",
    "question": "What is the weather?",
    "provider": "demo",
    "answer": "Sunny.",
    "model": "model-1",
    "usage": USAGE,
}
EMPTY: dict[str, Any] = {"refusal": None, "annotations": []}
TOOLS = {"content": "", "tool_calls": TOOL_CALLS}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (answer(SUNNY), PLAIN),
        (answer(choice({"annotations": []})), {**PLAIN, "empty": {"annotations": []}}),
        (answer(choice(logprobs=None)), PLAIN),
        (answer(SUNNY, citations=["a"]), {**PLAIN, "extra": {"citations": ["a"]}}),
        (answer(choice(TOOLS)), {**PLAIN, "answer": "", "choices": [choice(TOOLS)]}),
    ],
)
def test_an_answer_of_one_text_is_stored_as_that_text(given: WholeAnswer, stored: dict[str, Any]) -> None:
    value = to_value(QUESTION, given, Policy("speed"))
    del value["created"]
    assert value == stored


def test_the_empty_fields_of_a_message_are_kept_beside_its_text() -> None:
    given = answer({**SUNNY, "message": {**SUNNY["message"], **EMPTY}})  # type: ignore[dict-item]
    value = to_value(QUESTION, given, Policy())
    assert value["empty"] == EMPTY and "choices" not in value
    found = from_value(QUESTION.key, value, Policy())
    assert found and found.value == given


def test_the_context_is_stored_only_with_what_is_asked_in_text() -> None:
    stored = keys.unpacked(to_value(QUESTION, answer(SUNNY), Policy()))
    assert (stored["content"], stored["context"]) == (QUESTION.content, QUESTION.context)
    asked_for_two = replace(QUESTION, params={"n": 2})
    stored = keys.unpacked(to_value(asked_for_two, answer(SUNNY), Policy()))
    assert stored["content"] == asked_for_two.content and "context" not in stored


@pytest.mark.parametrize(
    "given",
    [answer(SUNNY), answer(SUNNY, citations=["a"]), answer(choice(TOOLS)), answer(SUNNY, choice(index=1))],
)
def test_what_was_stored_comes_back(given: WholeAnswer) -> None:
    found = from_value(QUESTION.key, to_value(QUESTION, given, Policy("quality")), Policy())
    assert found and (found.value, found.usage) == (given, Usage(input_tokens=3, output_tokens=4))
    # An answer that may be an hour old at `quality` may be half as old at `balanced`.
    assert (found.ttl, found.level) == (1800, "quality")


@pytest.mark.parametrize(
    ("choices", "plain"),
    [
        ([SUNNY], True),
        ([choice(EMPTY)], True),
        ([choice({"role": None})], True),
        ([choice(logprobs=None)], True),
        ([choice(index=3)], True),
        ([choice({"content": ""})], True),
        ([SUNNY, SUNNY], False),
        ([choice({"role": "tool"})], False),
        ([choice({"reasoning": "Hm."})], False),
        ([choice({"content": [{"type": "text", "text": "Sunny."}]})], False),
        ([choice({"content": None})], False),
        ([choice(finish_reason="length")], False),
        ([choice(logprobs={"content": []})], False),
    ],
)
def test_a_plain_answer_is_one_text_that_ended_by_itself(choices: list[dict[str, Any]], plain: bool) -> None:
    assert is_plain(choices) is plain


@pytest.mark.parametrize(
    ("choices", "cacheable"),
    [
        ([], False),
        ([SUNNY], True),
        ([SUNNY, choice(finish_reason="length")], False),
        ([choice({"content": " \n"})], False),
        ([{"index": 0, "finish_reason": "stop"}], False),
        ([{"index": 0, "message": SUNNY["message"]}], False),
        *(
            ([choice({"content": "", name: ["x"]})], True)
            for name in ("tool_calls", "function_call", "audio", "images")
        ),
        ([choice({"content": "", "refusal": "I cannot."})], False),
        ([choice({"refusal": "I cannot."})], False),
        ([choice({"tool_calls": ["x"]}, finish_reason="tool_calls")], True),
        ([choice({"tool_calls": []}, finish_reason="tool_calls")], False),
        ([choice({"tool_calls": ["x"]}, finish_reason="function_call")], False),
        ([choice({"function_call": {"name": "x"}}, finish_reason="function_call")], True),
        ([choice({"function_call": {"name": "x"}}, finish_reason="tool_calls")], False),
        ([choice({"tool_calls": ["x"]}, finish_reason="length")], False),
        # A custom tool takes free text.
        ([choice({"tool_calls": [{"type": "custom", "custom": {"name": "f", "input": "5"}}]})], True),
        # Calls that nobody can run
        *(
            ([choice({"tool_calls": [{"type": "function", "function": {"name": "f", "arguments": text}}]})], whole)
            for text, whole in (
                ("", True),
                (None, True),
                ("{}", True),
                ({"a": 1}, True),
                ('{"a"', False),
                ("{}{}", False),
                *((text, False) for text in ("5", "null", "NaN", "[]", '"{}"', "true")),
            )
        ),
        ([choice({"function_call": {"name": "x", "arguments": '{"a": '}}, finish_reason="function_call")], False),
        ([choice({"tool_calls": [{"type": "custom", "custom": {"name": "f", "input": "{"}}]})], True),
    ],
)
def test_only_a_whole_answer_is_stored(choices: list[dict[str, Any]], cacheable: bool) -> None:
    assert is_cacheable(answer(*choices)) is cacheable


@pytest.mark.parametrize("word", ["stop", "eos", "eos_token", "stop_sequence", "end_turn", "end"])
def test_an_answer_that_ended_by_itself_is_stored_with_the_word_of_its_server(word: str) -> None:
    ended = answer(choice(finish_reason=word))
    assert is_cacheable(ended)
    found = from_value(QUESTION.key, to_value(QUESTION, ended, Policy()), Policy())
    assert found and found.value == ended


JSON_ASKED: list[dict[str, Any]] = [
    {"type": "json_object"},
    {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
]


@pytest.mark.parametrize("form", JSON_ASKED)
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"a": 1}', True),
        ("[1, 2] ", True),
        ("3", True),
        ('"see [x]"', True),
        ('```json\n{"a": {"b": [1]}}\n```', True),
        ('```\n{"a": 1}\n``` of {all}', True),
        ('<think>One {or} two.</think>\n{"a": 1}', True),
        ("", True),
        # The server knows no such format, or the model refuses.
        ("Here you are: a is 1.", True),
        ('{"a": 1', False),
        ('{"a": {"b": 1}, "c": ', False),
        ('[{"a": 1}, {"a', False),
        ('```json\n{"a": "b', False),
        ('<think>{}</think>{"a": ', False),
        ("[" * 100_000, False),
    ],
)
def test_json_that_breaks_off_is_not_kept(form: dict[str, Any], text: str, kept: bool) -> None:
    assert has_whole_json(answer(choice({"content": text})), {"response_format": form}) is kept
    both = answer(choice({"content": "{}"}), choice({"content": text}, index=1))
    assert has_whole_json(both, {"response_format": form}) is kept


@pytest.mark.parametrize("params", [{}, {"response_format": {"type": "text"}}, {"response_format": "json"}, {"n": 2}])
def test_an_answer_that_was_to_be_no_json_has_any_form(params: dict[str, Any]) -> None:
    assert has_whole_json(answer(choice({"content": "{"})), params)


def test_an_answer_that_holds_a_container_is_not_stored() -> None:
    assert not is_cacheable(answer(SUNNY, container={"id": "container_1", "expires_at": "2026-12-01T00:00:00Z"}))


def test_a_refusal_is_a_whole_answer_where_refusals_are_stored(settings: Any) -> None:
    settings.CACHE_REFUSALS = True
    assert is_cacheable(answer(choice({"content": "", "refusal": "I cannot."}))) is True


def test_what_is_said_is_the_text_of_every_choice() -> None:
    assert spoken_by(answer(SUNNY, choice({"content": "Warm."}))) == "Sunny.\nWarm."
    assert spoken_by(spoken(None)) == ""
