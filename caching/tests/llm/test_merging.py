from __future__ import annotations

from typing import Any

import pytest

from caching.llm.merging import Rule, Unassembled, joined_base64, merged


@pytest.mark.parametrize(
    ("name", "rule", "deltas", "value"),
    [
        ("reasoning_content", "text", ["ha", "ha"], "haha"),
        ("role", "fact", ["assistant", "", None, "assistant"], "assistant"),
        ("service_tier", "state", ["auto", "default"], "default"),
        ("closed", "fact", [False, True], True),
        ("audio", "audio", [{"id": "a"}, {"text": "ha"}, {"text": "ha"}], {"id": "a", "text": "haha"}),
        ("annotations", "fact", [[{"n": 1}], [{"n": 2}]], [{"n": 1}, {"n": 2}]),
        ("citations", "state", [["a"], ["a", "b"], ["a", "b"]], ["a", "b"]),
        ("token_ids", "state", [[5], [5], []], [5, 5]),
        (
            "images",
            "fact",
            [[{"index": 0, "url": "1"}], [{"index": 0, "url": "2"}]],
            [{"index": 0, "url": "1"}, {"index": 0, "url": "2"}],
        ),
        (
            "content",
            "text",
            [[{"type": "text", "text": "a"}], "b", [{"type": "text", "text": "c"}]],
            [{"type": "text", "text": "abc"}],
        ),
        ("content", "text", ["a", [{"type": "image"}]], [{"type": "text", "text": "a"}, {"type": "image"}]),
        (
            "thinking_blocks",
            "text",
            [
                [{"type": "thinking", "thinking": "a"}],
                [{"type": "thinking", "signature": "S"}],
                [{"type": "thinking", "thinking": "b"}],
            ],
            [{"type": "thinking", "thinking": "a", "signature": "S"}, {"type": "thinking", "thinking": "b"}],
        ),
        (
            "reasoning_details",
            "text",
            [[{"index": 0, "text": "a"}], [{"index": 1, "text": "b"}], [{"index": 0, "text": "c"}]],
            [{"index": 0, "text": "ac"}, {"index": 1, "text": "b"}],
        ),
    ],
)
def test_deltas_of_a_field_add_up(name: str, rule: Rule, deltas: list[Any], value: Any) -> None:
    found = None
    for delta in deltas:
        found = merged(name, found, delta, rule)
    assert found == value


@pytest.mark.parametrize("deltas", [["a", "b"], ["a", ["b"]], [{"x": "a"}, {"x": "b"}], [{"x": 1}, ["x"]]])
def test_a_fact_that_changes_is_not_understood(deltas: list[Any]) -> None:
    with pytest.raises(Unassembled):
        merged("x", merged("x", None, deltas[0], "fact"), deltas[1], "fact")


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (["AQID", "BA", "UG"], "AQIDBAUG"),
        (["AQI=", "AwQF"], "AQIDBAU="),
        (["AA==", "AA==", "AA=="], "AAAA"),
        (["AQI=", "", "A", "w=="], "AQID"),
    ],
    ids=["unpadded", "padded", "equal", "cut"],
)
def test_base64_in_pieces_is_joined(pieces: list[str], whole: str) -> None:
    assert joined_base64(pieces) == whole


def test_padded_pieces_that_are_no_base64_are_not_understood() -> None:
    with pytest.raises(Unassembled):
        joined_base64(["A=", "AQID"])
