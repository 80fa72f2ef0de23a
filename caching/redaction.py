"""Texts of users: in log lines, and in the memory of a process."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

from django.conf import settings

P = ParamSpec("P")
T = TypeVar("T")

_LONGEST = 80
_memos: list[weakref.ref[Any]] = []
_clears: list[Callable[[], object]] = []


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
    """Decorate a function of users' texts with an lru_cache that `forget_texts` empties.

    The cache of an object's method lives as long as the object.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        remembered = lru_cache(most)(function)
        _memos.append(weakref.ref(remembered, _memos.remove))
        return cast("Callable[P, T]", remembered)

    return decorate


def on_forget(clear: Callable[[], object]) -> None:
    """Let `forget_texts` call `clear` too."""
    _clears.append(clear)


def forget_texts() -> None:
    """Empty everything in this process that remembers texts to save time."""
    for memo in list(_memos):
        if (remembered := memo()) is not None:
            remembered.cache_clear()
    for clear in _clears:
        clear()
