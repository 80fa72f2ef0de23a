"""Front matter (YAML between `---`, TOML between `+++`) that a model writes before its answer."""

from __future__ import annotations

import re

LONGEST_FRONT_MATTER = 4_000

# No line is of two kinds, so that a long text without an end is read once.
_KEY = r"[\w.\"'][\w.\"'-]*[ \t]*[:=](?:[ \t][^\n]*)?"
_LINE = rf"(?:{_KEY}|[ \t]+[^\n]*|[-#\]}}][^\n]*)?"
_OPENING = r"\s*(---|\+\+\+)[ \t]*\n"
_FRONT_MATTER = re.compile(rf"{_OPENING}{_KEY}\n(?:{_LINE}\n)*?(?:\1|\.\.\.)[ \t]*(?:\n|\Z)")
_MAY_COME = re.compile(
    rf"\s*(?:-{{0,3}}|\+{{0,3}}|(?:---|\+\+\+)[ \t]*)\Z"
    rf"|{_OPENING}(?:[\w.\"'-]*[ \t]*\Z|{_KEY}\Z|{_KEY}\n(?:{_LINE}\n)*[^\n]*\Z)"
)


class FrontMatterFilter:
    """Leaves it out at the beginning of a text that comes in parts of any length.

    A rule before text is no front matter: without a first line that is a key, and an end, all is passed on.
    """

    def __init__(self) -> None:
        self._held = ""
        self._is_over = False

    def feed(self, text: str) -> str:
        if self._is_over:
            return text
        self._held += text
        found = _FRONT_MATTER.match(self._held)
        # Until its line has ended, the mark may be the beginning of another line: `----`.
        if found and found[0].endswith("\n"):
            return self._end_at(found.end())
        if len(self._held) <= LONGEST_FRONT_MATTER and _MAY_COME.match(self._held):
            return ""
        return self._end_at(0)

    def finish(self) -> str:
        """Return what was held back."""
        if self._is_over:
            return ""
        found = _FRONT_MATTER.match(self._held)
        return self._end_at(found.end() if found else 0)

    def _end_at(self, at: int) -> str:
        self._is_over = True
        return self._held[at:]
