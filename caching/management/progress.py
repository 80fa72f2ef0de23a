from __future__ import annotations

import logging
from typing import Any

WIDTH = 30


class ProgressBar:
    """Progress on one line of a terminal; prints nothing elsewhere.

    Log lines below WARNING are held back while it is shown, and others are printed above it.
    """

    def __init__(self, stream: Any, total: int) -> None:
        self._stream = stream
        self._total = max(1, total)
        self._shown = bool(getattr(stream, "isatty", lambda: False)())
        self._handlers = _console_handlers() if self._shown else []
        for handler in self._handlers:
            handler.addFilter(self._make_room)

    def show(self, done: int, text: str = "") -> None:
        if self._shown:
            share = min(1.0, done / self._total)
            bar = ("█" * round(share * WIDTH)).ljust(WIDTH, "░")
            self._stream.write(f"\r{bar} {share:4.0%} {text}\033[K", ending="")
            self._stream.flush()

    def end(self) -> None:
        self.clear()
        for handler in self._handlers:
            handler.removeFilter(self._make_room)

    def clear(self) -> None:
        if self._shown:
            self._stream.write("\r\033[K", ending="")
            self._stream.flush()

    def _make_room(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return False
        self.clear()
        return True


def _console_handlers() -> list[logging.Handler]:
    loggers = [logging.getLogger(name) for name in ("", "caching", "speech", "django.request")]
    return list(dict.fromkeys(handler for logger in loggers for handler in logger.handlers))
