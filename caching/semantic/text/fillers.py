"""Words that are said and mean nothing: greetings, "um", "please", "can you tell me"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from caching.semantic.text.lexicon import table, words

Phrases = dict[str, list[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class _Courtesy:
    fillers: frozenset[str]
    openers: Phrases
    """By their first word, the longest first."""
    closers: Phrases
    """By their last word."""
    before_question: Phrases
    around_start: Phrases
    around_end: Phrases
    question_words: frozenset[str]


def _by(position: int, phrases: list[str]) -> Phrases:
    found: Phrases = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        split = tuple(phrase.split())
        found.setdefault(split[position], []).append(split)
    return found


@cache
def _courtesy(language: str) -> _Courtesy:
    languages = ("en", "hi_latn") if language == "hi_latn" else (language,)

    def phrases(name: str) -> list[str]:
        return [phrase for code in languages for phrase in table(code).get(name, [])]

    def union(name: str) -> frozenset[str]:
        return frozenset().union(*(words(code, name) for code in languages))

    return _Courtesy(
        union("fillers"),
        _by(0, phrases("openers")),
        _by(-1, phrases("closers")),
        _by(0, phrases("before_question")),
        _by(0, phrases("around_question")),
        _by(-1, phrases("around_question")),
        union("question_words"),
    )


def drop_courtesy(tokens: list[str], language: str) -> list[str]:
    """Unchanged where nothing, or only a fragment, would be left."""
    known = _courtesy(language)
    kept = [token for token in tokens if token not in known.fillers]
    kept = _strip_start(kept, known.openers)
    kept = _strip_end(kept, known.closers)
    shorter = _strip_start(kept, known.before_question)
    if shorter is not kept and shorter[0] in known.question_words:
        kept = shorter
    shorter = _strip_end(_strip_start(kept, known.around_start), known.around_end)
    if shorter is not kept and len(shorter) > 1 and not known.question_words.isdisjoint(shorter):
        kept = shorter
    return kept or tokens


def _strip_start(tokens: list[str], phrases: Phrases) -> list[str]:
    while phrases and len(tokens) > 1:
        for phrase in phrases.get(tokens[0], ()):
            if len(phrase) < len(tokens) and tuple(tokens[: len(phrase)]) == phrase:
                tokens = tokens[len(phrase) :]
                break
        else:
            break
    return tokens


def _strip_end(tokens: list[str], phrases: Phrases) -> list[str]:
    while phrases and len(tokens) > 1:
        for phrase in phrases.get(tokens[-1], ()):
            if len(phrase) < len(tokens) and tuple(tokens[-len(phrase) :]) == phrase:
                tokens = tokens[: -len(phrase)]
                break
        else:
            break
    return tokens
