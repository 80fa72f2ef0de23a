from __future__ import annotations

import codecs
import json
from collections.abc import Iterator

import pytest

from speech.providers._shared.sse import json_or_events, read_events

STREAM = ': ping\r\ndata: {"a":\r\ndata: "नमस्ते"}\r\n\r\nid: 7\ndata:[DONE]\n\n'.encode()
EVENTS = ['{"a":\n"नमस्ते"}', "[DONE]"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
def test_it_reads_the_same_events_wherever_the_stream_is_cut(size: int) -> None:
    chunks = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert list(read_events(chunks)) == EVENTS


@pytest.mark.parametrize("start", [b"", b"\n \r\n", codecs.BOM_UTF8])
@pytest.mark.parametrize("size", [1, 1_000])
def test_it_tells_json_from_events(start: bytes, size: int) -> None:
    def cut(body: bytes) -> list[bytes]:
        return [body[at : at + size] for at in range(0, len(body), size)]

    whole, events = json_or_events(cut(start + b'{"a": 1}'))
    assert (whole, list(events)) == (start + b'{"a": 1}', [])
    whole, events = json_or_events(cut(start + STREAM))
    assert (whole, list(events)) == (b"", EVENTS)
    assert json_or_events([])[0] == b""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_it_takes_every_kind_of_line_end(end: str) -> None:
    assert list(read_events([f"data: one{end}{end}data: two{end}{end}.".encode()])) == ["one", "two"]


def test_it_gives_out_an_event_before_the_next_one_has_come() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"data: one\n\n"
        raise AssertionError("read on without need")

    assert next(read_events(chunks())) == "one"


def test_it_takes_only_one_space_off_and_keeps_odd_separators() -> None:
    assert list(read_events(["data:  two\u2028lines\n\n".encode()])) == [" two\u2028lines"]


@pytest.mark.parametrize("sign_of_life", [b"data:\n\n", b"data: \n\n", b"event: ping\ndata\n\n", b":\n\n"])
def test_an_event_without_data_is_none(sign_of_life: bytes) -> None:
    assert list(read_events([b"data: one\n\n", sign_of_life, b"data: two\n\n"])) == ["one", "two"]


def test_it_drops_an_event_that_was_cut_off() -> None:
    assert list(read_events([b"data: whole\n\ndata: half\n"])) == ["whole"]


def test_bytes_that_are_no_text_become_what_no_json_holds() -> None:
    assert list(read_events([b"data: \xff\xfe\n\n"])) == ["\udcff\udcfe"]


def test_an_error_of_llama_cpp_is_data() -> None:
    [data] = read_events([b'error: {"code": 400}\n\n'])
    assert json.loads(data) == {"error": {"code": 400}}
