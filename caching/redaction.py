"""Texts of users in log lines."""

from __future__ import annotations

from django.conf import settings

_LONGEST = 80


def excerpt(text: str, longest: int = _LONGEST) -> str:
    """Return the beginning of `text` on one line, or "[hidden]" if LOG_TEXTS is off."""
    if not settings.LOG_TEXTS:
        return "[hidden]"
    # Escapes line breaks and control characters: a text must not be able to forge a log line.
    line = text[: longest + 1]
    if not line.isprintable():
        line = "".join(letter if letter.isprintable() else " " for letter in line)
    return f"{line[:longest]}…" if len(line) > longest else line
