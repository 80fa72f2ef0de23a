"""Answers of a provider, and requests of a client, in every wrong form."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from speech.exceptions import GatewayError
from speech.routing.breaker import breaker_of
from speech.tests.loopback import FakeOpenAI
from speech.tests.support.bad_requests import error_of
from speech.tests.support.saying import BEGUN, PATH, ask, last_event, numbers, say


@pytest.fixture(autouse=True)
def closed_circuit() -> Iterator[None]:
    yield
    breaker_of("openai", "chat").succeeded()


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
    max_examples=50,
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
    question = {"messages": [{"role": "user", "content": f"Odd {next(numbers)}"}]}
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


TGI_CALL = {"index": 0, "id": "", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("beside", "delta", "stored"),
    [
        ({"logprobs": -0.5}, {}, False),  # Together
        ({}, {"tool_calls": TGI_CALL}, False),
        ({}, {"tool_calls": [None]}, False),
        ({}, {"function_call": ["f"]}, True),
        ({}, {"annotations": {"a": 1}}, True),
        ({}, {"audio": "x"}, True),
        ({}, {"reasoning_content": [{"type": "text", "text": "x"}]}, True),
        ({}, {"x_step": 5}, True),
    ],
)
def test_what_only_the_client_reads_may_have_any_form(
    api: Any, redis_client: Any, fake_openai: FakeOpenAI, beside: Any, delta: Any, stored: bool
) -> None:
    begun = {"index": 0, "delta": {"role": "assistant", "content": "Hi", **delta}, **beside}
    end = {"index": 0, "delta": delta if "tool_calls" in delta else {}, "finish_reason": "stop", **beside}
    if "logprobs" in beside:
        end["logprobs"] = -0.25
    say(fake_openai, {"choices": [begun]}, {"choices": [end]}, "[DONE]", stream=True)
    question = {"messages": [{"role": "user", "content": f"Odd {next(numbers)}"}], "stream": True}
    live = api.post(PATH, question, format="json")
    first, *_, done = b"".join(live.streaming_content).decode().strip().split("\n\n")
    said = json.loads(first.removeprefix("data: "))["choices"][0]
    assert (done, said["delta"]) == ("data: [DONE]", begun["delta"])
    assert {name: said[name] for name in beside} == beside
    again = api.post(PATH, question, format="json")
    assert again.headers["X-Cache"] == ("HIT" if stored else "MISS")
    assert last_event(again) == "[DONE]"


@pytest.mark.parametrize("odd", [{"refusal": 5}, {"annotations": {"a": 1}}, {"tool_calls": {}}, {"tool_calls": ["f"]}])
def test_a_response_leaves_out_what_it_cannot_hold(
    api: Any, redis_client: Any, fake_openai: FakeOpenAI, odd: dict[str, Any]
) -> None:
    message = {"role": "assistant", "content": "Hi", **odd}
    say(fake_openai, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    question = {"input": f"Odd {next(numbers)}"}
    for _ in range(2):
        response = api.post("/v1/responses", question, format="json")
        assert response.status_code == 200
        [item] = response.json()["output"]
        assert [(part["text"], part["annotations"]) for part in item["content"]] == [("Hi", [])]


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


ODD_CHUNKS = ['{"choices": 5}', '{"choices": [{"delta": {"content": 5}}]}', '{"choices": [{"delta": "x"}]}', "{", "[]"]


@pytest.mark.parametrize("chunk", ODD_CHUNKS)
def test_a_voice_turn_says_that_a_chunk_was_odd(api: Any, fake_openai: FakeOpenAI, chunk: str) -> None:
    said = {"choices": [{"index": 0, "delta": {"content": "It is sunny today. It is warm. And "}}]}
    speaks = fake_openai.answer

    def answer(chunks: list[Any]) -> None:
        say(fake_openai, *chunks, stream=True)
        chat = fake_openai.answer
        voiced = lambda seen: chat(seen) if seen.path.endswith("completions") else speaks(seen)  # noqa: E731
        fake_openai.answer = voiced  # type: ignore[method-assign]

    answer([chunk])
    response = api.post("/api/converse/", {"query": f"Weather {next(numbers)}"}, format="json")
    assert (response.status_code, error_of(response)["code"]) == (502, "provider_bad_answer")
    answer([said, chunk])
    response = api.post("/api/converse/", {"query": f"Weather {next(numbers)}"}, format="json")
    with pytest.raises(GatewayError):
        b"".join(response.streaming_content)
    receipt = api.get(f"/api/receipts/{response.headers['X-Receipt-ID']}").json()
    assert "openai" in receipt["error"] and receipt["sentences"]


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


SEGMENT = {"id": 0, "start": 0.0, "end": 1.5, "text": "Hello."}
WORD = {"word": "Hello", "start": 0.0, "end": 1.5}
TRANSCRIPT = {
    "text": "Hello.", "language": "en", "duration": 1.5, "segments": [SEGMENT], "words": [WORD],
    "usage": {"type": "tokens", "input_tokens": 5, "output_tokens": 2},
}  # fmt: skip


@thorough
@given(answer=odd_answers(TRANSCRIPT), form=st.sampled_from(["json", "text", "verbose_json", "srt", "vtt"]))
def test_an_odd_transcript_is_served_or_is_the_providers_fault(
    api: Any, fake_openai: FakeOpenAI, settings: Any, answer: str, form: str
) -> None:
    settings.PROVIDER_BREAKER_FAILURES = 0
    settings.STT_PROVIDER = "openai"
    say(fake_openai, answer)
    audio = SimpleUploadedFile("a.mp3", b"ID3" + str(next(numbers)).encode())
    body = {"file": audio, "model": "whisper-1", "response_format": form, "timestamp_granularities[]": "word"}
    response = api.post("/v1/audio/transcriptions", body, format="multipart")
    if response.status_code != 200:
        assert (response.status_code, error_of(response)["code"]) == (502, "provider_bad_answer"), answer


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", [{}, {"model": ""}, {"model": None}])
def test_an_answer_without_a_model_names_the_one_that_was_asked_for(
    api: Any, fake_openai: FakeOpenAI, model: dict[str, Any], stream: bool
) -> None:
    form = {"delta" if stream else "message": {"role": "assistant", "content": "Hi"}}
    said = {**model, "choices": [{"index": 0, **form, "finish_reason": "stop"}]}
    say(fake_openai, *([said, "[DONE]"] if stream else [said]), stream=stream)
    question = [{"role": "user", "content": f"Question {next(numbers)}"}]
    for _ in range(2):
        response = api.post(PATH, {"model": "gpt-6-luna", "messages": question, "stream": stream}, format="json")
        text = b"".join(response.streaming_content).decode() if stream else response.content.decode()
        shown = json.loads(text.partition("\n\n")[0].removeprefix("data: "))
        assert shown["model"] == "gpt-6-luna"
