"""Bodies that come without a Content-Length, to a real worker: chunked, and over HTTP/2."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from speech.tests.loopback import FakeOpenAI
from speechsite.tests.support.server import Server

CHAT = json.dumps({"model": "gpt-6-luna", "messages": [{"role": "user", "content": "Hello"}]}).encode()
JSON = {"Content-Type": "application/json"}
PATHS = {
    "/v1/chat/completions": CHAT,
    "/api/chat/": b'{"query": "Hello"}',
    "/v1/audio/speech": b'{"input": "Hello", "voice": "alloy"}',
    "/api/converse/": b'{"query": "Hello"}',
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with FakeOpenAI() as provider:
        environment = {
            "LLM_PROVIDER": "openai",
            "TTS_PROVIDER": "openai",
            "OPENAI_API_KEY": "sk-loopback",
            "OPENAI_BASE_URL": f"{provider.url}/v1",
            "MAX_UPLOAD_BYTES": "1000000",
        }
        running = Server(tmp_path_factory.mktemp("chunked"), environment, workers=1)
        yield running
        running.stop()


def pieces(data: bytes, size: int = 10) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize("path", PATHS)
def test_a_chunked_body_is_read(server: Server, path: str) -> None:
    assert server.request("POST", path, body=pieces(PATHS[path]), headers=JSON, chunked=True).status == 200


def form(audio: bytes) -> tuple[bytes, dict[str, str]]:
    data, content_type = urllib3.encode_multipart_formdata({"file": ("a.wav", audio), "model": "whisper-1"})
    return data, {"Content-Type": content_type}


def test_a_chunked_upload_is_read_as_the_node_sdk_sends_it(server: Server) -> None:
    data, headers = form(b"RIFF\x24\x08\0\0WAVE" + bytes(range(256)) * 3000)
    response = server.request(
        "POST", "/v1/audio/transcriptions", body=pieces(data, 5000), headers=headers, chunked=True
    )
    assert (response.status, "text" in response.json()) == (200, True)


def test_a_chunked_upload_has_the_same_limit(server: Server) -> None:
    data, headers = form(b"RIFF\x24\x08\0\0WAVE" + bytes(1_000_000))
    response = server.request(
        "POST", "/v1/audio/transcriptions", body=pieces(data, 5000), headers=headers, chunked=True
    )
    assert (response.status, response.json()["error"]["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize("path", ["/v1/audio/speech", "/v1/audio/transcriptions"])
def test_an_endless_body_is_refused_as_soon_as_too_much_has_come(server: Server, path: str) -> None:
    kind = "multipart/form-data; boundary=b" if path.endswith("transcriptions") else "application/json"
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.key}\r\n"
    begun = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as one:
        one.sendall(f"{head}Content-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        one.sendall(b"%x\r\n%b\r\n" % (len(begun), begun) if "multipart" in kind else b"1\r\n{\r\n")
        sent = 0
        try:
            while sent < 200_000_000:
                one.sendall(chunk)
                sent += 0x10000
        except OSError:
            pass
    assert sent < 50_000_000


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")
@pytest.mark.parametrize("version", ["--http2-prior-knowledge", "--http2", "--http1.1"])
def test_curl_sends_without_a_length_over_every_version(server: Server, version: str, tmp_path: Path) -> None:
    command = [
        "curl", "-sS", version, f"{server.url}/v1/chat/completions", "-H", f"Authorization: Bearer {server.key}",
        "-H", "Content-Type: application/json", "-H", "Content-Length:", "-H", "Transfer-Encoding: chunked",
        "--data-binary", "@-",
    ]  # fmt: skip
    said = subprocess.run(command, input=CHAT, capture_output=True, check=True).stdout
    assert json.loads(said)["choices"]


def test_a_post_without_a_body_says_so(server: Server) -> None:
    request = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
    request = request.replace("Host: x", f"Host: 127.0.0.1:{server.port}")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as one:
        one.sendall(f"{request}Content-Type: application/json\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: one.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400") and b"not valid JSON" in answer
