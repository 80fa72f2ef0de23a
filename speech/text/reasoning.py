"""Reasoning that a model writes before its answer, where its server does not take it out."""

from __future__ import annotations

import re

_OPENING = re.compile(r"<(think|thinking|thought|reasoning)>", re.I)
_MAY_OPEN = re.compile(r"(?:<[a-z]{0,9})?\Z", re.I)


class ReasoningFilter:
    """Leaves out `<think> … </think>` at the beginning of a text that comes in parts of any length.

    The same tags later in a text may be what it is about.
    """

    def __init__(self) -> None:
        self._held = self._closing = ""
        self._is_over = False

    def feed(self, text: str) -> str:
        if self._is_over:
            return text
        self._held = (self._held + text).lstrip()
        if not self._closing:
            if opening := _OPENING.match(self._held):
                self._closing = f"</{opening[1].lower()}>"
            elif _MAY_OPEN.match(self._held):
                return ""
            else:
                return self._end_at(0)
        if (at := self._held.lower().find(self._closing)) >= 0:
            return self._end_at(at + len(self._closing))
        self._held = self._held[-len(self._closing) :]
        return ""

    def finish(self) -> str:
        """Return what was held back, none of an answer that ends in its reasoning."""
        return "" if self._is_over or self._closing else self._end_at(0)

    def _end_at(self, at: int) -> str:
        self._is_over = True
        return self._held[at:]
