from __future__ import annotations

from typing import Any

WIDTH = 30


class ProgressBar:
    """Progress on one line of a terminal; prints nothing elsewhere."""

    def __init__(self, stream: Any, total: int) -> None:
        self._stream = stream
        self._total = max(1, total)
        self._shown = bool(getattr(stream, "isatty", lambda: False)())

    def show(self, done: int, text: str = "") -> None:
        if self._shown:
            share = min(1.0, done / self._total)
            bar = ("█" * round(share * WIDTH)).ljust(WIDTH, "░")
            self._stream.write(f"\r{bar} {share:4.0%} {text}\033[K", ending="")
            self._stream.flush()

    def end(self) -> None:
        if self._shown:
            self._stream.write("\r\033[K", ending="")
