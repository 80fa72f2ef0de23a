"""What the loopback servers see and send."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came."""

    path: str
    """With its query string."""
    headers: dict[str, str]
    """Names in lower case."""
    body: Any
    port: int = 0
    """Where it came from: the client's end of the connection."""


@dataclass(frozen=True, slots=True)
class Answer:
    chunks: Iterable[bytes]
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    streamed: bool = False
    """Sent in HTTP chunks, one for each of `chunks`, instead of with a Content-Length."""

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


def as_json(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(
        [json.dumps(value, ensure_ascii=False).encode()],
        status=status,
        headers={name.replace("_", "-"): text for name, text in headers.items()},
    )


def tone(text: str, sample_rate: int = 24_000) -> bytes:
    """PCM that depends on `text`: 10 ms of a tone for each character, so that a test can tell who spoke what."""
    times = np.arange(len(text) * sample_rate // 100) / sample_rate
    hertz = 200 + sum(map(ord, text)) % 400
    return bytes((np.sin(2 * np.pi * hertz * times) * 8_000).astype("<i2").tobytes())
