"""Pages of other origins (only those that the operator names may call the API), HEAD and Range (RFC 9110)."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from speech.tests.gateway.conftest import environment
from speech.tests.gateway.scripted import ScriptedOpenAI
from speechsite.tests.support.server import Server

ORIGIN = "https://app.example.com"
SENT = "authorization,content-type,x-optimization-level,x-stainless-arch,x-stainless-retry-count,x-stainless-timeout"
EXPOSED = {"x-cache", "cache-status", "age", "x-request-id", "x-receipt-id", "x-cost-usd", "x-cost-saved-usd"}
CHAT = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "Say hello"}]}

PATHS = {
    **dict.fromkeys(("/healthz", "/health", "/v1", "/v1/models", "/v1/audio/voices", "/v1/audio/models"), 200),
    "/v1/responses/nobody": 404,
    "/api/receipts/00000000-0000-0000-0000-000000000000": 404,
    **dict.fromkeys(("/v1/audio/speech", "/api/tts/", "/api/converse/", "/v1/chat/completions"), 405),
    **dict.fromkeys(("/api/feedback/", "/v1/audio/transcriptions", "/v1/embeddings"), 405),
}
OF_THE_BODY = ("content-type", "content-length", "allow", "cache-control", "vary")


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


def test_head_is_get_without_a_body(gateway: Server) -> None:
    # On one connection, where a body that was sent all the same would be taken for the next response.
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=20)
    for path, status in PATHS.items():
        seen = []
        for method in ("GET", "HEAD"):
            connection.request(method, path, headers={"Authorization": f"Bearer {gateway.key}"})
            response = connection.getresponse()
            body = response.read()
            assert response.status == status, path
            assert bool(body) is (method == "GET"), path
            seen.append({name: response.getheader(name) for name in OF_THE_BODY})
        if status == 405:  # The body names the method.
            assert response.getheader("allow") == "POST, OPTIONS", path
        else:
            assert seen[0] == seen[1], path
    connection.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/audio/speech", {"input": "Good morning.", "voice": "alloy", "model": "tts-1"}),
        ("/api/tts/", {"text": "Good morning."}),
        ("/api/converse/", {"query": "Good morning."}),
    ],
)
def test_a_range_of_what_was_posted_is_ignored(gateway: Server, path: str, body: dict[str, str]) -> None:
    whole = gateway.request("POST", path, json=body).data
    for asked in ("bytes=0-1", "bytes=-500", "bytes=0-0,5-9", "bytes=99999999-", "seconds=1"):
        response = gateway.request("POST", path, json=body, headers={"Range": asked})
        assert (response.status, len(response.data)) == (200, len(whole)), asked
        assert not {"content-range", "accept-ranges"} & {name.lower() for name in response.headers}
