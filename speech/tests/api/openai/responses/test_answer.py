"""Answers of chat as responses: whole, live and replayed they are the same, and OpenAI's types accept them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from caching.llm.entry import WholeAnswer
from caching.llm.merging import Unassembled
from caching.llm.stream import joined, replay
from caching.tests.support import streams
from speech.api.openai.responses.answer import whole
from speech.api.openai.responses.events import written
from speech.api.openai.responses.messages import messages_of
from speech.api.openai.responses.replay import replayed
from speech.api.openai.responses.response import begun
from speech.exceptions import ProviderBadAnswer

STREAM: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
CITATION = {"type": "url_citation", "start_index": 0, "end_index": 1, "url": "https://example.com", "title": "E"}
TOKEN = {"token": "a", "logprob": -0.5, "bytes": None, "top_logprobs": [{"token": "b", "logprob": -1.5}]}
CALL: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda number, name, written, custom: {
        "id": f"call_{number}",
        "type": "custom" if custom else "function",
        **({"custom": {"name": name, "input": written}} if custom else {"function": {"name": name, "arguments": "{}"}}),
    },
    st.integers(0, 2**64),
    TEXT,
    TEXT,
    st.booleans(),
)
MESSAGE: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": st.none() | TEXT},
    optional={
        "reasoning_content": TEXT,
        "refusal": TEXT,
        "annotations": st.lists(st.sampled_from([CITATION, {"type": "url_citation", "url_citation": CITATION}])),
        "tool_calls": st.lists(CALL, max_size=3, unique_by=lambda call: str(call["id"])),
        "thinking_blocks": st.lists(st.just({"type": "thinking", "thinking": "Hm", "signature": "s"}), max_size=1),
    },
)
ANSWER = st.builds(
    lambda message, reason, tokens, summary: (
        WholeAnswer(
            [
                {
                    "index": 0,
                    "message": message,
                    "finish_reason": reason,
                    **({"logprobs": tokens} if tokens and message["content"] else {}),
                }
            ],
            "m",
            {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        ),
        {"reasoning": {"summary": summary}},
    ),
    MESSAGE,
    st.sampled_from(["stop", "tool_calls", "length", "content_filter"]),
    st.none() | st.just({"content": [TOKEN], "refusal": None}),
    st.sampled_from([None, "auto"]),
)


def start(body: dict[str, Any] | None = None) -> dict[str, Any]:
    return begun(body or {}, id="resp_1", model="m", stored=False) | {"created_at": 0}


def live(chunks: Iterator[Any], body: dict[str, Any] | None = None, **options: Any) -> list[dict[str, Any]]:
    events = written(start(body), chunks, lambda response: response, **options)
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def replay_of(answer: WholeAnswer) -> Iterator[Any]:
    return replay(answer.choices, model=answer.model, usage=answer.usage, id="1", extra=answer.extra)


def without_time(response: dict[str, Any]) -> dict[str, Any]:
    return {**response, "completed_at": None}


@settings(max_examples=50, deadline=None)
@given(ANSWER)
def test_whole_and_streamed_are_the_same_and_of_openais_types(asked: tuple[WholeAnswer, dict[str, Any]]) -> None:
    answer, body = asked
    options: dict[str, Any] = {"wants_encrypted_content": bool(body["reasoning"]["summary"])}
    response = whole(start(body), answer, **options)
    Response.model_validate(response)
    for events in (live(replay_of(answer), body, **options), [*numbered(replayed(response))]):
        for event in events:
            STREAM.validate_python(event)
        last = events[-1]["response"]
        assert without_time(last) == without_time(response)
        assert assembled(events) == [item["type"] for item in response["output"]]


def numbered(events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return ({**event, "sequence_number": number} for number, event in enumerate(events))


def assembled(events: list[dict[str, Any]]) -> list[str]:
    """The items that the SDK puts together out of the events, which it checks against each other."""
    state: Any = ResponseStreamState(input_tools=omit, text_format=omit)
    said: dict[int, str] = {}
    for event in events:
        state.handle_event(STREAM.validate_python(event))
        if event["type"] == "response.output_item.done":
            said[event["output_index"]] = event["item"]["type"]
            assert event["item"] == events[-1]["response"]["output"][event["output_index"]]
    return [said[index] for index in sorted(said)]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**64))
def test_a_stream_of_any_server_means_the_same_live_and_replayed(seed: int) -> None:
    random = Random(seed)
    extra = streams.other_fields(random)
    chunks = [{**chunk, **extra} for chunk in streams.stream_of(random, streams.choices(random)[:1])]
    try:
        first = live(iter(chunks))[-1]["response"]
    except ProviderBadAnswer:
        return
    try:
        answer = joined(chunks)
    except Unassembled:
        return
    again = live(replay_of(answer))[-1]["response"]
    assert meaning(first) == meaning(again) == meaning(whole(start(), answer))


def meaning(response: dict[str, Any]) -> Any:
    """What is said, without how it is divided into items."""
    parts = [part for item in response["output"] for part in item.get("content") or ()]
    texts = {kind: "".join(part.get("text") or "" for part in parts if part["type"] == kind) for kind in KINDS}
    calls = [item for item in response["output"] if item["type"].endswith("_call")]
    said = [
        {name: value for name, value in call.items() if name not in ("id", "status", "message")}
        for call in sorted(calls, key=lambda call: str(call["call_id"]))
    ]
    annotations = [each for part in parts for each in part.get("annotations") or ()]
    return texts, said, annotations, response["status"], response["usage"], response["model"]


MISTRAL = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}
KINDS = ("output_text", "reasoning_text")


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ({"content": ""}, ["message"]),
        ({"content": None, "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": ""}}]}, ["function_call"]),
        ({"content": [MISTRAL, {"type": "text", "text": "a"}]}, ["reasoning", "message"]),
        ({"content": "a", "reasoning": "b", "reasoning_content": "b"}, ["reasoning", "message"]),
        ({"content": "", "reasoning_content": "b"}, ["reasoning", "message"]),
    ],
)  # fmt: skip
def test_items_of_odd_messages(message: dict[str, Any], kinds: list[str]) -> None:
    answer = WholeAnswer([{"index": 0, "message": message, "finish_reason": "stop"}], "m", None)
    response = whole(start(), answer)
    assert [item["type"] for item in response["output"]] == kinds
    assert response["usage"] is None


STRANGE: list[Any] = [5, 0.5, True, "x", {}, {"x": 1}, [], [5], ["x", None], [[]], [{"type": []}], [{"": {}}]]
# A choice whose answer is "a", with a value of any form in one of the fields that are read.
PLACES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "annotations": lambda strange: {"message": {"content": "a", "annotations": strange}},
    "refusal": lambda strange: {"message": {"content": "a", "refusal": strange if strange != "x" else None}},
    "tool_calls": lambda strange: {"message": {"content": "a", "tool_calls": strange}},
    "thinking": lambda strange: {
        "message": {"content": [{"type": "thinking", "thinking": strange}, {"type": "text", "text": "a"}]}
    },
    "logprobs": lambda strange: {"message": {"content": "a"}, "logprobs": strange},
    "tokens": lambda strange: {"message": {"content": "a"}, "logprobs": {"content": strange}},
    "top_logprobs": lambda strange: {
        "message": {"content": "a"},
        "logprobs": {"content": [{**TOKEN, "top_logprobs": strange}]},
    },
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("strange", STRANGE, ids=repr)
def test_a_value_of_a_strange_form_is_left_out_and_the_answer_given(place: str, strange: Any) -> None:
    """The provider has been paid by then, and the answer perhaps stored."""
    answer = WholeAnswer([{"index": 0, "finish_reason": "stop", **PLACES[place](strange)}], "m", None)
    for response in (whole(start(), answer), live(replay_of(answer))[-1]["response"]):
        assert meaning(response)[0]["output_text"] == "a"
        assert response["status"] == "completed"


@settings(max_examples=100, deadline=None)
@example(49)  # seed of a message with reasoning and images, and without a text
@given(st.integers(0, 2**64))
def test_what_a_client_sends_back_is_the_message_that_was(seed: int) -> None:
    """Also from a client that knows only the fields of OpenAI's types."""
    said = streams.message(Random(seed))
    said = {name: value for name, value in said.items() if name not in ("annotations", "reasoning", "refusal")}
    said["content"] = said["content"] if isinstance(said["content"], str) else "a"
    answer = WholeAnswer([{"index": 0, "message": said, "finish_reason": "stop"}], "m", None)
    output = whole(start(), answer, wants_encrypted_content=True)["output"]
    known = [{name: value for name, value in item.items() if name in OF_OPENAI} for item in output]
    [message] = messages_of(known)
    assert {**message, "content": message["content"] or ""} == {
        name: value for name, value in said.items() if value or name == "content"
    }


OF_OPENAI = (
    *("id", "type", "role", "status", "content", "summary"),
    *("encrypted_content", "call_id", "name", "arguments", "input"),
)


@pytest.mark.parametrize("reason", [None, "", "pause_turn", "length"])
def test_an_answer_that_does_not_say_that_it_ended_is_incomplete(reason: str | None) -> None:
    message = {"role": "assistant", "content": "Hi"}
    answer = WholeAnswer([{"index": 0, "message": message, "finish_reason": reason}], "m", None)
    response = whole(start(), answer)
    Response.model_validate(response)
    for last in (response, live(replay_of(answer))[-1]["response"], [*replayed(response)][-1]["response"]):
        assert (last["status"], last["output"][0]["status"]) == ("incomplete", "incomplete")
        assert last["incomplete_details"] == ({"reason": "max_output_tokens"} if reason == "length" else None)


def test_contradictory_fields_do_not_end_a_response() -> None:
    chunks: list[dict[str, Any]] = [
        {"model": "m", "choices": [{"index": 0, "delta": {"content": "Hi", "x": "a"}}]},
        {"choices": [{"index": 0, "delta": {"x": ["b"]}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}},
    ]
    with pytest.raises(Unassembled):
        joined(chunks)
    response = live(iter(chunks))[-1]["response"]
    assert (response["status"], response["output"][0]["content"][0]["text"]) == ("completed", "Hi")
    assert response["usage"]["total_tokens"] == 2
