"""Parsers of what comes from outside, whatever comes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from speech.api.request_body import parse_json
from speech.api.uploads import KINDS, kind_of
from speech.audio import read_wav
from speech.audio.wav import wav_header
from speech.exceptions import InvalidRequest
from speech.providers._shared.sse import read_events

PIECES = st.lists(
    st.sampled_from(
        [b"data:", b" ", b"one", b"\n", b"\r", b"\r\n", b":", b"event: x", b"\xff", "ज़".encode(), b"\xef\xbb\xbf"]
    )
)
CHUNKS = st.lists(
    st.tuples(st.sampled_from([b"fmt ", b"data", b"LIST", b"\0\0\0\0"]), st.binary(max_size=40)), max_size=5
)


def wav_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WAVE" + body


@given(
    data=st.binary(max_size=300)
    | CHUNKS.map(wav_of)
    | st.binary(max_size=60).map(lambda rest: wav_header(9, 8000) + rest)
)
def test_what_is_no_wav_file_is_refused_with_a_reason(data: bytes) -> None:
    try:
        pcm, rate = read_wav(data)
    except ValueError as error:
        assert str(error)
    else:
        assert len(pcm) % 2 == 0 and rate > 0 and pcm in data


@given(data=st.binary(max_size=20))
def test_an_upload_is_of_a_known_kind_or_refused(data: bytes) -> None:
    try:
        assert kind_of(data) in KINDS
    except InvalidRequest as error:
        assert error.code == "not_audio"


@given(pieces=PIECES, cuts=st.lists(st.integers(0, 60), max_size=5))
def test_events_are_the_same_however_the_stream_is_cut(pieces: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pieces)
    borders = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    cut_up = [stream[start:end] for start, end in pairwise(borders)]
    assert list(read_events(cut_up)) == list(read_events([stream]))


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a JSON value, names of members included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value if isinstance(value, list) else chain.from_iterable(value.items()):
            yield from texts_in(item)


@given(
    body=st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.sampled_from([b'"\\ud800"', b'{"\\u0000":1}'])
)
def test_a_body_is_json_without_forbidden_characters_or_refused(body: bytes) -> None:
    try:
        value = parse_json(body)
    except ParseError:
        return
    for text in texts_in(value):
        assert "\x00" not in text
        text.encode("utf-8")  # which a lone surrogate cannot be
