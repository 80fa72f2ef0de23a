"""Pages of other origins: only those that the operator names may call the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from speech.tests.gateway.conftest import environment
from speech.tests.gateway.scripted import ScriptedOpenAI
from speechsite.tests.support.server import Server

ORIGIN = "https://app.example.com"
SENT = "authorization,content-type,x-optimization-level,x-stainless-arch,x-stainless-retry-count,x-stainless-timeout"
EXPOSED = {"x-cache", "cache-status", "age", "x-request-id", "x-receipt-id", "x-cost-usd", "x-cost-saved-usd"}
CHAT = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "Say hello"}]}


@pytest.fixture(scope="module")
def open_gateway(tmp_path_factory: pytest.TempPathFactory, _provider: ScriptedOpenAI) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("cors")
    own = {**environment(directory, _provider, "redis://127.0.0.1:1/0"), "CORS_ALLOWED_ORIGINS": ORIGIN}
    running = Server(directory, own, workers=1)
    yield running
    running.stop()


def preflight(server: Server, origin: str = ORIGIN, path: str = "/v1/chat/completions") -> Any:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": SENT}
    return server.request("OPTIONS", path, headers={"Origin": origin, "Authorization": "", **asked})


def test_a_named_origin_may_send_what_openais_sdk_sends(open_gateway: Server) -> None:
    response = preflight(open_gateway)
    assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    allowed = {name.strip() for name in response.headers["Access-Control-Allow-Headers"].split(",")}
    assert set(SENT.split(",")) <= allowed


@pytest.mark.parametrize("stream", [False, True])
def test_a_named_origin_may_read_our_headers(open_gateway: Server, provider: ScriptedOpenAI, stream: bool) -> None:
    body = {**CHAT, "stream": stream}
    response = open_gateway.request("POST", "/v1/chat/completions", json=body, headers={"Origin": ORIGIN})
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert {name.strip().lower() for name in response.headers["Access-Control-Expose-Headers"].split(",")} >= EXPOSED
    assert "origin" in response.headers["Vary"].lower()


def test_an_error_can_be_read_too(open_gateway: Server) -> None:
    headers = {"Origin": ORIGIN, "Authorization": "Bearer wrong"}
    response = open_gateway.request("POST", "/v1/chat/completions", json=CHAT, headers=headers)
    assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)


def test_other_origins_and_other_pages_stay_closed(open_gateway: Server) -> None:
    responses = [preflight(open_gateway, "https://evil.example.com"), preflight(open_gateway, path="/admin/")]
    assert responses and all("Access-Control-Allow-Origin" not in response.headers for response in responses)


def test_without_the_setting_nothing_is_allowed(gateway: Server) -> None:
    response = gateway.request("POST", "/v1/chat/completions", json=CHAT, headers={"Origin": ORIGIN})
    assert response.status == 200
    assert not [name for name in response.headers if name.lower().startswith("access-control")]
    assert "Access-Control-Allow-Origin" not in preflight(gateway).headers
