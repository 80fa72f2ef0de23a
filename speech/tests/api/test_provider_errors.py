"""A provider's errors, at every place where they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from speech.exceptions import GatewayError, ProviderBadAnswer, ProviderRateLimited, ProviderRejected
from speech.routing.breaker import breaker_of
from speech.routing.error_transfer import FAILURES
from speech.tests.loopback import Answer, FakeOpenAI
from speech.tests.support.bad_requests import error_of
from speech.tests.support.saying import BEGUN, ask, last_event, say

WORDS = "This model's maximum context length is 8192 tokens."
OPENAI = {
    "message": WORDS,
    "type": "invalid_request_error",
    "param": "messages",
    "code": "context_length_exceeded",
}
REASON = {"error": OPENAI}
BAD_REQUEST = {"type": "invalid_request_error"}


@pytest.fixture(autouse=True)
def closed_circuit() -> Iterator[None]:
    yield
    breaker_of("openai", "chat").succeeded()


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_a_fault_of_the_client_keeps_status_message_code_and_param(
    api: Any, fake_openai: FakeOpenAI, status: int
) -> None:
    say(fake_openai, REASON, status=status, headers={"Retry-After": "7"})
    for stream in (False, True):
        response = ask(api, stream=stream)
        error = error_of(response)
        assert (response.status_code, error["code"], error["param"]) == (status, "context_length_exceeded", "messages")
        assert error["message"] == WORDS
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
    ({"error": {"message": "no", **BAD_REQUEST, "code": "invalid_api_key"}}, 502, "provider_auth_failed"),
    ({"error": {"message": "no", "type": "billing_error"}}, 503, "provider_quota_exceeded"),
    ({"error": {"message": "no", "code": 402}}, 503, "provider_quota_exceeded"),
    ({"error": {"message": "no", "code": 429}}, 503, "provider_rate_limited"),
    ({"error": {"message": WORDS, "type": "overloaded_error"}}, 503, "provider_unavailable"),
    ({"error": {"message": WORDS, "code": 502}}, 503, "provider_unavailable"),
    ({"error": WORDS}, 503, "provider_unavailable"),
    ({"error": True}, 503, "provider_unavailable"),
    ({**BEGUN, "error": {"message": WORDS, "code": 500}}, 503, "provider_unavailable"),
    # DashScope, Databricks, Cloudflare, MiniMax: without `error`
    ({"code": "InvalidParameter", "message": WORDS, "request_id": "r"}, 400, "InvalidParameter"),
    ({"error_code": "BAD_REQUEST", "message": WORDS}, 400, "BAD_REQUEST"),
    ({"success": False, "errors": [{"code": 5006, "message": WORDS}]}, 503, "provider_unavailable"),
    ({"choices": None, "base_resp": {"status_code": 2013, "status_msg": WORDS}}, 503, "provider_unavailable"),
    ({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, 503, "provider_quota_exceeded"),
]


@pytest.mark.parametrize(
    "beside",
    [
        {"code": 0, "message": "Success"},  # iFlytek
        {"base_resp": {"status_code": 0, "status_msg": "success"}},
        {"errors": []},
        {"message": WORDS},
    ],
)
def test_words_beside_an_answer_are_no_error(api: Any, fake_openai: FakeOpenAI, beside: dict[str, Any]) -> None:
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    say(fake_openai, {**BEGUN, **beside}, beside, {**end, **beside}, "[DONE]", stream=True)
    assert last_event(ask(api, stream=True)) == "[DONE]"


@pytest.mark.parametrize(("answer", "status", "code"), IN_BAND)
def test_an_error_in_a_200_is_the_same_whole_and_in_a_stream(
    api: Any, fake_openai: FakeOpenAI, answer: Any, status: int, code: str
) -> None:
    say(fake_openai, answer)
    errors = [whole := ask(api)]
    say(fake_openai, answer, stream=True)
    errors.append(ask(api, stream=True))
    for response in errors:
        error = error_of(response, "status", "request_id")
        assert (response.status_code, error["code"]) == (status, code)
        assert WORDS not in json.dumps(answer) or WORDS in error["message"]
    say(fake_openai, BEGUN, answer, stream=True)
    late = last_event(ask(api, stream=True))["error"]
    assert late == {**whole.json()["error"], "message": late["message"]}
    assert late["code"] == code


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        ({"message": WORDS, **BAD_REQUEST}, "provider_rejected_request", WORDS),
        ({"error": {"message": WORDS, **BAD_REQUEST}}, "provider_rejected_request", WORDS),
        ({"message": WORDS}, "provider_unavailable", f"openai reported an error: {WORDS}"),
        (WORDS, "provider_unavailable", f"openai reported an error: {WORDS}"),
    ],
)
def test_an_event_called_error_keeps_its_message(
    api: Any, fake_openai: FakeOpenAI, data: Any, code: str, message: str
) -> None:
    text = data if isinstance(data, str) else json.dumps(data)
    chunks = [f"data: {json.dumps(BEGUN)}\n\n".encode(), f"event: error\ndata: {text}\n\n".encode()]
    said = Answer(chunks, "text/event-stream", streamed=True)
    fake_openai.answer = lambda seen: said  # type: ignore[method-assign]
    error = last_event(ask(api, stream=True))["error"]
    assert (error["code"], error["message"]) == (code, message)


def test_metadata_of_an_error_is_passed_on(api: Any, fake_openai: FakeOpenAI) -> None:
    routed = {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": "No such tool."}}}
    say(fake_openai, routed, status=400)
    assert error_of(ask(api))["metadata"] == {"raw": "No such tool."}
    say(fake_openai, BEGUN, routed, stream=True)
    assert last_event(ask(api, stream=True))["error"]["metadata"] == {"raw": "No such tool."}


DETAILS: dict[str, dict[str, Any]] = {
    "Azure": {
        "message": "The response was filtered",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
        },
    },
    "Groq": {
        "message": "Failed to call a function.",
        "type": "invalid_request_error",
        "code": "tool_use_failed",
        "failed_generation": "<function=weather>" + "x" * 9_000,
    },
    "llama.cpp": {
        "message": "the request exceeds the available context size",
        "type": "exceed_context_size_error",
        "code": 400,
        "n_prompt_tokens": 9_000,
        "n_ctx": 4_096,
    },
    "Google": {
        "message": "Invalid JSON payload",
        "code": 400,
        "status": "INVALID_ARGUMENT",
        "details": [{"fieldViolations": [{"field": "tools[0]"}]}],
    },
}


@pytest.mark.parametrize("told", DETAILS.values(), ids=DETAILS)
def test_all_that_a_refusal_says_is_passed_on(api: Any, fake_openai: FakeOpenAI, told: dict[str, Any]) -> None:
    own = {name: value for name, value in told.items() if name not in ("code", "type")}
    kind = told.get("type") or "invalid_request_error"
    code = told["code"] if isinstance(told["code"], str) else "provider_rejected_request"
    expected = {"param": None, **own, "type": kind, "code": code}
    say(fake_openai, {"error": told}, status=400)
    assert ask(api).json()["error"] == ask(api, stream=True).json()["error"] == expected
    say(fake_openai, BEGUN, {"error": told}, stream=True)
    late = last_event(ask(api, stream=True))["error"]
    assert {name: late[name] for name in own} == own


def test_a_refusal_that_was_cut_within_a_character_is_passed_on(api: Any, fake_openai: FakeOpenAI) -> None:
    say(fake_openai, {"error": {"message": "cut \ud83d", "failed_generation": "\ud83d"}}, status=400)
    for stream in (False, True):
        response = ask(api, stream=stream)
        error = error_of(response, "failed_generation")
        assert (response.status_code, error["message"], error["failed_generation"]) == (400, "cut ?", "?")


def test_how_long_to_wait_passes_from_every_place(api: Any, fake_openai: FakeOpenAI) -> None:
    limits: list[dict[str, Any]] = [
        {"error": {"code": 429, "message": "slow", "metadata": {"headers": {"Retry-After": 40}}}},
        {"error": {"code": 429, "message": "slow", "details": [{"retryDelay": "40s"}]}},
    ]
    for limit in limits:
        say(fake_openai, limit)
        assert ask(api).headers["Retry-After"] == "40"
        breaker_of("openai", "chat").succeeded()
    say(fake_openai, {"error": {"message": "slow", "type": "server_error"}}, status=503, headers={"Retry-After": "40"})
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


@pytest.mark.parametrize(
    "error",
    [
        ProviderRejected("No such model.", status=404, code="model_not_found", param="model", retry_after=7),
        ProviderRejected("Filtered", type="policy", details={"innererror": {"code": "ResponsibleAIPolicyViolation"}}),
        ProviderBadAnswer("nothing", empty=True),
        ProviderRateLimited("slow down", retry_after=40),
    ],
)
def test_followers_of_a_shared_call_get_the_same_error(error: GatewayError) -> None:
    told = FAILURES.dump(error)
    assert told is not None
    heard = FAILURES.load(json.loads(json.dumps(told)))
    assert isinstance(heard, type(error))
    names = ("message", "status", "type", "code", "param", "retry_after", "details")
    assert [getattr(heard, name) for name in names] == [getattr(error, name) for name in names]


def test_an_error_of_a_worker_of_another_version_keeps_its_message() -> None:
    told = {"class": "ProviderRejected", "message": WORDS, "status": 400, "field_of_tomorrow": {}}
    error = FAILURES.load(told)
    assert isinstance(error, GatewayError) and error.message == WORDS
