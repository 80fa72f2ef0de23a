"""Number words as figures: "two lakh fifty thousand", "twenty five", "साढ़े तीन", "dedh sau"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from caching.semantic.text.lexicon import languages_with, mixed_codes, table, words
from caching.semantic.text.reader import Token

_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
_HOURS = frozenset(str(hour) for hour in range(1, 13))
_CLOCK_WORDS = frozenset(["am", "pm", "oclock"])
_TENS = frozenset(str(ten) for ten in range(20, 100, 10))


@dataclass(frozen=True, slots=True)
class _Numerals:
    units: Mapping[str, int]
    multipliers: Mapping[str, int]
    fractions: Mapping[str, float]
    ordinals: Mapping[str, str]
    words: frozenset[str]
    """All of these."""
    groups: bool
    """Whether commas group the digits of a figure."""


@cache
def _numerals(language: str) -> _Numerals:
    """Hinglish counts in English too; elsewhere an English number is another word: Polish "ten", Italian "one"."""
    tables = [table(code) for code in mixed_codes(language)]
    merged: dict[str, dict[str, object]] = {
        name: {word: value for each in tables for word, value in each.get(name, {}).items()}
        for name in ("numbers", "multipliers", "fractions", "ordinals")
    }
    known = frozenset[str]().union(*merged.values())
    groups = language in languages_with("groups_by_commas")
    return _Numerals(*merged.values(), words=known, groups=groups)  # type: ignore[arg-type, misc]


def number_words(language: str) -> frozenset[str]:
    return _numerals(language).words


def fold_counts(tokens: list[Token], language: str) -> list[Token]:
    """Number words as figures where they count something: "two tickets", "at seven"; not a pronoun or a name."""
    numerals = _numerals(language)
    spelled = [token.text for token in tokens]
    folded: list[Token] = []
    at = 0
    while at < len(tokens):
        word = spelled[at]
        value, after = None, at + 1
        if (word in numerals.words or word.isdecimal()) and word not in numerals.ordinals:
            value, after = _read(spelled, at, numerals)
        if value is None or (after == at + 1 and (word.isdecimal() or not _counts(tokens, at, numerals, language))):
            folded.append(tokens[at])
            at += 1
        else:
            folded.append(Token(_written(value), "number"))
            at = after
    return folded


def _counts(tokens: list[Token], at: int, numerals: _Numerals, language: str) -> bool:
    before = tokens[at - 1].text if at else ""
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    units = words(language, "counted")
    if after is not None and after.text in units:
        return True
    if numerals.units.get(tokens[at].text) == 1 or language == "hi":
        return False
    if before in words(language, "prepositions"):
        return after is None or after.kind != "word" or after.text not in words(language, "function")
    return after is not None and after.text.islower() and after.text.endswith("s") and language == "en"


def fold_numbers(tokens: list[str], language: str) -> list[str]:
    numerals = _numerals(language)
    may_count = [token in numerals.words or token[:1].isdigit() for token in tokens]
    if True not in may_count:
        return tokens
    folded: list[str] = []
    at = 0
    while at < len(tokens):
        if not may_count[at]:
            folded.append(tokens[at])
            at += 1
            continue
        value, after = _read(tokens, at, numerals)
        ordinal = numerals.ordinals.get(tokens[at])
        if value is not None:
            folded.append(_written(value))
        elif ordinal and folded and folded[-1] in _TENS and len(ordinal) == 3:
            folded[-1] = folded[-1][0] + ordinal  # "twenty first"
        else:
            folded.append(ordinal or tokens[at])
        at = after
    return folded if _CLOCK_WORDS.isdisjoint(folded) else _clock(folded)


def _clock(tokens: list[str]) -> list[str]:
    """ "5 30 am" as "5:30 am", and "7 oclock" as "7"."""
    told: list[str] = []
    for word in tokens:
        if (
            word in ("am", "pm")
            and len(told) > 1
            and len(told[-1]) == 2
            and told[-1].isdecimal()
            and told[-2] in _HOURS
        ):
            told[-2:] = [f"{told[-2]}:{told[-1]}"]
        if not (word == "oclock" and told and told[-1][0].isdigit()):
            told.append(word)
    return told


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.10g}"


def _read(tokens: list[str], at: int, numerals: _Numerals) -> tuple[float | None, int]:
    """The number that starts at `at` and the place after it; None where none starts there."""
    if tokens[at] in ("दो", "do") and (at == len(tokens) - 1 or _is_root(tokens[at - 1])):  # "give", as in "बता दो"
        return None, at + 1
    total = 0.0
    value, after = _below_hundred(tokens, at, numerals)
    if value is None and tokens[at] not in numerals.multipliers:
        return None, at + 1
    if value is None:
        value, after = 1.0, at  # "a hundred", "सौ"
    group = value
    while after < len(tokens):
        word = tokens[after]
        if word in numerals.multipliers:
            factor = numerals.multipliers[word]
            group *= factor
            after += 1
            if factor >= 1000:
                total, group = total + group, 0.0
            if after >= len(tokens):
                break
            rest = after + (tokens[after] == "and")
            value, beyond = _below_hundred(tokens, rest, numerals) if rest < len(tokens) else (None, rest)
            if value is None or value >= factor or (rest > after and value >= 100):
                break
            group, after = group + value, beyond
        elif word == "point" and after + 1 < len(tokens) and tokens[after + 1] in numerals.units:
            return total + float(f"{int(group)}.{numerals.units[tokens[after + 1]]}"), after + 2
        else:
            break
    return total + group, after


def _is_root(word: str) -> bool:
    return word in words("hi", "roots") or word in words("hi_latn", "roots")


def _below_hundred(tokens: list[str], at: int, numerals: _Numerals) -> tuple[float | None, int]:
    """A figure, or words up to 99 with "and a half" and the like put before, as Hindi does."""
    word = tokens[at]
    if word in numerals.fractions:
        part = numerals.fractions[word]
        if part > 1:
            return part, at + 1
        if at + 1 < len(tokens) and (whole := _plain(tokens[at + 1], numerals)) is not None:
            return whole + part, at + 2
        return None, at + 1
    value = _plain(word, numerals)
    if value is not None and value in range(20, 100, 10) and word in numerals.units and at + 1 < len(tokens):
        unit = numerals.units.get(tokens[at + 1], 0)
        if 0 < unit < 10:
            return value + unit, at + 2
    return value, at + 1


def _plain(word: str, numerals: _Numerals) -> float | None:
    if word in numerals.units:
        return float(numerals.units[word])
    figures = word.replace(",", "") if numerals.groups and _GROUPED.fullmatch(word) else word
    return float(figures) if figures.isdecimal() and len(figures) < 7 and figures[0] != "0" else None
