"""A provider's errors at every place where they come, and answers of every wrong form."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from speech.routing.breaker import breaker_of
from speech.tests.loopback import Answer, FakeOpenAI
from speech.tests.support.bad_requests import error_of

PATH = "/v1/chat/completions"
BEGUN = {"model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Par"}}]}
WORDS = "This model's maximum context length is 8192 tokens."
OPENAI = {
    "message": WORDS,
    "type": "invalid_request_error",
    "param": "messages",
    "code": "context_length_exceeded",
}
REASON = {"error": OPENAI}
_numbers = count()


@pytest.fixture(autouse=True)
def closed_circuit() -> Iterator[None]:
    yield
    breaker_of("openai", "chat").succeeded()


def say(provider: FakeOpenAI, *answers: Any, status: int = 200, stream: bool = False, **headers: str) -> None:
    """Let `provider` answer with JSON, or with a stream of it."""
    texts = [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers]
    chunks = [f"data: {text}\n\n".encode() for text in texts] if stream else [texts[0].encode()]
    kind = "text/event-stream" if stream else "application/json"
    said = Answer(chunks, kind, status, headers, streamed=stream)
    provider.answer = lambda seen: said  # type: ignore[method-assign]


def ask(api: Any, **fields: Any) -> Any:
    messages = [{"role": "user", "content": f"Question {next(_numbers)}"}]
    return api.post(PATH, {"model": "gpt-6-luna", "messages": messages, **fields}, format="json")


def last_event(response: Any) -> Any:
    text = b"".join(response.streaming_content).decode()
    event = text.rstrip("\n").rpartition("\n\n")[2].removeprefix("data: ")
    return event if event == "[DONE]" else json.loads(event)


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_a_fault_of_the_client_keeps_status_message_code_and_param(
    api: Any, fake_openai: FakeOpenAI, status: int
) -> None:
    say(fake_openai, REASON, status=status, **{"Retry-After": "7"})
    for stream in (False, True):
        response = ask(api, stream=stream)
        error = error_of(response)
        assert (response.status_code, error["code"], error["param"]) == (status, "context_length_exceeded", "messages")
        assert WORDS in error["message"]
        assert (response.headers["Retry-After"], response.headers["x-should-retry"]) == ("7", "false")


IN_BAND: list[tuple[Any, int, str]] = [
    (REASON, 400, "context_length_exceeded"),
    ({"error": {"message": WORDS, "type": "BadRequestError", "code": 400}}, 400, "provider_rejected_request"),
    ({"object": "error", "message": WORDS, "type": "BadRequestError", "code": 400}, 400, "provider_rejected_request"),
    ([{"error": {"code": 400, "message": WORDS, "status": "INVALID_ARGUMENT"}}], 400, "provider_rejected_request"),
    ({"error": WORDS, "error_type": "validation"}, 400, "provider_rejected_request"),
    ({"error": WORDS, "code": "400"}, 400, "provider_rejected_request"),
    ({"error": {"message": WORDS, "code": 403, "metadata": {"reasons": ["hate"]}}}, 400, "provider_rejected_request"),
    ({"error": {"message": WORDS, "type": "NotFoundError", "code": "model_not_found"}}, 404, "model_not_found"),
    ({"error": {"message": WORDS, "type": "request_too_large"}}, 413, "provider_rejected_request"),
    ({"error": {"message": WORDS, "code": 422}}, 422, "provider_rejected_request"),
    ({"error": {"message": "no", "code": 401}}, 502, "provider_auth_failed"),
    ({"error": {"message": "no", "code": 403}}, 502, "provider_auth_failed"),
    ({"error": {"message": "no", "type": "billing_error"}}, 503, "provider_quota_exceeded"),
    ({"error": {"message": "no", "code": 402}}, 503, "provider_quota_exceeded"),
    ({"error": {"message": "no", "code": 429}}, 503, "provider_rate_limited"),
    ({"error": {"message": WORDS, "type": "overloaded_error"}}, 503, "provider_unavailable"),
    ({"error": {"message": WORDS, "code": 502}}, 503, "provider_unavailable"),
    ({"error": WORDS}, 503, "provider_unavailable"),
    ({"error": True}, 503, "provider_unavailable"),
    ({**BEGUN, "error": {"message": WORDS, "code": 500}}, 503, "provider_unavailable"),
]


@pytest.mark.parametrize(("answer", "status", "code"), IN_BAND)
def test_an_error_in_a_200_is_the_same_whole_and_in_a_stream(
    api: Any, fake_openai: FakeOpenAI, answer: Any, status: int, code: str
) -> None:
    say(fake_openai, answer)
    errors = [whole := ask(api)]
    say(fake_openai, answer, stream=True)
    errors.append(ask(api, stream=True))
    for response in errors:
        error = error_of(response)
        assert (response.status_code, error["code"]) == (status, code)
        assert WORDS not in json.dumps(answer) or WORDS in error["message"]
    say(fake_openai, BEGUN, answer, stream=True)
    late = last_event(ask(api, stream=True))["error"]
    assert late == {**error_of(whole), "message": late["message"]}
    assert late["code"] == code


def test_how_long_to_wait_passes_from_every_place(api: Any, fake_openai: FakeOpenAI) -> None:
    limits: list[dict[str, Any]] = [
        {"error": {"code": 429, "message": "slow", "metadata": {"headers": {"Retry-After": 40}}}},
        {"error": {"code": 429, "message": "slow", "details": [{"retryDelay": "40s"}]}},
    ]
    for limit in limits:
        say(fake_openai, limit)
        assert ask(api).headers["Retry-After"] == "40"
        breaker_of("openai", "chat").succeeded()
    say(fake_openai, {"error": {"message": "slow", "type": "server_error"}}, status=503, **{"Retry-After": "40"})
    assert ask(api).headers["Retry-After"] == "40"


def test_a_choice_that_failed_is_an_error(api: Any, fake_openai: FakeOpenAI, redis_client: Any) -> None:
    failed = {"index": 0, "finish_reason": "error", "error": {"code": 400, "message": WORDS}}
    say(fake_openai, {"choices": [{**failed, "message": {"role": "assistant", "content": "Par"}}]})
    assert ask(api).status_code == 400
    say(fake_openai, BEGUN, {"choices": [{**failed, "delta": {}}]}, stream=True)
    assert WORDS in last_event(ask(api, stream=True))["error"]["message"]
    del failed["error"]
    say(fake_openai, BEGUN, {"choices": [{**failed, "delta": {}}]}, stream=True)
    assert last_event(ask(api, stream=True))["error"]["code"] == "provider_unavailable"
    assert redis_client.keys("llm:exact:*") == []


@pytest.mark.parametrize("stream", [False, True])
def test_one_clients_mistakes_shut_nobody_out(api: Any, fake_openai: FakeOpenAI, settings: Any, stream: bool) -> None:
    settings.PROVIDER_BREAKER_FAILURES = 2
    say(fake_openai, {"error": {"message": "No images.", "type": "BadRequestError", "code": 400}}, stream=stream)
    assert {ask(api, stream=stream).status_code for _ in range(5)} == {400}
    assert breaker_of("openai", "chat").seconds_left == 0


def test_garbage_shuts_a_provider_out(api: Any, fake_openai: FakeOpenAI, settings: Any) -> None:
    settings.PROVIDER_BREAKER_FAILURES = 2
    say(fake_openai, {"choices": "none"})
    assert [ask(api).status_code for _ in range(3)] == [502, 502, 502]
    assert len(fake_openai.requests) == 2


MESSAGE = {
    "role": "assistant",
    "content": "Hello",
    "refusal": None,
    "annotations": [],
    "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
CHOICE = {"index": 0, "finish_reason": "stop", "logprobs": {"content": [{"token": "Hello", "logprob": -0.5}]}}
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 0}}
ABOUT = {"id": "1", "created": 1, "model": "m", "system_fingerprint": "f", "usage": USAGE}
WHOLE = {**ABOUT, "object": "chat.completion", "choices": [{**CHOICE, "message": MESSAGE}]}
CHUNK = {**ABOUT, "object": "chat.completion.chunk", "choices": [{**CHOICE, "delta": MESSAGE}]}
DEEP: list[Any] = []
for _ in range(300):
    DEEP = [DEEP]
ODD: list[Any] = [
    None, True, 0, -1, 5.5, 2**70, "", "x", "\ud83d", [], ["x"], [None], [5], {}, {"a": 5}, [[]], [{}], DEEP,
]  # fmt: skip
NO_NUMBER = ["NaN", "-Infinity", "1e400"]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from places(item, (*path, name))


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> str:
    """JSON of `value` with something else at `path`."""
    if not path:
        return json.dumps(odd)
    value = copy.deepcopy(value)
    at = value
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = "ODD"
    return json.dumps(value).replace('"ODD"', odd if odd in NO_NUMBER else json.dumps(odd))


def odd_answers(value: Any) -> st.SearchStrategy[str]:
    some = st.sampled_from(ODD) | st.sampled_from(NO_NUMBER)
    return st.builds(changed, st.just(value), st.sampled_from(list(places(value))), some)


thorough = examples(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@thorough
@given(answer=odd_answers(WHOLE))
def test_an_odd_answer_is_served_or_is_the_providers_fault(
    api: Any, fake_openai: FakeOpenAI, settings: Any, answer: str
) -> None:
    settings.PROVIDER_BREAKER_FAILURES = 0
    say(fake_openai, answer)
    question = {"messages": [{"role": "user", "content": f"Odd {next(_numbers)}"}]}
    for path, stream in ((PATH, False), (PATH, True), ("/api/chat/", False), ("/v1/responses", False)):
        body = {"input": question["messages"][0]["content"]} if path.endswith("responses") else question
        response = api.post(path, {**body, "stream": True} if stream else body, format="json")
        if stream:
            # A provider that answers a stream with JSON: an error, or served as a stream.
            assert response.status_code in (502, 503) or last_event(response)
        elif response.status_code != 200:
            code = error_of(response)["code"]
            assert (response.status_code, code) == (502, "provider_bad_answer"), answer


@thorough
@given(chunk=odd_answers(CHUNK), first=st.booleans())
def test_an_odd_chunk_is_passed_on_or_is_an_error_event(
    api: Any, fake_openai: FakeOpenAI, settings: Any, chunk: str, first: bool
) -> None:
    settings.PROVIDER_BREAKER_FAILURES = 0
    say(fake_openai, *([] if first else [BEGUN]), chunk, CHUNK, "[DONE]", stream=True)
    response = ask(api, stream=True)
    if response.status_code != 200:
        assert first
        assert (response.status_code, error_of(response)["code"]) == (502, "provider_bad_answer"), chunk
        return
    last = last_event(response)
    assert last == "[DONE]" or last["error"]["code"] == "provider_bad_answer", (chunk, last)


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": [{"message": {"content": 5}, "finish_reason": "stop"}]},
        {"choices": [{"message": "Hello", "finish_reason": "stop"}]},
        '{"choices": [{"message": {"content": "Hi"}, "logprobs": {"content": [-Infinity]}, "finish_reason": "stop"}]}',
        {"choices": []},
        {"error": {"message": "Overloaded", "code": 503}},
    ],
)
def test_a_fallback_is_asked_instead(api: Any, fake_openai: FakeOpenAI, settings: Any, answer: Any) -> None:
    settings.LLM_FALLBACK = ["demo"]
    say(fake_openai, answer)
    response = ask(api)
    assert (response.status_code, response.headers["X-Provider"]) == (200, "demo")


@pytest.mark.parametrize("provider", ["openai", "anthropic", "sarvam", "demo"])
@pytest.mark.parametrize(
    "odd",
    [
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "https://example.com/a.png"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": []}]}]},
        {"messages": [{"role": "assistant", "content": "", "tool_calls": "none"}]},
        {"messages": [{"role": "assistant", "content": "", "tool_calls": [5], "thinking_blocks": 5}]},
        {"tools": [{"type": "function"}]},
        {"tools": [{"type": "function", "function": []}], "tool_choice": {"function": 5}},
        {"response_format": {"type": []}},
        {"response_format": {"type": "json_schema", "json_schema": []}},
        {"stop": {"a": []}},
    ],
)
def test_an_odd_request_is_passed_on_or_refused(
    api: Any, fake_openai: FakeOpenAI, settings: Any, provider: str, odd: dict[str, Any]
) -> None:
    settings.PROVIDERS = {
        **settings.PROVIDERS,
        **{name: {"API_KEY": "k", "BASE_URL": f"{fake_openai.url}/v1"} for name in ("anthropic", "sarvam")},
    }
    assert ask(api, model=f"{provider}/x" if provider != "demo" else "demo", **odd).status_code in (200, 400, 404, 502)


def test_a_choice_without_an_index_has_the_one_of_its_place(api: Any, fake_openai: FakeOpenAI) -> None:
    choices = [{"message": {"role": "assistant", "content": str(n)}, "finish_reason": "stop"} for n in range(2)]
    say(fake_openai, {"choices": choices})
    assert [choice["index"] for choice in ask(api, n=2).json()["choices"]] == [0, 1]
