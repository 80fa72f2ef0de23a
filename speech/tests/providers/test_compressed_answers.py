"""Answers that are compressed although nobody asks for that, and what urllib3 takes for their end."""

from __future__ import annotations

import gzip
import io
import random
import zlib
from typing import Any

import pytest
import urllib3

from speech.exceptions import ProviderBadAnswer
from speech.providers._shared.http_response import Reply


def compressed(body: bytes, coding: str = "gzip") -> Reply:
    headers = {"Content-Encoding": coding}
    return Reply("acme", urllib3.HTTPResponse(io.BytesIO(body), headers, preload_content=False))


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"answer"), "gzip"),
        (gzip.compress(b"ans") + gzip.compress(b"wer"), "gzip"),
        (zlib.compress(b"answer"), "Deflate"),
        (b"answer", "identity"),
    ],
    ids=["gzip", "two members", "deflate", "identity"],
)
def test_a_compressed_answer_is_read(body: bytes, coding: str) -> None:
    assert compressed(body, coding).read(100) == b"answer"
    assert b"".join(compressed(body, coding)) == b"answer"


NOISE = random.Random(1).randbytes(200_000)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(NOISE)[:100_000], "gzip"),
        (gzip.compress(NOISE)[:-8], "gzip"),
        (gzip.compress(NOISE)[:-8] + bytes(8), "gzip"),
        (gzip.compress(NOISE) + gzip.compress(NOISE)[:100_000], "gzip"),
        (zlib.compress(NOISE)[:100_000], "deflate"),
        (b"", "gzip"),
        (NOISE, "unheard-of"),
    ],
    ids=["half", "no checksum", "wrong checksum", "half a member", "half deflate", "nothing", "unknown coding"],
)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_compressed_data_that_cannot_be_read_to_its_end_is_no_answer(body: bytes, coding: str, whole: bool) -> None:
    """However complete its transfer is."""
    reply = compressed(body, coding)
    with pytest.raises(ProviderBadAnswer, match="cut off or unknown"):
        reply.read(1_000_000) if whole else list(reply)


def test_a_plain_answer_is_not_copied_through_the_decoders_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a chunk was buffered")

    monkeypatch.setattr("urllib3.response.BytesQueueBuffer.put", refuse)
    sent = urllib3.HTTPResponse(io.BytesIO(b"answer"), preload_content=False)
    assert Reply("acme", sent).read(100) == b"answer"
    with pytest.raises(AssertionError):
        compressed(gzip.compress(b"answer")).read(100)
