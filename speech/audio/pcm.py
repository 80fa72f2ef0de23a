"""Raw samples: signed 16-bit little-endian mono."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

BYTES_PER_SAMPLE = 2


class SampleAligner:
    """Makes chunks of whole samples out of chunks of any length. Half a sample at the very end is lost."""

    def __init__(self) -> None:
        self._half = b""

    def feed(self, chunk: bytes) -> bytes:
        data = self._half + chunk
        whole = len(data) - len(data) % BYTES_PER_SAMPLE
        self._half = data[whole:]
        return data[:whole]

    def finish(self) -> bytes:
        return b""


def aligned(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Regroup into non-empty chunks of whole samples."""
    aligner = SampleAligner()
    return filter(None, map(aligner.feed, chunks))


def join(pieces: Iterable[Iterable[bytes]], pause_ms: int, sample_rate: int) -> Generator[bytes]:
    """Concatenate with `pause_ms` of silence in between, in chunks of whole samples."""
    pause = bytes(BYTES_PER_SAMPLE * (sample_rate * pause_ms // 1000))
    between = b""
    for piece in pieces:
        pending = between
        for chunk in aligned(piece):
            yield pending + chunk
            pending, between = b"", pause
