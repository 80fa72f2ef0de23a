"""Ends of sentences, found while the text arrives: each place is read once, with a few characters after it.

Full stops are judged by `sentencex`, as Pipecat does, so that a bot that splits its own text and one that leaves it to
us mostly share their cache entries. Everything that it cannot know from one place is decided here before it is asked:
figures, addresses, quotations, lines, initials.
"""

from __future__ import annotations

import re
from typing import NamedTuple, cast

import sentencex

from speech.text import abbreviations
from speech.text.quotations import BRACKETS, EITHER, MARKS, OPENERS, Boundary, Quotations
from speech.text.sentence_terminals import OF_ONE_SCRIPT, OF_ONE_SCRIPT_PATTERN, TERMINALS

# Characters before a full stop that are looked at.
CONTEXT = 120
# Characters after it that are waited for, at each step. They bound the work on runs of 20,000 dots or blanks.
MAX_AFTER = 64
# Characters from which a line may have been wrapped: a shorter one is a line of a list, a verse, a title.
WRAPPED_LINE = 45

_POINT = ".．｡"
_FULL_STOP = rf"[{TERMINALS}]|{OF_ONE_SCRIPT_PATTERN}"
# Soft hyphens, joiners, and marks of the direction of writing, which editors and models put behind full stops.
_INVISIBLE = "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_EMOJI = "\u200d\ufe0f\u2600-\u27bf\U0001f1e6-\U0001faff"
_LINE_ENDS = "\n\r\u2028\u2029\x85"
_APOSTROPHE = r"(?<![^\W\u2e80-\uffdc])'|'(?![^\W\u2e80-\uffdc])"
_EVENT = re.compile(rf"{_FULL_STOP}|[{_LINE_ENDS}]|{_APOSTROPHE}|[{re.escape(MARKS.replace(chr(39), ''))}]")
_ENDS = frozenset(TERMINALS + OF_ONE_SCRIPT + _LINE_ENDS)
_RUN = re.compile(
    rf"(?s)(?P<marks>(?:{_FULL_STOP}){{0,{MAX_AFTER}}}+)"
    rf"(?P<closers>[\"'”“’»«›‹)\]}}」』》〉】）＂*_~`{_EMOJI}{_INVISIBLE}]{{0,{MAX_AFTER}}}+)"
    rf"(?P<space>(?:\s[\s{_INVISIBLE}]{{0,{MAX_AFTER}}}+)?+)"
    rf"(?P<openers>(?:[{re.escape(''.join(sorted(OPENERS)))}*_]|(?<=«)[ \u00a0\u202f]){{0,{MAX_AFTER}}}+)"
)
_LINE_END = re.compile(rf"\r\n|[{_LINE_ENDS}]")
_ITEM = re.compile(r"[-*+•‣▪●○–—·]\s|\w{1,3}[.)]\s")
_ITEM_LENGTH = 5
_ENDS_LINE = frozenset(f"{TERMINALS}:;")
_CLOSING_PUNCTUATION = frozenset(",;:،؛、，；：)]}）")
# With the quotation mark inside of a Hebrew abbreviation (`ש"ח`).
_WORD_BEFORE = re.compile(r"(?:[^\s\"'“‘«(\[{<]|(?<=[א-ת])[\"'](?=[א-ת]))+\Z")
# In German “ and « close.
_OPENS_OR_CLOSES = EITHER | {"“", "«", "‹"}
_NO_QUOTES = {ord(mark): None for mark in MARKS if mark not in "'’"}
# Chinese, Japanese, Korean.
_WITHOUT_SPACES = re.compile(r"[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f]")
_ORDINAL = re.compile(r"(?<!\d)\d{1,2}\Z")
# Languages that write "3. Oktober".
_WITH_ORDINALS = ("bs", "cs", "da", "de", "et", "eu", "fi", "hr", "hu", "is", "lv", "nb", "no", "pl", "sk", "sl", "tr")
# "II. Methods"; single letters are initials anyway.
_ROMAN = re.compile(r"\s*[IVX]{2,5}")
_ROMAN_ORDINAL = re.compile(r"(?<!\w)[IVXLC]{2,7}\Z")
# "And so on" in Khmer, behind its first full stop.
_KHMER_ET_CETERA = ("ល។", "ប។")
_SPACED = re.compile(rf"(?:{_FULL_STOP})\s")
_ADDRESS = re.compile(r"://|@|www\.|/", re.I)


class _Run(NamedTuple):
    """Full stops or a line end, and what is behind them."""

    at: int
    marks: str
    closers: str
    space: str
    openers: str
    # The first character of what comes next; empty at the end of the text.
    following: str

    @property
    def end(self) -> int:
        return self.at + len(self.marks) + len(self.closers) + len(self.space)

    @property
    def lines(self) -> int:
        return len(_LINE_END.findall(self.space))


class BoundaryFinder:
    """Finds the ends of sentences. Positions count from the beginning of `text`, which `drop` moves."""

    def __init__(self, language: str) -> None:
        self._language = language.partition("-")[0].lower() or "en"
        self.text = ""
        self.seen = 0  # everything before it is decided
        self._line_start = 0
        self._quotations = Quotations()

    @property
    def needed_from(self) -> int:
        """The position before which the text is not read again."""
        opened = [quotation.opened for quotation in self._quotations.open[:1]]
        return max(0, min([self.seen - CONTEXT, *opened]))

    def drop(self, count: int) -> None:
        self.text = self.text[count:]
        self.seen -= count
        self._line_start -= count
        for quotation in self._quotations.open:
            quotation.opened -= count
            quotation.ends = [end._replace(end=end.end - count) for end in quotation.ends]

    def find(self, *, final: bool) -> list[Boundary]:
        """Return the boundaries that are certain now; with `final` no more text will come."""
        found: list[Boundary] = []
        while (event := _EVENT.search(self.text, self.seen)) and self._handle(event.start(), final, found):
            pass
        if event is None:
            self.seen = len(self.text)
            self._give_up(found)
        if final:
            found += self._quotations.all_given_up()
        return found

    def _give_up(self, found: list[Boundary]) -> None:
        found += self._quotations.given_up(self.seen)

    def _handle(self, at: int, final: bool, found: list[Boundary]) -> bool:
        """Decide about the event at `at`. Returns False when more text is needed first."""
        self.seen = at
        self._give_up(found)
        if self.text[at] in _ENDS or self._ends_french_quotation(at):
            return self._handle_end(at, final, found)
        needed = 6 if self.text[at] == "'" else 1
        behind = self.text[at + 1 : at + 1 + needed]
        if len(behind) < needed and not final:
            return False
        self._quotations.see(self.text[at], at, self.text[max(0, at - 1) : at], behind)
        self.seen = at + 1
        return True

    def _ends_french_quotation(self, at: int) -> bool:
        """Tell if the mark at `at` closes "« Non ! »", which has a space before it."""
        before = self.text[max(0, at - 2) : at]
        return self.text[at] == "»" and bool(_SPACED.fullmatch(before)) and self._quotations.would_close("»")

    def _handle_end(self, at: int, final: bool, found: list[Boundary]) -> bool:
        run = self._run(at)
        looked_at = run.end + max(len(run.openers) + 1, _ITEM_LENGTH * bool(run.lines), 2 * (run.marks == "។"))
        if not final and len(self.text) < looked_at:
            return False
        for place, mark in enumerate(run.closers, run.at + len(run.marks)):
            if mark in MARKS:
                self._quotations.close(mark, self.text[place - 1], self.text[place + 1 : place + 2] or " ")
        if run.lines > 1 or (run.lines and _ITEM.match(self.text, run.end)):
            found += self._quotations.all_given_up()
        if run.following and (self._ends_line(run) if run.lines else self._ends_sentence(run)):
            opened = self._quotations.open
            (opened[-1].ends if opened else found).append(Boundary(run.end, bool(run.lines)))
        if run.lines:
            self._line_start = run.end
        self.seen = run.end
        return True

    def _run(self, at: int) -> _Run:
        match = cast("re.Match[str]", _RUN.match(self.text, at))  # every part of the pattern may be empty
        marks, closers, space, openers = match.groups()
        if not marks and closers[:1] == "»":
            at, marks, closers = at - 2, self.text[at - 2], f" {closers}"
        for number, mark in enumerate(closers):
            closed = sum(each in MARKS for each in closers[:number])
            if mark in _OPENS_OR_CLOSES and not self._quotations.would_close(mark, closed):
                # It opens the next quotation, unless it stands alone.
                if number == len(closers) - 1 and (space or match.end() == len(self.text)):
                    break
                return _Run(
                    at,
                    marks,
                    closers[:number],
                    "",
                    closers[number:],
                    self.text[(behind := match.end("closers")) : behind + 1],
                )
        return _Run(at, marks, closers, space, openers, self.text[match.end() : match.end() + 1])

    def _ends_line(self, run: _Run) -> bool:
        if run.lines > 1 or _ITEM.match(self.text, run.end):
            return True
        if run.marks:
            return run.marks not in _POINT or self._abbreviation(run.at, run.following) is not False
        line = self.text[max(0, self._line_start, run.at - WRAPPED_LINE - 1) : run.at].strip()
        wrapped = len(line) >= WRAPPED_LINE and line[-1] not in _ENDS_LINE
        return not wrapped or run.following.isupper() or not run.following.isalnum()

    def _ends_sentence(self, run: _Run) -> bool:
        if run.following in TERMINALS or (run.following in _CLOSING_PUNCTUATION and not run.openers):
            return False
        quoted = [mark for mark in run.closers if mark in MARKS]
        if quoted and (quoted[-1] in BRACKETS or not (run.following.isupper() or run.openers)):
            return False
        if not run.space:
            return self._ends_without_space(run)
        if run.marks[-1] == "۔" and self._is_urdu_abbreviation(run.at):
            return False
        if not set(run.marks) & set(".．!?…"):
            return True
        if run.marks in _POINT and (verdict := self._abbreviation(run.at, run.following)) is not None:
            return verdict
        return self._sentencex_says_so(run)

    def _ends_without_space(self, run: _Run) -> bool:
        """Only scripts without capitals do without the space."""
        at, last, following = run.at, run.marks[-1], run.following
        previous = self.text[at - 1 : at]
        if previous.isdigit() and following.isdigit():
            return False
        if last in OF_ONE_SCRIPT or (last == "۔" and self._is_urdu_abbreviation(at)):
            return False
        if last == "។" and self.text.startswith(_KHMER_ET_CETERA, run.end):
            return False
        if last not in ".．!?…‽":
            return True
        if _WITHOUT_SPACES.match(following):
            return last not in _POINT or bool(_WITHOUT_SPACES.match(previous))
        if last in _POINT or run.closers or following < "\u0590" or not following.isalpha():
            return False
        return not _ADDRESS.search(self._word_before(at))

    def _is_urdu_abbreviation(self, at: int) -> bool:
        word = self._word_before(at).rpartition("۔")[2]
        return abbreviations.is_initial(word) or word in abbreviations.TITLES

    def _abbreviation(self, at: int, following: str) -> bool | None:
        if _ROMAN.fullmatch(item := self.text[max(0, self._line_start) : at]) and item:
            return False
        before = self.text[max(0, at - 8) : at]
        if self._language in _WITH_ORDINALS and (_ORDINAL.search(before) or _ROMAN_ORDINAL.search(before)):
            return False
        return abbreviations.may_end_sentence(self._word_before(at), following, self._language)

    def _word_before(self, at: int) -> str:
        word = _WORD_BEFORE.search(self.text[max(0, at - CONTEXT) : at])
        return word[0] if word else ""

    def _sentencex_says_so(self, run: _Run) -> bool:
        opened = self._quotations.open
        start = max(0, run.at - CONTEXT, opened[-1].opened + 1 if opened else 0)
        context = self.text[start : run.at + len(run.marks)].translate(_NO_QUOTES).replace("\n", " ")
        last: str = list(sentencex.segment(self._language, f"{context} {run.following}"))[-1]
        return last == run.following
