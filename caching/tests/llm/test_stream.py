from __future__ import annotations

from typing import Any

from caching.llm.stream import joined, replay

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


def test_log_probabilities_have_the_fields_that_openais_types_require() -> None:
    [choice] = joined([{"choices": [{"index": 0, "delta": {}, "logprobs": {"content": []}}]}]).choices
    assert choice["logprobs"] == {"content": [], "refusal": None}


def test_a_choice_without_its_end_has_no_reason_why_it_ended() -> None:
    answer = joined([{"choices": [{"index": 0, "delta": {"content": "Par"}}]}])
    assert answer.choices[0]["finish_reason"] is None
