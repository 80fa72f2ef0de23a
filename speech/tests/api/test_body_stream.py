from __future__ import annotations

import gzip
import io
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from speech.api.body_stream import UNKNOWN_LENGTH, BodyStream, UnsupportedEncoding
from speech.api.errors import PayloadTooLarge
from speech.exceptions import ServerBusy
from speech.tests.support.bad_requests import error_of

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "X-GZIP": gzip.compress,
    "deflate": zlib.compress,
}
HELLO = b'{"query": "Hello"}'


class Dripping(io.BytesIO):
    """Gives out less than it is asked for, as a socket does."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(7, 7 if size is None or size < 0 else size))


def body(data: bytes, limit: int, encoding: str = "", length: str = UNKNOWN_LENGTH) -> BodyStream:
    return BodyStream(Dripping(data), {"HTTP_CONTENT_ENCODING": encoding, "CONTENT_LENGTH": length}, limit)


@given(st.binary(max_size=300), st.sampled_from(sorted(ENCODINGS)), st.integers(1, 50))
def test_it_reads_the_same_in_pieces_and_whole(data: bytes, encoding: str, size: int) -> None:
    sent = ENCODINGS[encoding](data)
    assert body(sent, 400, encoding).read() == data
    pieces = body(sent, 400, encoding)
    assert b"".join(iter(lambda: pieces.read(size), b"")) == data


@given(st.integers(0, 300), st.sampled_from(sorted(ENCODINGS)))
def test_it_never_gives_out_more_than_allowed(size: int, encoding: str) -> None:
    sent = ENCODINGS[encoding](b"x" * size)
    if size <= 100:
        assert len(body(sent, 100, encoding).read()) == size
    else:
        with pytest.raises(PayloadTooLarge):
            body(sent, 100, encoding).read()


def test_an_announced_length_is_enough_to_refuse_it() -> None:
    with pytest.raises(PayloadTooLarge):
        body(b"", 100, length="101")


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    with pytest.raises(PayloadTooLarge):
        body(gzip.compress(b"x" * 50_000_000), 100_000, "gzip").read()


def test_compressed_bytes_that_unfold_to_nothing_come_to_an_end() -> None:
    empty_block = bytes([0, 0, 0, 0xFF, 0xFF])
    with pytest.raises(PayloadTooLarge):
        body(b"\x78\x9c" + empty_block * 1000, 1000, "deflate").read()


@pytest.mark.parametrize(
    "sent", [b"", HELLO, gzip.compress(HELLO, mtime=0)[:-9], b"\x1f\x8b"], ids=["empty", "plain", "cut", "head"]
)
def test_what_is_not_gzip_is_a_mistake(sent: bytes) -> None:
    with pytest.raises(ParseError):
        body(sent, 1000, "gzip").read()


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "aes128gcm"])
def test_another_encoding_is_named(encoding: str) -> None:
    with pytest.raises(UnsupportedEncoding, match="Content-Encoding"):
        body(HELLO, 1000, encoding)


def post(api: Any, data: bytes, **headers: str) -> Any:
    return api.generic("POST", "/api/chat/", data, content_type="application/json", headers=headers)


def test_the_api_reads_gzip_and_a_byte_order_mark(api: Any, fake_openai: Any) -> None:
    assert post(api, gzip.compress(HELLO), **{"Content-Encoding": "gzip"}).status_code == 200
    assert post(api, b"\xef\xbb\xbf" + HELLO).status_code == 200
    response = post(api, HELLO, **{"Content-Encoding": "br"})
    assert (response.status_code, error_of(response)["code"]) == (415, "unsupported_content_encoding")


def test_images_fit_into_chat_and_no_longer_texts_into_speech(api: Any, fake_openai: Any) -> None:
    url = "data:image/png;base64," + "A" * 15_000_000
    message = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}
    said = {"model": "gpt-6-luna", "messages": [message]}
    assert api.post("/v1/chat/completions", said, format="json").status_code == 200
    assert api.post("/v1/audio/speech", {"input": "x" * 1_100_000}, format="json").status_code == 413


def test_so_many_large_bodies_are_taken_at_once(api: Any, monkeypatch: pytest.MonkeyPatch, fake_openai: Any) -> None:
    from speech.api import body_stream

    monkeypatch.setattr(body_stream, "WAITING_SECONDS", 0.05)
    large = {"query": "x" * 1_100_000}
    client = 1
    with body_stream.place_for_large_body(client), body_stream.place_for_large_body(client):
        assert api.post("/api/chat/", large, format="json").status_code == 200
    places = [body_stream.place_for_large_body(number) for number in range(body_stream.MAX_LARGE_BODIES)]
    for place in places:
        place.__enter__()
    with pytest.raises(ServerBusy), body_stream.place_for_large_body("another"):
        pass
    assert api.post("/api/chat/", {"query": "Hello"}, format="json").status_code == 200
    assert error_of(api.post("/api/chat/", large, format="json"))["code"] == "server_busy"
    for place in places:
        place.__exit__(None, None, None)
    assert api.post("/api/chat/", large, format="json").status_code == 200


def test_of_one_senders_large_bodies_few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    from speech.api import body_stream

    monkeypatch.setattr(body_stream, "WAITING_SECONDS", 1.0)
    most = body_stream.MAX_LARGE_BODIES // 2
    with ExitStack() as held:
        for _ in range(most):
            held.enter_context(body_stream.place_for_large_body("flood"))

        def ask(number: int) -> float:
            began = time.monotonic()
            with pytest.raises(ServerBusy), body_stream.place_for_large_body("flood"):
                pass
            return time.monotonic() - began

        with ThreadPoolExecutor(60) as threads:
            waited = [seconds > 0.5 for seconds in threads.map(ask, range(60))]
        assert sum(waited) == most * (body_stream.REQUESTS_PER_PLACE - 1)
        with body_stream.place_for_large_body("another"):
            pass


@pytest.mark.parametrize("path", ["/v1/audio/transcriptions", "/api/converse/"])
@pytest.mark.parametrize(
    ("boundary", "body", "status"),
    [
        ("b", b"".join(b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n' for _ in range(2000)), 413),
        ("b", b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n' + b"x" * 3_000_000 + b"\r\n--b--\r\n", 413),
        ("-" * 60, b"--" + b"-" * 1_000_000, 413),
        ("b", b"--b\r\n\r\n\r\n--b--", 400),
        ("b" * 500, b"x", 400),
        ("", b"x", 400),
    ],
)
def test_a_form_of_any_shape_is_refused_with_a_reason(
    api: Any, path: str, boundary: str, body: bytes, status: int
) -> None:
    response = api.generic("POST", path, body, content_type=f"multipart/form-data; boundary={boundary}")
    assert (response.status_code, bool(error_of(response)["message"])) == (status, True)
