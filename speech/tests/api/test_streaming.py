from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from speech.api import streaming
from speech.api.openai.rendering import completion_events
from speech.api.streaming import Stream
from speech.exceptions import ServerBusy


class Items:
    def __init__(self) -> None:
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return b"x"

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def three_slots(settings: Any) -> Iterator[None]:
    settings.THREADS = 4
    streaming._slots.cache_clear()
    yield
    streaming._slots.cache_clear()


def test_a_quarter_of_the_threads_is_kept_from_streams() -> None:
    under_way = [Stream(Items()) for _ in range(3)]
    refused = Items()
    with pytest.raises(ServerBusy):
        Stream(refused)
    assert refused.closed
    under_way[0].close()  # before it has begun
    Stream(Items())


def test_a_stream_that_ends_frees_its_slot_once() -> None:
    for _ in range(5):
        stream = Stream(iter([b"a", b"b"]))
        assert b"".join(stream) == b"ab"
        stream.close()


def test_a_stream_that_fails_frees_its_slot() -> None:
    def failing() -> Iterator[bytes]:
        yield b"a"
        raise ValueError

    for _ in range(5):
        with pytest.raises(ValueError):
            list(Stream(failing()))


def test_a_stream_that_is_dropped_unread_frees_its_slot() -> None:
    for _ in range(5):
        Stream(Items())


@pytest.mark.parametrize("wants_usage", [True, False])
def test_events_leave_chunks_unchanged_that_followers_may_still_get(wants_usage: bool) -> None:
    chunks: list[dict[str, Any]] = [
        {"id": "theirs", "choices": [{"index": 0, "delta": {"content": "Hi"}}], "usage": None},
        {"id": "theirs", "choices": [], "usage": {"total_tokens": 3}},
    ]
    before = deepcopy(chunks)
    events = b"".join(completion_events(iter(chunks), id="ours", model="m", wants_usage=wants_usage))
    assert chunks == before
    assert (b"theirs" not in events, b"total_tokens" in events) == (True, wants_usage)
    assert (b'"usage":null' in events) == wants_usage
