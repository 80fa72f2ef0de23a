"""Texts of users: in log lines, and in the memory of a process."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

from django.conf import settings

P = ParamSpec("P")
T = TypeVar("T")

_LONGEST = 80
_memos: list[Callable[[], object]] = []


def excerpt(text: str, longest: int = _LONGEST) -> str:
    """Return the beginning of `text` on one line, or "[hidden]" if LOG_TEXTS is off."""
    if not settings.LOG_TEXTS:
        return "[hidden]"
    # Escapes line breaks and control characters: a text must not be able to forge a log line.
    line = text[: longest + 1]
    if not line.isprintable():
        line = "".join(letter if letter.isprintable() else " " for letter in line)
    return f"{line[:longest]}…" if len(line) > longest else line


def remember(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function of users' texts with an lru_cache that `forget_texts` empties."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        remembered = lru_cache(most)(function)
        _memos.append(remembered.cache_clear)
        return cast("Callable[P, T]", remembered)

    return decorate


def on_forget(clear: Callable[[], object]) -> None:
    """Let `forget_texts` call `clear` too."""
    _memos.append(clear)


def forget_texts() -> None:
    """Empty everything in this process that remembers texts to save time."""
    for clear in _memos:
        clear()
