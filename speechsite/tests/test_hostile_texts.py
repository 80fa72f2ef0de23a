"""A corpus of texts that have broken other programs, sent to every address of the real server that takes a text."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from speechsite.tests.support.server import Server

SCRIPTS = (
    "Grüße, où êtes-vous? Привет Γειά مرحبا بك שלום नमस्ते হ্যালো ਸਤਿ ਸ੍ਰੀ નમસ્તે ନମସ୍କାର வணக்கம் నమస్తే ನಮಸ್ಕಾರ നമസ്കാരം "
    "ආයුබෝවන් สวัสดี ສະບາຍດີ བཀྲ་ཤིས་ မင်္ဂလာပါ გამარჯობა ሰላም ជំរាបសួរ ᠮᠣᠩᠭᠣᠯ こんにちは 你好 안녕하세요 ᏣᎳᎩ 𐌰𐌱 𝕳𝖊𝖑𝖑𝖔"
)
TEXTS = {
    "every script": SCRIPTS,
    "right to left": "\u202eevil\u202c \u2066isolated\u2069 \u200fRLM",
    "joiners": "क्\u200dष क्\u200cष 👩\u200d👩\u200d👧 \u200b\u2060\ufeff",
    "combining marks": "Z" + "\u0301\u0327\u0489" * 200,
    "a NUL": "a\x00b",
    "a lone surrogate": "a\ud800b",
    "one character a million times": "a" * 1_000_000,
    "one word without an end": "a" * 3_000,
    "ten thousand sentences": "A. " * 10_000,
    "many sentences": "Yes. " * 300,
    "SSML": '<speak><audio src="file:///etc/passwd"/><break time="9999s"/></speak>',
    "XXE": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><speak>&e;</speak>',
    "phonemes": "[[h@'loU]] [[",
    "a shell": "$(touch hacked) `touch hacked`; touch hacked | touch hacked && touch hacked > hacked #",
    "an option": "--help -f /etc/passwd",
    "a pattern": "*?[a-z]\\ {x,y} % :",
    "line breaks": "one\r\nSet-Cookie: evil=1\r\n\r\ntwo\u2028\u2029\x0b\x0c\x85",
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f",
    "a template": "{{ 7 * 7 }} {% debug %} ${7*7} %(x)s %s {0}",
    "SQL": "'; DROP TABLE speech_client; --",
    "not a character": "\ufffe\uffff\U0010ffff",
}
ADDRESSES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/api/chat/", {"query": "TEXT"}),
    "system": ("/api/chat/", {"query": "Hello", "system": "TEXT"}),
    "tts": ("/api/tts/", {"text": "TEXT"}),
    "voice": ("/api/tts/", {"text": "Hello", "voice": "TEXT"}),
    "converse": ("/api/converse/", {"query": "TEXT", "system": "Say one word."}),
    "completions": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "TEXT"}], "stop": "TEXT"}),
    "stream": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "TEXT"}], "stream": True}),
    "model": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}], "model": "TEXT"}),
    "speech": ("/v1/audio/speech", {"input": "TEXT", "voice": "alloy", "response_format": "wav"}),
}


def assert_it_is_answered(server: Server, response: Any) -> None:
    assert response.status in (200, 400, 404, 413), (response.status, server.log[-3000:])
    if response.status != 200:
        assert set(json.loads(response.data)["error"]) == {"message", "type", "param", "code"}
    assert "set-cookie" not in response.headers
    assert not any(sign in value for value in response.headers.values() for sign in "\r\n\0")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("text", TEXTS)
def test_it_is_spoken_answered_or_refused(server: Server, address: str, text: str) -> None:
    path, body = ADDRESSES[address]
    sent = json.dumps(body).replace('"TEXT"', json.dumps(TEXTS[text]))
    response = server.request("POST", path, body=sent, headers={"Content-Type": "application/json"})
    assert_it_is_answered(server, response)


@pytest.mark.parametrize("text", ["line breaks", "a pattern", "a shell", "every script", "SQL"])
def test_a_name_of_a_file_is_just_a_name(server: Server, text: str) -> None:
    fields = {"file": (TEXTS[text], b"RIFF\0\0\0\0WAVE"), "request": "{}"}
    response = server.request("POST", "/api/converse/", fields=fields)
    # The audio is accepted, and then there is no provider to write it down.
    assert response.status in (400, 503), server.log[-3000:]
    assert "set-cookie" not in response.headers


def test_no_text_was_run(server: Server) -> None:
    """After all of the above, in this process' order of tests or alone."""
    from django.conf import settings

    server.speak(TEXTS["a shell"])
    found = [path for root in (server.directory, Path(settings.BASE_DIR), Path.cwd()) for path in root.glob("hacked*")]
    assert found == []


@pytest.mark.parametrize("name", ["X-Optimization-Level", "Cache-Control", "Accept", "X-Request-ID", "Accept-Language"])
def test_odd_headers_are_refused_or_ignored(server: Server, name: str) -> None:
    for value in ("*" * 4000, "max-age=-1", "max-age=" + "9" * 400, ",,,=;", "\xff\xfe", "%00%0d%0a"):
        body = {"messages": [{"role": "user", "content": "Hi"}]}
        response = server.request("POST", "/v1/chat/completions", json=body, headers={name: value})
        assert_it_is_answered(server, response)


def test_a_compressed_body_is_unpacked_up_to_the_limit_only(server: Server) -> None:
    bomb = gzip.compress(b'{"query": "' + b"a" * 50_000_000 + b'"}')
    assert len(bomb) < 100_000
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    response = server.request("POST", "/api/chat/", body=bomb, headers=headers)
    assert response.status == 413


@pytest.mark.parametrize(
    ("upload", "status"),
    [
        (b"", 400),
        (b"<svg/>", 400),
        (b"PK\x03\x04 a zip", 400),
        (gzip.compress(b"\0" * 10_000_000, mtime=0), 400),
        (b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff", 503),
        (b"fLaC" + b"\xff" * 100, 503),
    ],
    ids=["empty", "a picture", "an archive", "a bomb", "lengths that lie", "FLAC of nonsense"],
)
def test_an_odd_upload_is_refused_or_passed_on_unread(server: Server, upload: bytes, status: int) -> None:
    fields = {"file": ("said.wav", upload), "model": "whisper-1"}
    response = server.request("POST", "/v1/audio/transcriptions", fields=fields)
    assert response.status == status, server.log[-3000:]


@pytest.fixture
def trap() -> Iterator[tuple[str, list[bytes]]]:
    """An address that nobody may call, and who called it."""
    called: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    caller, _ = listener.accept()
                except OSError:
                    return
                with caller:
                    called.append(caller.recv(100))

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", called


def test_no_request_can_choose_where_the_server_connects_to(server: Server, trap: tuple[str, list[bytes]]) -> None:
    url, called = trap
    names = ("base_url", "api_base", "url", "endpoint", "host", "callback", "webhook", "model", "provider", "voice")
    for path, body in ADDRESSES.values():
        base = json.loads(json.dumps(body).replace("TEXT", url))
        for name in names:
            headers = {"X-Forwarded-Host": url, "Forwarded": f"host={url}", "Origin": url, "Referer": url}
            response = server.request("POST", path, json={**base, name: url}, headers=headers)
            assert response.status in (200, 400, 404), server.log[-3000:]
    assert called == []
