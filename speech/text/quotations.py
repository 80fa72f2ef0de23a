"""Quotation marks and brackets that are open: a sentence that begins outside of them does not end inside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

# Characters: a mark whose partner has not come by then was no quotation.
LONGEST = 1_000
# The same for `'` and `’`, which mostly are apostrophes.
LONGEST_APOSTROPHE = 200
LONGEST_TAG = 200
# Quotations within each other. They bound the work on text that only opens them.
DEEPEST = 16

_CLOSERS = {
    '"': '"', "'": "'", "`": "`", "“": "”“", "”": "”", "„": "“”‟", "‟": "”", "«": "»", "»": "«", "‹": "›", "›": "‹",
    "‘": "’‘", "‚": "‘’", "「": "」", "『": "』", "《": "》", "〈": "〉", "〝": "〞〟", "(": ")", "[": "]", "{": "}",
    "（": "）", "［": "］", "｛": "｝", "【": "】", "〔": "〕", "〖": "〗", "＂": "＂", "<": ">",
}  # fmt: skip
# Open and close: which of both, their neighbours tell.
EITHER = frozenset("\"'`”»›＂")
MARKS = "".join(sorted({*_CLOSERS, *"".join(_CLOSERS.values())}))
BRACKETS = frozenset(")]}）］｝】〕〗>")
OPENERS = frozenset(_CLOSERS) - {"<"}

# Letters of Chinese, Japanese and Korean, which quote without a space.
_UNSPACED = re.compile(r"[\u2e80-\u9fff\uac00-\ud7a3\uf900-\uffdc]")
_HEBREW = re.compile("[א-ת]")
_ELISIONS = ("em", "tis", "twas", "til", "till", "cause", "bout", "round", "n", "ave", "im", "er", "s", "t")


class Boundary(NamedTuple):
    # Where the next sentence begins.
    end: int
    # True if a line ends there, not only a sentence.
    of_line: bool


@dataclass(slots=True)
class Quotation:
    closers: str
    opened: int
    longest: int
    # Where sentences would end inside it. They do if it turns out to be none.
    ends: list[Boundary] = field(default_factory=list)


class Quotations:
    """Those that are open at one place of a text, the outermost first."""

    def __init__(self) -> None:
        self.open: list[Quotation] = []

    def see(self, mark: str, at: int, before: str, behind: str) -> None:
        """Open or close with `mark` at position `at`, between the texts `before` and `behind`."""
        previous, following = before[-1:] or " ", behind[:1] or " "
        if self.close(mark, previous, following):
            return
        if mark in _CLOSERS and len(self.open) < DEEPEST and _opens(mark, previous, following, behind):
            longest = {"'": LONGEST_APOSTROPHE, "‘": LONGEST_APOSTROPHE, "<": LONGEST_TAG}.get(mark, LONGEST)
            self.open.append(Quotation(_CLOSERS[mark], at, longest))

    def close(self, mark: str, previous: str, following: str) -> bool:
        """Close what `mark` closes, with all that is open inside it. Return whether there was such."""
        if mark in "'’" and (previous.isspace() or _is_letter(following)):
            return False
        if mark in "\"'" and _HEBREW.match(previous) and _HEBREW.match(following):
            return False  # the gershayim of an abbreviation
        for depth in range(len(self.open) - 1, -1, -1):
            if mark in self.open[depth].closers:
                if mark in EITHER and previous.isspace() and not (following.isspace() or following in ",;:.!?)…"):
                    # The one before was never closed.
                    return False
                del self.open[depth:]
                return True
        return False

    def would_close(self, mark: str, closed: int = 0) -> bool:
        """Tell if `mark` closes one, once the `closed` innermost ones are closed."""
        return any(mark in quotation.closers for quotation in self.open[: max(0, len(self.open) - closed)])

    def given_up(self, at: int) -> list[Boundary]:
        """Forget those that began too long before `at`; the places inside them where sentences end after all."""
        ends: list[Boundary] = []
        while self.open and at - self.open[0].opened > self.open[0].longest:
            ends += self.open.pop(0).ends
        return ends

    def all_given_up(self) -> list[Boundary]:
        ends = [end for quotation in self.open for end in quotation.ends]
        self.open.clear()
        return ends


def _opens(mark: str, previous: str, following: str, behind: str) -> bool:
    if mark == "<":
        return following.isalpha() or following == "/"
    if mark in "([{" and previous in ":;=-8":
        return False  # a face
    if mark == "'":
        # "'s-Hertogenbosch", "'t is"
        word = re.split("[ -]", behind[:6])[0].strip(",.!?").lower()
        return not _is_letter(previous) and following.isalpha() and word not in _ELISIONS
    if mark in EITHER:
        return not _is_letter(previous)
    return True


def _is_letter(character: str) -> bool:
    return character.isalnum() and not _UNSPACED.match(character)
