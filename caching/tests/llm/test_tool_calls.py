"""Tool calls in deltas, in the forms that users of other gateways and clients have reported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caching.llm.merging import Unassembled
from caching.llm.tool_calls import ToolCalls

Part = dict[str, Any]


def part(index: int | str | None = 0, id: str | None = None, name: str | None = None, arguments: Any = "") -> Part:
    function = {"arguments": arguments, **({} if name is None else {"name": name})}
    return {"function": function, **({} if index is None else {"index": index}), **({} if id is None else {"id": id})}


def joined(*deltas: list[Part]) -> list[tuple[str | None, str, str]]:
    calls = ToolCalls()
    for delta in deltas:
        calls.add(delta)
    return [(call.get("id"), call["function"]["name"], call["function"]["arguments"]) for call in calls.finished()]


OSLO = '{"city": "Oslo"}'
ONE = [("a", "weather", OSLO)]
TWO = [("a", "weather", OSLO), ("b", "time", "{}")]


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [
        # OpenAI
        ([[part(0, "a", "weather")], [part(0, arguments='{"city": ')], [part(0, arguments='"Oslo"}')]], ONE),
        ([[part(1, "b", "time", "{}")], [part(0, "a", "weather", OSLO)]], TWO),
        # Gemini, Ollama
        ([[part(0, "a", "weather", OSLO)], [part(0, "b", "time", "{}")]], TWO),
        ([[part(0, "a", "weather", OSLO), part(0, "b", "time", "{}")]], TWO),
        ([[part(None, "a", "weather", OSLO), part(None, "b", "time", "{}")]], TWO),
        (
            [[part(0, "a", "weather")], [part(0, arguments=OSLO)], [part(0, "b", "time")], [part(0, arguments="{}")]],
            TWO,
        ),
        # NVIDIA NIM
        ([[part(0, "a", "weather", '{"city": ')], [part(0, "a", "weather", '"Oslo"}')]], ONE),
        ([[part(0, "a", "weather", '{"city": ')], [part(0, None, "weather", '"Oslo"}')]], ONE),
        # An id in each delta: SGLang with the name, poolsideai/pool#9 without it, DashScope an empty one
        ([[part(0, "a", "weather", '{"city": ')], [part(0, "x", "weather", '"Oslo"}')]], ONE),
        ([[part(0, "a", "weather")], [part(0, "x", arguments=OSLO)]], ONE),
        ([[part(0, "a", "weather")], [part(0, "", "", OSLO)]], ONE),
        # vLLM with speculative decoding, openai/openai-python#3201
        ([[part(0, "a", "weather"), part(0, arguments='{"city": ')], [part(0, arguments='"Oslo"}')]], ONE),
        # All arguments once more at the end
        ([[part(0, "a", "weather", OSLO)], [part(0, "a", "weather", OSLO)]], ONE),
        # No id at all
        (
            [[part(None, None, "weather", OSLO)], [part(None, None, "weather", OSLO)]],
            [(None, "weather", OSLO), (None, "weather", OSLO)],
        ),
        # An index in digits, parts in turns
        (
            [
                [part("0", "a", "weather", '{"city": '), part("1", "b", "time", "{")],
                [part("0", arguments='"Oslo"}'), part("1", arguments="}")],
            ],
            TWO,
        ),
        # Arguments as an object, as Ollama's own API has them
        ([[part(0, "a", "weather", {"city": "Oslo"})]], [("a", "weather", {"city": "Oslo"})]),
        (
            [[part(0, "a", "weather", {"city": "Oslo"}), part(0, "b", "time", "{}")]],
            [("a", "weather", {"city": "Oslo"}), TWO[1]],
        ),
    ],
)
def test_calls_are_told_apart(deltas: list[list[Part]], calls: list[Any]) -> None:
    before = json.dumps(deltas)
    assert joined(*deltas) == calls
    assert json.dumps(deltas) == before


@pytest.mark.parametrize(
    "deltas",
    [
        [[part(0, "a", arguments="{}")]],
        [[part(0, "a", "weather")], [part(0, None, "time")]],
        [[part(0, "a", "weather")], [part(0, "x", "weather", '{"city": ')]],
        [[part(0, "a", "weather", OSLO)], [part(0, "a", arguments='{"city": "Rome"}')]],
        [[{"index": 0, "function": "weather"}]],
        [[part("first", "a", "weather", OSLO)]],
        [[part("9" * 5000, "a", "weather", OSLO)]],
        [[part(1.5, "a", "weather", OSLO)]],  # type: ignore[arg-type]
        {"index": 0},
        ["weather"],
    ],
)
def test_calls_that_cannot_be_told_apart_are_refused(deltas: Any) -> None:
    calls = ToolCalls()
    with pytest.raises(Unassembled):
        for delta in deltas if isinstance(deltas, list) else [deltas]:
            calls.add(delta)
        calls.finished()
