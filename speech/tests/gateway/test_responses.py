"""The Responses API through the gateway as the `openai` SDK sees it."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from speech.tests.gateway.scripted import ScriptedOpenAI, choice
from speechsite.tests.support.server import Server

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL: dict[str, Any] = {"type": "function", "name": "lookup", "parameters": PARAMETERS, "strict": False}
CALL = {"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": '{"city": "Pune"}'}}
SAID = "You said: Say hello. That is all."
STREAM: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def ask(sdk: Any, **fields: Any) -> Any:
    return sdk.responses.create(**{"model": "gpt-6-luna", "input": "Say hello", **fields})


def raw(sdk: Any, **fields: Any) -> Any:
    return sdk.responses.with_raw_response.create(**{"model": "gpt-6-luna", "input": "Say hello", **fields})


def streamed(sdk: Any, **fields: Any) -> list[Any]:
    events = list(ask(sdk, stream=True, **fields))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    for event in events:
        STREAM.validate_python(event.to_dict())
    return events


def content_of(response: Any) -> Any:
    """The parts of a response that do not name this use of the answer."""
    output = [item | {"id": ""} for item in response.to_dict()["output"]]
    return output, response.status, response.usage


def test_an_answer_is_bought_once(sdk: Any, provider: ScriptedOpenAI) -> None:
    answers = [raw(sdk) for _ in range(3)]
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT", "HIT"]
    for answer in answers:
        response = Response.model_validate_json(answer.content, strict=False)
        assert (response.output_text, response.status, response.model) == (SAID, "completed", "gpt-6-luna")
        assert response.usage is not None and response.usage.input_tokens == 2
    assert len({answer.parse().id for answer in answers}) == 3
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("chat", "responses"),
    [
        ({"messages": [{"role": "user", "content": "Say hello"}]}, {"input": "Say hello"}),
        (
            {"messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Say hello"}]},
            {"input": [{"role": "user", "content": [{"type": "input_text", "text": "Say hello"}]}]}
            | {"instructions": "Be brief"},
        ),
        (
            {"max_completion_tokens": 50, "messages": [{"role": "user", "content": "Say hello"}]}
            | {"reasoning_effort": "low", "response_format": {"type": "json_object"}, "temperature": 0.5},
            {"max_output_tokens": 50, "input": "Say hello", "text": {"format": {"type": "json_object"}}}
            | {"reasoning": {"effort": "low"}, "temperature": 0.5},
        ),
    ],
)
def test_a_question_asked_over_either_api_hits_the_same_entry(
    sdk: Any, provider: ScriptedOpenAI, chat: dict[str, Any], responses: dict[str, Any]
) -> None:
    said = sdk.chat.completions.create(model="gpt-6-luna", **chat).choices[0].message.content
    again = raw(sdk, **responses)
    assert again.headers["x-cache"] == "HIT"
    assert again.parse().output_text == said
    assert len(provider.requests) == 1


def test_the_events_come_in_order_and_their_replay_ends_in_the_same_response(
    sdk: Any, provider: ScriptedOpenAI
) -> None:
    fresh, replayed = streamed(sdk), streamed(sdk)
    for events in (fresh, replayed):
        kinds = [event.type for event in events]
        assert kinds[:4] == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
        ]
        assert kinds[-4:] == [
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
        assert set(kinds[4:-4]) == {"response.output_text.delta"}
        assert len(kinds) > 12, "word by word"
        assert "".join(event.delta for event in events[4:-4]) == events[-1].response.output_text
    assert content_of(fresh[-1].response) == content_of(replayed[-1].response)
    assert len(provider.requests) == 1


@pytest.mark.parametrize("custom", [False, True])
def test_tools_are_called_and_answered(sdk: Any, provider: ScriptedOpenAI, custom: bool) -> None:
    call = {"id": "call_1", "type": "custom", "custom": {"name": "lookup", "input": "Pune"}} if custom else CALL
    tool = {"type": "custom", "name": "lookup"} if custom else TOOL
    provider.choices = [choice({"role": "assistant", "content": None, "tool_calls": [call]}, end="tool_calls")]
    first, again = ask(sdk, tools=[tool]), ask(sdk, tools=[tool], store=False)
    assert content_of(first) == content_of(again)
    Response.model_validate(first.to_dict())
    [made] = first.output
    assert (made.type, made.call_id, made.name) == (
        "custom_tool_call" if custom else "function_call",
        "call_1",
        "lookup",
    )
    assert provider.requests[0].body["tools"][0]["type"] == tool["type"]
    provider.choices = []
    result = {"type": f"{made.type}_output", "call_id": made.call_id, "output": "warm"}
    for body in ({"input": [result], "previous_response_id": first.id}, {"input": [*_input(), made.to_dict(), result]}):
        assert ask(sdk, tools=[tool], **body).output_text == "You said: warm. That is all."
    assert len(provider.requests) == 2, "the conversation is the same, whoever keeps it"
    assert provider.requests[1].body["messages"][1:] == [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "warm"},
    ]


def _input() -> list[dict[str, Any]]:
    return [{"role": "user", "content": "Say hello"}]


def test_streamed_calls_say_their_arguments(sdk: Any, provider: ScriptedOpenAI) -> None:
    other = {**CALL, "id": "call_2"}
    provider.choices = [choice({"role": "assistant", "content": "Let me see", "tool_calls": [CALL, other]})]
    fresh, replayed = streamed(sdk, tools=[TOOL]), streamed(sdk, tools=[TOOL])
    done = [event.arguments for event in fresh if event.type == "response.function_call_arguments.done"]
    assert done == ['{"city": "Pune"}'] * 2
    assert [item.type for item in fresh[-1].response.output] == ["message", "function_call", "function_call"]
    assert content_of(fresh[-1].response) == content_of(replayed[-1].response)


def test_structured_output_is_parsed(sdk: Any, provider: ScriptedOpenAI) -> None:
    class City(BaseModel):
        name: str

    provider.say('{"name": "Pune"}')
    for _ in range(2):
        response = sdk.responses.parse(model="gpt-6-luna", input="Which city?", text_format=City)
        assert response.output_parsed == City(name="Pune")
    assert len(provider.requests) == 1
    assert provider.requests[0].body["response_format"]["json_schema"]["name"] == "City"
    with sdk.responses.stream(model="gpt-6-luna", input="Which city?", text_format=City) as stream:
        assert stream.get_final_response().output_parsed == City(name="Pune")


@pytest.mark.parametrize(("summary", "field"), [(None, "content"), ("auto", "summary")])
def test_reasoning_is_an_item_before_the_message(
    sdk: Any, provider: ScriptedOpenAI, summary: str | None, field: str
) -> None:
    provider.say("Pune", reasoning_content="They want a city.")
    fresh, replayed = (streamed(sdk, reasoning={"summary": summary})[-1].response for _ in range(2))
    assert content_of(fresh) == content_of(replayed) == content_of(ask(sdk, reasoning={"summary": summary}))
    thought, said = fresh.output
    assert getattr(thought, field)[0].text == "They want a city."
    assert said.content[0].text == "Pune"


def test_an_answer_cut_short_is_incomplete(sdk: Any, provider: ScriptedOpenAI) -> None:
    provider.choices = [choice({"role": "assistant", "content": "Par"}, end="length")]
    response, last = ask(sdk), streamed(sdk)[-1]
    assert last.type == "response.incomplete"
    for found in (response, last.response):
        assert (found.status, found.incomplete_details.reason) == ("incomplete", "max_output_tokens")
        assert found.output[0].status == "incomplete"


def test_refusals_and_logprobs_keep_their_form(sdk: Any, provider: ScriptedOpenAI) -> None:
    provider.choices = [choice({"role": "assistant", "content": None, "refusal": "I cannot"})]
    assert ask(sdk, input="Refuse").output[0].content[0].refusal == "I cannot"
    token = {"token": "Hi", "logprob": -0.5, "bytes": None, "top_logprobs": []}
    provider.choices = [choice({"role": "assistant", "content": "Hi"}, logprobs={"content": [token]})]
    fields: dict[str, Any] = {"include": ["message.output_text.logprobs"], "input": "Greet"}
    response = ask(sdk, **fields)
    Response.model_validate(response.to_dict())
    assert response.output[0].content[0].logprobs[0].bytes == [72, 105]
    assert provider.requests[-1].body["logprobs"] is True


def test_a_stored_response_is_its_clients_alone(sdk: Any, gateway: Server, provider: ScriptedOpenAI) -> None:
    kept = ask(sdk, metadata={"a": "b"})
    assert sdk.responses.retrieve(kept.id).to_dict() == kept.to_dict()
    [item] = sdk.responses.input_items.list(kept.id).data
    assert item.content[0].text == "Say hello"
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.new_client("other")) as other:
        for call in (other.responses.retrieve, other.responses.delete, other.responses.input_items.list):
            with pytest.raises(openai.NotFoundError):
                call(kept.id)
        with pytest.raises(openai.BadRequestError) as caught:
            ask(other, previous_response_id=kept.id)
        assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")
    sdk.responses.delete(kept.id)
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(kept.id)


@pytest.mark.parametrize("fields", [{"store": False}, {"extra_headers": {"Cache-Control": "no-store"}}])
def test_what_is_not_to_be_stored_is_not(sdk: Any, provider: ScriptedOpenAI, fields: dict[str, Any]) -> None:
    for response in (ask(sdk, **fields), streamed(sdk, **fields)[-1].response):
        assert response.store is False
        with pytest.raises(openai.NotFoundError):
            sdk.responses.retrieve(response.id)


def test_hosted_tools_are_named_where_no_provider_has_them(sdk: Any, provider: ScriptedOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(sdk, tools=[TOOL, {"type": "web_search"}])
    assert "tools.1 (web_search)" in caught.value.message
    assert (caught.value.code, caught.value.param) == ("unsupported_feature", "tools.1")
    assert provider.requests == []


@pytest.mark.parametrize("fault", ["error-in-the-middle", "end-in-the-middle"])
def test_a_stream_that_breaks_ends_with_failed(sdk: Any, provider: ScriptedOpenAI, fault: str) -> None:
    provider.behave(fault)
    events = streamed(sdk)
    assert [event.type for event in events[-2:]] == ["error", "response.failed"]
    assert events[-1].response.status == "failed"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": 5}, "input"),
        ({"input": []}, "input"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input.0.call_id"),
        ({"input": [{"role": "nobody", "content": "x"}]}, "input"),
        ({"temperature": "hot"}, "temperature"),
        ({"tools": [{"name": "x"}]}, "tools.0.type"),
        ({"background": True}, "background"),
    ],
)
def test_mistakes_name_the_field(sdk: Any, provider: ScriptedOpenAI, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(sdk, **fields)
    assert caught.value.param == param
