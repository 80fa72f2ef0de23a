"""Moments of the monotonic clock, which all processes of a machine share, as a provider puts them into its answers."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_WORD = re.compile(rb"@(\d+)@")
# Four samples of 16 bits.
SOUND_BYTES = 8


def as_word(moment: float) -> str:
    return f"@{moment * 1e6:.0f}@ "


def words_in(data: bytes) -> Iterator[tuple[float, int]]:
    """Yield each whole moment, and where it ends in `data`."""
    for match in _WORD.finditer(data):
        yield int(match[1]) / 1e6, match.end()


def as_sound(moment: float) -> bytes:
    return struct.pack("<q", int(moment * 1e6))


def moment_in_sound(pcm: bytes) -> float:
    [microseconds] = struct.unpack("<q", pcm[:SOUND_BYTES])
    return float(microseconds) / 1e6
