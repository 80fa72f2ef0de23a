"""Chat through the gateway as the `openai` SDK sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest

from speech.tests.gateway.scripted import ScriptedOpenAI, choice
from speechsite.tests.support.server import Server

HELLO = [{"role": "user", "content": "Say hello"}]
TOOLS = [{"type": "function", "function": {"name": "lookup", "parameters": {"type": "object", "properties": {}}}}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": '{"city": "Pune"}'}}
LOGPROBS: dict[str, Any] = {
    "content": [{"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}],
    "refusal": None,
}


def ask(sdk: Any, **fields: Any) -> Any:
    return sdk.chat.completions.create(**{"model": "gpt-6-luna", "messages": HELLO, **fields})


def streamed(sdk: Any, **fields: Any) -> list[Any]:
    return list(ask(sdk, stream=True, **fields))


def text_of(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_an_answer_is_bought_once(sdk: Any, provider: ScriptedOpenAI) -> None:
    raw = [sdk.chat.completions.with_raw_response.create(model="gpt-6-luna", messages=HELLO) for _ in range(3)]
    answers = [response.parse() for response in raw]
    assert [response.headers["x-cache"] for response in raw] == ["MISS", "HIT", "HIT"]
    assert {answer.choices[0].message.content for answer in answers} == {"You said: Say hello. That is all."}
    assert answers[0].usage == answers[2].usage
    assert answers[0].usage.prompt_tokens == 2
    assert len({answer.id for answer in answers}) == 3
    assert answers[1].object == "chat.completion"
    assert answers[1].model == "gpt-6-luna"
    assert len(provider.requests) == 1


def test_a_stream_is_bought_once_and_replayed(sdk: Any, provider: ScriptedOpenAI) -> None:
    fresh, replayed = streamed(sdk), streamed(sdk)
    assert text_of(fresh).strip() == text_of(replayed).strip() == "You said: Say hello. That is all."
    for chunks in (fresh, replayed):
        assert chunks[0].choices[0].delta.role == "assistant"
        assert chunks[-1].choices[0].finish_reason == "stop"
        assert len({chunk.id for chunk in chunks}) == 1
        assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
        assert len(chunks) > 6, "word by word"
        assert all(chunk.usage is None for chunk in chunks)
    assert len(provider.requests) == 1


def test_the_async_client_works_the_same(gateway: Server, provider: ScriptedOpenAI) -> None:
    async def both() -> tuple[str, str]:
        async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as client:
            whole = await ask(client)
            chunks = [chunk async for chunk in await ask(client, stream=True)]
        return whole.choices[0].message.content, text_of(chunks)

    assert asyncio.run(both()) == ("You said: Say hello. That is all.",) * 2
    assert len(provider.requests) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_usage_comes_only_when_it_is_asked_for(sdk: Any, provider: ScriptedOpenAI, times: int) -> None:
    for _ in range(times):
        asked = streamed(sdk, stream_options={"include_usage": True})
    assert asked[-1].choices == []
    assert asked[-1].usage.total_tokens == 9
    assert all(chunk.usage is None for chunk in asked[:-1])
    assert all(chunk.choices for chunk in streamed(sdk))
    assert provider.requests[0].body["stream_options"] == {"include_usage": True}
    assert len(provider.requests) == 1


def test_the_gateway_asks_for_usage_even_if_the_client_does_not(sdk: Any, provider: ScriptedOpenAI) -> None:
    streamed(sdk)
    assert provider.requests[0].body["stream_options"] == {"include_usage": True}
    assert ask(sdk).usage.total_tokens == 9


def test_a_streamed_answer_is_later_served_whole(sdk: Any, provider: ScriptedOpenAI) -> None:
    provider.say("The answer.", reasoning_content="Let me think.")
    streamed(sdk)
    message = ask(sdk).choices[0].message
    assert (message.content, message.reasoning_content) == ("The answer.", "Let me think.")
    assert len(provider.requests) == 1


def test_a_whole_answer_is_later_served_as_a_stream(sdk: Any, provider: ScriptedOpenAI) -> None:
    provider.say("The answer is\nhere.", reasoning_content="Let me think.")
    ask(sdk)
    chunks = streamed(sdk)
    reasoning = [getattr(chunk.choices[0].delta, "reasoning_content", None) or "" for chunk in chunks]
    assert text_of(chunks) == "The answer is\nhere."
    assert "".join(reasoning) == "Let me think."
    assert len(provider.requests) == 1


def test_tool_calls_survive_in_both_directions(sdk: Any, provider: ScriptedOpenAI) -> None:
    called = choice({"role": "assistant", "content": None, "tool_calls": [CALL]}, end="tool_calls")
    provider.choices = [called]
    question: dict[str, Any] = {"tools": TOOLS, "tool_choice": "auto"}

    def call_of(chunks: list[Any]) -> dict[str, Any]:
        parts = [part for chunk in chunks for part in chunk.choices[0].delta.tool_calls or ()]
        assert {part.index for part in parts} == {0}
        assert len(parts) > 1, "arguments come in pieces"
        arguments = "".join(part.function.arguments or "" for part in parts)
        return {"id": parts[0].id, "type": "function", "function": {"name": "lookup", "arguments": arguments}}

    fresh = streamed(sdk, **question)
    whole, replayed = ask(sdk, **question), streamed(sdk, **question)
    assert call_of(fresh) == call_of(replayed) == whole.choices[0].message.tool_calls[0].to_dict() == CALL
    assert {fresh[-1].choices[0].finish_reason, whole.choices[0].finish_reason} == {"tool_calls"}
    assert whole.choices[0].message.content is None
    assert provider.requests[0].body["tools"] == TOOLS
    assert len(provider.requests) == 1


def test_parallel_tool_calls_stay_apart(sdk: Any, provider: ScriptedOpenAI) -> None:
    second = {**CALL, "id": "call_2"}
    provider.choices = [choice({"role": "assistant", "content": None, "tool_calls": [CALL, second]}, end="tool_calls")]
    streamed(sdk, tools=TOOLS)
    assert [call.to_dict() for call in ask(sdk, tools=TOOLS).choices[0].message.tool_calls] == [CALL, second]


def test_a_conversation_with_tool_results_is_passed_on(sdk: Any, provider: ScriptedOpenAI) -> None:
    turns = [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "31 degrees"},
    ]
    ask(sdk, messages=turns, tools=TOOLS)
    assert provider.requests[0].body["messages"] == turns


def test_several_choices_survive(sdk: Any, provider: ScriptedOpenAI) -> None:
    provider.choices = [choice({"role": "assistant", "content": f"Hello {n}"}, index=n) for n in range(3)]
    streamed(sdk, n=3)
    assert [one.message.content for one in ask(sdk, n=3).choices] == ["Hello 0", "Hello 1", "Hello 2"]
    replayed = {chunk.choices[0].index for chunk in streamed(sdk, n=3)}
    assert replayed == {0, 1, 2}
    assert [body["n"] for body in provider.calls("/chat/completions")] == [3]


def test_logprobs_survive(sdk: Any, provider: ScriptedOpenAI) -> None:
    provider.choices = [choice({"role": "assistant", "content": "Hi"}, logprobs=LOGPROBS)]
    fields: dict[str, Any] = {"logprobs": True, "top_logprobs": 0}
    fresh = streamed(sdk, **fields)
    whole = ask(sdk, **fields).choices[0].logprobs.content[0]
    replayed = [c.choices[0].logprobs for c in streamed(sdk, **fields) if c.choices[0].logprobs]
    assert (whole.token, whole.logprob) == ("Hi", -0.5)
    assert replayed[0].content[0].token == fresh[1].choices[0].logprobs.content[0].token == "Hi"
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    "field",
    [
        {"seed": 7},
        {"temperature": 0.3},
        {"n": 2},
        {"logprobs": True},
        {"stop": ["\n"]},
        {"max_completion_tokens": 50},
        {"response_format": {"type": "json_object"}},
        {"tools": TOOLS},
        {"reasoning_effort": "low"},
    ],
    ids=lambda field: next(iter(field)),
)
def test_what_changes_an_answer_is_passed_on_and_makes_another_entry(
    sdk: Any, provider: ScriptedOpenAI, field: dict[str, Any]
) -> None:
    ask(sdk)
    ask(sdk, **field)
    ask(sdk, **field)
    bodies = provider.calls("/chat/completions")
    assert len(bodies) == 2
    assert bodies[1] == {**bodies[0], **field}


def test_fields_that_change_nothing_make_no_other_entry(sdk: Any, provider: ScriptedOpenAI) -> None:
    ask(sdk)
    ask(sdk, n=1, tools=[], stream_options=None)
    assert len(provider.requests) == 1


def test_a_failure_in_mid_stream_is_an_error_event_and_nothing_is_stored(
    sdk: Any, provider: ScriptedOpenAI, cache: Any
) -> None:
    for behaviour in ("error-in-the-middle", "end-in-the-middle", "half", "reset"):
        provider.behave(behaviour)
        with pytest.raises(openai.APIError) as caught:
            streamed(sdk)
        body: Any = caught.value.body
        assert body["code"].startswith("provider_"), behaviour
        assert body["type"] == "provider_error"
    assert cache.keys("llm:exact:*") == cache.keys("llm:semantic:*") == []
    provider.behave("ok")
    assert text_of(streamed(sdk))


def test_an_answer_that_was_cut_short_is_served_and_not_stored(sdk: Any, provider: ScriptedOpenAI, cache: Any) -> None:
    provider.choices = [choice({"role": "assistant", "content": "Once upon"}, end="length")]
    assert ask(sdk, max_tokens=2).choices[0].finish_reason == "length"
    assert streamed(sdk, max_tokens=2)[-1].choices[0].finish_reason == "length"
    assert cache.keys("llm:exact:*") == cache.keys("llm:semantic:*") == []
