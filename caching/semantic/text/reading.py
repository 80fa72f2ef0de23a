"""Which word belongs to which: the phrases of a question, each with the preposition that holds it.

>>> reading = reading_of("can you turn the light on in the kitchen at 7 pm".split(), "en")
>>> reading.bare, reading.held, reading.times
(('turn_on', 'light'), (Phrase(holder='in', words=('kitchen',), after='light'),), (('', '@7_pm'),))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from caching.semantic.text.articles import Agreement
from caching.semantic.text.dates import dated
from caching.semantic.text.folding import BREAK, PAUSE
from caching.semantic.text.lexicon import table, words
from caching.semantic.text.phrasing import phrased
from caching.semantic.text.questions import EXISTS, WHAT
from caching.semantic.text.stemming import forms, inflected

_DURATIONS = frozenset(["second", "minute", "hour", "day", "week", "month", "year"])
# "In 5 minutes" is later, and "in the breakfast" is part of it.
_HOLDING = _DURATIONS | {"@breakfast", "@lunch", "@dinner"}
_LOOSE_BEFORE_TIMES = frozenset(["at", "on", "for", "of", "in", ""])
_PARTS = {"am": {"@morning"}, "pm": {"@afternoon", "@evening", "@night"}}
_JOINING = frozenset(["and", "und", "y", "et", "e", "en", "i", PAUSE])
_NOW = frozenset(["current", "currently"])
# Behind "current" a name: "a current account".
_NOT_NOW = frozenset(["account", "affair", "event"])
_FUTURE = frozenset(["will"])
# Words that a time may say already.
IMPLIED = _NOW | _FUTURE
_TIMES_ASKED = frozenset(["when", "how_long"])
# Lists of names before which any of some prepositions says the same, and the one that stands for them.
_SAID_FREELY = (
    ("services", frozenset(["on", "from", "with"]), "on"),
    ("payments", frozenset(["by", "with", "via", "through"]), "with"),
)
# A unit in a smaller one of which it has always as many.
_SMALLER = {"hour": (60, "minute"), "week": (7, "day")}
# Months.
_GIVEN_NAMES = frozenset(["april", "may", "june", "august"])
_WHICH = frozenset(["next", "last", "this", "every"])


@dataclass(frozen=True, slots=True)
class Phrase:
    holder: str
    """The preposition."""
    words: tuple[str, ...]
    after: str
    """The word in front of the preposition."""
    behind: str = field(default="", compare=False, repr=False)
    """A word that begins something new right behind the phrase, or is a noun of it: "on my grocery list"."""


@dataclass(frozen=True, slots=True)
class Reading:
    language: str
    bare: tuple[str, ...]
    """Words that no preposition holds, in their order."""
    held: tuple[Phrase, ...]
    owners: frozenset[str]
    """ "my" or "our", which a speaker may leave out."""
    times: tuple[tuple[str, str], ...]
    """A preposition, or "" for one that says nothing, and a time: first hours, then days, in their order.

    "At 7 on Monday" is "on Monday at 7", but two days belong to other things in another order.
    """

    names: frozenset[str] = frozenset()
    """Words with a capital inside the sentence, in small letters."""
    articles: Agreement = ()
    asks: bool = False
    """Whether a question mark alone tells that it is a question."""
    asked: frozenset[str] = frozenset()
    """Whether a frame asked if there is something, or what it is."""

    @property
    def words(self) -> list[str]:
        found = list(self.bare)
        for phrase in self.held:
            found += phrase.words
        return found


UNREAD = Reading("", (), (), frozenset(), ())


def reading_of(tokens: Sequence[str], language: str, names: frozenset[str] = frozenset()) -> Reading:
    """Read the words of `folded`."""
    return _Phrases(language).read(list(_timed(tokens, language)), names)


class _Phrases:
    def __init__(self, language: str) -> None:
        self.language = language
        self.bare: list[str] = []
        self.held: list[tuple[str, list[str], str, list[str]]] = []
        self.times: list[tuple[str, str]] = []
        self._open = False

    def read(self, tokens: list[str], names: frozenset[str]) -> Reading:
        holders, breaks = _holders(self.language), _breaks(self.language)
        owners = words(self.language, "owners")
        asked = frozenset([EXISTS, WHAT]).intersection(tokens)
        for token in tokens:
            if token in owners or token in asked:
                continue
            if token in (PAUSE, BREAK):
                self._open = False
            elif token[0] == "@" and not self._is_name(token[1:]):
                self._add_time(token)
            elif token in holders:
                self.held.append((holders[token], [], self._last(), []))
                self._open = True
            # "turn_on" begins something new, as "turn" does.
            elif self._open and (token.partition("_")[0] not in breaks or not self.held[-1][1]):
                self.held[-1][1].append(token)
            else:
                if self._open:
                    self.held[-1][3].append(token)
                self._open = False
                self.bare.append(token)
        # A preposition that holds nothing is part of a verb: "macht … auf".
        self.bare += [holder for holder, found, *_ in self.held if not found]
        self.held = [phrase for phrase in self.held if phrase[1]]
        held = self._phrases()
        times = tuple(sorted(self._set_to() if self.bare[:1] == ["set"] else self.times, key=_is_day))
        return Reading(self.language, tuple(self.bare), held, owners.intersection(tokens), times, names, asked=asked)

    def _phrases(self) -> tuple[Phrase, ...]:
        """ "from YouTube" as "on YouTube" and "by card" as "with card", where only one service or card is named."""
        held = tuple(Phrase(holder, tuple(found), after, *behind) for holder, found, after, behind in self.held)
        for name, prepositions, instead in _SAID_FREELY:
            members = forms(self.language, name)
            named = [phrase for phrase in held if members.issuperset(phrase.words)]
            if len(named) == 1 and named[0].holder in prepositions:
                held = tuple(replace(phrase, holder=instead) if phrase is named[0] else phrase for phrase in held)
        return held

    def _set_to(self) -> list[tuple[str, str]]:
        """ "set the alarm to 6 am" and "for 6 am"; not the end of a time that has a start."""
        if any(holder == "from" for holder, _ in self.times):
            return self.times
        return [("" if holder == "to" else holder, time) for holder, time in self.times]

    def _is_name(self, token: str) -> bool:
        """ "call April" calls her, "call in April" waits."""
        alone = len(self.bare) == 1 and not self._open
        return token in _GIVEN_NAMES and alone and self.bare[0] not in forms(self.language, "relational")

    def _last(self) -> str:
        if self._open and self.held[-1][1]:
            return self.held[-1][1][-1]
        return self.bare[-1] if self.bare else ""

    def _add_time(self, token: str) -> None:
        holder = after = ""
        if self._open and not self.held[-1][1]:
            holder, _, after, _ = self.held.pop()
        if holder == "of" and after and token[1:] in _DURATIONS and after not in forms(self.language, "relational"):
            holder = f"of {after}"  # "the song of the day" is not "the song", on any day
        self._open = False
        loose = holder in _LOOSE_BEFORE_TIMES and not (holder == "in" and token.rpartition("_")[2] in _HOLDING)
        self.times.append(("" if loose else holder, token))


def _is_day(time: tuple[str, str]) -> bool:
    """ "@monday" and "@3rd", not "@7_am" or "@5_minute"."""
    return not time[1][1].isdigit() or time[1][-1] in "tdh"


@cache
def _holders(language: str) -> dict[str, str]:
    """Every form of a preposition to the one that stands for it."""
    same = {form: name for name, forms in table(language).get("holders", {}).items() for form in forms.split()}
    return {word: same.get(word, word) for word in words(language, "prepositions")}


@cache
def _breaks(language: str) -> frozenset[str]:
    """Words that begin something new after a held phrase."""
    names = ("commands", "question_words", "breaks", "breaking_stems")
    return frozenset().union(*(words(language, name) for name in names))


@cache
def _named_times(language: str) -> dict[str, str]:
    guards = table(language)["guards"]
    times = guards.get("times", {}).items()
    return {inflected(form, language): name for name, forms in times for form in forms.split()}


def lengths(language: str) -> frozenset[str]:
    """Return the units of time before which a figure is read, inflected: 2 hours are 120 minutes."""
    return frozenset(form for form, name in _named_times(language).items() if name in _DURATIONS)


def _timed(tokens: Sequence[str], language: str) -> Iterator[str]:
    """Phrase the words, and write every time as one: "@7_pm", "@next_monday", "@5_minute"."""
    named = _named_times(language)
    found: list[str] = []
    for token in phrased(tokens, language):
        before = found[-1] if found else ""
        name = named.get(token, "")
        if before[:1].isdigit() and name in ("am", "pm", *_DURATIONS):
            length = _length(before, name)
            found[-1:] = [f"@{length}"]
            which = named.get(found[-2], found[-2]) if len(found) > 1 else ""
            if which in _WHICH and name in _DURATIONS:
                found[-2:] = [f"@{which}_{length}"]
        elif name and name not in ("am", "pm") and name not in _WHICH:
            which = named.get(before, before)
            if which in _WHICH:
                found[-1] = f"@{which}_{name}"
            else:
                found.append(f"@{name}")
        elif ":" in token and token[0].isdigit():
            found.append(f"@{token}")
        else:
            # "The previous page" is not the last one, as the previous week is.
            found.append(name if name == "every" else token)
    yield from _implied(list(dated(found)))


def _in_order(tokens: list[str]) -> list[str]:
    """ "On Sunday and Saturday" as "on Saturday and Sunday"; what lies between two days has a first one."""
    found = list(tokens)
    for at in range(1, len(found) - 1):
        days = found[at - 1], found[at + 1]
        joins = found[at] == "and" and all(day[:1] == "@" and day[1:2].isalpha() for day in days)
        if joins and not {"between", "respectively"} & {*tokens}:
            found[at - 1], found[at + 1] = sorted(days)
    return found


def _length(figure: str, unit: str) -> str:
    """ "2" and "week" as "14_day"."""
    factor, smaller = _SMALLER.get(unit, (0, ""))
    length = float(figure) * factor if figure.replace(".", "", 1).isdecimal() else 0.0
    return f"{length:.0f}_{smaller}" if length and length.is_integer() else f"{figure}_{unit}"


def _is_of_now(following: str) -> bool:
    """ "the current price", unlike "an electric current", "the current in it" and "is the current too strong"."""
    word = following.removeprefix("@").partition("_")[0].partition("+")[0]
    return word.isalpha() and word not in _NOT_NOW | _grammar()


@cache
def _grammar() -> frozenset[str]:
    return words("en", "function") | words("en", "prepositions") | words("en", "owners") | words("en", "breaks")


def _implied(tokens: list[str]) -> Iterator[str]:
    """Without what a time says already: "7 am" is in the morning, "tomorrow" in the future, and the present is now."""
    halves = {token.rpartition("_")[2] for token in tokens if token[0] == "@"}
    said = set().union(*(_PARTS.get(half, ()) for half in halves))
    tokens = _in_order(tokens)
    timed = any(token[0] == "@" or token in _TIMES_ASKED for token in tokens)
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        joins = token in _JOINING and before[:1] == "@" == after[:1]
        is_now = token in _NOW and (token != "current" or _is_of_now(after))
        if not (joins or token in said or is_now or (timed and token in _FUTURE)):
            yield "all" if token == "every" and after[:1] not in ("@", "") and after != "other" else token
