"""Every failure in OpenAI's shape, with a word on whether a retry helps."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from rest_framework.exceptions import Throttled

from speech.api.errors import handle
from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.support.bad_requests import BAD_BODIES, BadBody, error_of
from speechsite.tests.support.server import Server

HELLO = [{"role": "user", "content": "Say hello"}]
PATHS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"model": "gpt-6-luna", "messages": HELLO},
    "/v1/audio/speech": {"model": "tts-1", "voice": "alloy", "input": "Hello."},
}


def ask(sdk: Any, **fields: Any) -> Any:
    return sdk.chat.completions.create(**{"model": "gpt-6-luna", "messages": HELLO, **fields})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_both_spellings_of_a_path_work(gateway: Server, path: str, slash: str) -> None:
    response = gateway.request("POST", path + slash, json=PATHS[path])
    assert response.status == 200
    assert response.headers["X-Request-ID"].startswith("req_")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/", "/v1/audio/voices", "/v1/audio/voices/"])
def test_lists_come_without_a_redirect(gateway: Server, path: str) -> None:
    assert gateway.request("GET", path).status == 200


@pytest.mark.parametrize("bad", BAD_BODIES, ids=lambda bad: f"{bad.code}-{bad.body[:12]!r}")
@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_no_endpoint_takes(gateway: Server, provider: ScriptedOpenAI, path: str, bad: BadBody) -> None:
    response = gateway.request("POST", path, body=bad.body, headers={"Content-Type": bad.content_type})
    assert (response.status, error_of(response)["code"]) == (bad.status, bad.code)
    assert response.headers["x-should-retry"] == "false"
    assert provider.requests == []


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/chat/completions", 405, "invalid_request_error"),
        ("DELETE", "/v1/models", 405, "invalid_request_error"),
        ("GET", "/v1/completions", 404, "not_found_error"),
        ("POST", "/v1/moderations", 404, "not_found_error"),
        ("POST", "/v1/chat/completions/x", 404, "not_found_error"),
        ("POST", "/v1/responses/compact", 404, "not_found_error"),
        ("POST", "/v1/responses/input_tokens/", 404, "not_found_error"),
        ("POST", "/v1/responses/resp_1/cancel", 404, "not_found_error"),
    ],
)
def test_wrong_paths_and_methods(gateway: Server, method: str, path: str, status: int, kind: str) -> None:
    response = gateway.request(method, path)
    assert (response.status, error_of(response)["type"]) == (status, kind)
    assert response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic YTpi", "Bearer "])
@pytest.mark.parametrize("path", PATHS)
def test_without_a_good_key_it_says_so(gateway: Server, path: str, authorization: str) -> None:
    response = gateway.request("POST", path, json=PATHS[path], headers={"Authorization": authorization})
    assert (response.status, error_of(response)["type"]) == (401, "authentication_error")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.headers["x-should-retry"] == "false"


def test_the_sdk_raises_its_own_errors(gateway: Server, sdk: Any) -> None:
    with pytest.raises(openai.AuthenticationError):
        ask(sdk.with_options(api_key="wrong"))
    with pytest.raises(openai.BadRequestError) as caught:
        ask(sdk, temperature=9)
    assert (caught.value.param, caught.value.type) == ("temperature", "invalid_request_error")
    assert caught.value.code


@pytest.mark.parametrize(
    ("behaviour", "status", "code", "retry"),
    [
        ("400", 400, "unsupported_value", False),
        ("401", 502, "provider_auth_failed", False),
        ("403", 502, "provider_auth_failed", False),
        ("404", 404, "model_not_found", False),
        ("quota", 503, "provider_quota_exceeded", False),
        ("429", 503, "provider_rate_limited", True),
        ("503", 503, "provider_unavailable", True),
        ("wrong-json", 502, "provider_bad_answer", False),
        ("empty", 502, "provider_bad_answer", False),
        ("redirect", 502, "provider_bad_answer", False),
        ("reset", 503, "provider_unavailable", True),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_providers_failure_is_never_the_clients(
    gateway: Server, provider: ScriptedOpenAI, behaviour: str, status: int, code: str, retry: bool, stream: bool
) -> None:
    if stream and behaviour in ("empty", "reset"):
        pytest.skip("these come after the head of the answer, as an event: see test_openai_chat")
    provider.behave(behaviour)
    body = {**PATHS["/v1/chat/completions"], "stream": stream}
    response = gateway.request("POST", "/v1/chat/completions", json=body)
    assert (response.status, error_of(response)["code"]) == (status, code)
    assert ("x-should-retry" in response.headers) is not retry
    assert "loopback-secret" not in response.data.decode()


def test_the_sdk_does_not_retry_what_is_pointless(sdk: Any, provider: ScriptedOpenAI) -> None:
    provider.behave("quota")
    with pytest.raises(openai.InternalServerError) as caught:
        ask(sdk)
    assert caught.value.code == "provider_quota_exceeded"
    assert len(provider.requests) == 1


def test_the_sdk_retries_what_may_pass(sdk: Any, provider: ScriptedOpenAI) -> None:
    provider.behave("503", "ok")
    assert ask(sdk).choices
    assert len(provider.requests) == 2


def test_only_if_cached_asks_nobody(sdk: Any, provider: ScriptedOpenAI) -> None:
    for call in (
        lambda: ask(sdk, extra_headers={"Cache-Control": "only-if-cached"}),
        lambda: ask(sdk, stream=True, extra_headers={"Cache-Control": "only-if-cached"}),
    ):
        with pytest.raises(openai.InternalServerError) as caught:
            call()
        assert (caught.value.status_code, caught.value.code) == (504, "not_cached")
    assert provider.requests == []


def test_too_many_requests_may_be_sent_again_later() -> None:
    response = handle(Throttled(wait=7), {})
    assert (response.status_code, response.data["error"]["type"]) == (429, "rate_limit_error")
    assert response.headers["Retry-After"] == "7"
    assert "x-should-retry" not in response.headers
