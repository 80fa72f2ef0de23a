from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from speech.audio import join


def whole(piece: bytes) -> bytes:
    return piece[: len(piece) // 2 * 2]


@given(st.lists(st.lists(st.binary(max_size=7), max_size=5), max_size=5), st.integers(0, 3))
def test_it_joins_the_samples_of_all_pieces_and_nothing_else(pieces: list[list[bytes]], pause_ms: int) -> None:
    chunks = list(join(pieces, pause_ms, 1000))

    spoken = [whole(b"".join(piece)) for piece in pieces]
    assert b"".join(chunks) == bytes(2 * pause_ms).join(filter(None, spoken))
    assert all(chunk and len(chunk) % 2 == 0 for chunk in chunks)


def test_it_pauses_for_the_time_asked() -> None:
    assert len(b"".join(join([[b"\1\1"], [b"\2\2"]], 120, 24_000))) == 2 * (2 + 2880)


def test_it_opens_a_piece_only_when_the_one_before_has_ended() -> None:
    opened = []

    def piece(name: str) -> Iterator[bytes]:
        opened.append(name)
        yield b"\1\1"
        yield b"\2\2"

    joined = join((piece(name) for name in "ab"), 0, 8000)
    next(joined)
    next(joined)

    assert opened == ["a"]
    assert len(list(joined)) == 2
