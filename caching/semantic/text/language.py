"""The language of a short utterance, by the words that its lexicon knows; "" unless it is plain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import chain

from caching.semantic.text.lexicon import codes, vocabulary, words
from caching.semantic.text.stemming import stem

# Share of the words that the lexicon must know (measured: see docs/semantic.md).
_LEAST_SHARE = 0.5
# English has no accents but in names: "die", "bank" and "am" beside "öffnet" are German.
_LEAST_SHARE_ACCENTED = 0.65


def language_of(tokens: Sequence[str]) -> str:
    """Return the code of the lexicon that knows most of these words, in lower case; "" on a tie or below a half."""
    found = [token for token in tokens if token[0].isalpha()]
    if any("\u0900" <= token[0] <= "\u097f" for token in found):
        return "hi"
    if not found or not all("a" <= token[0] <= "\u024f" for token in found):
        return ""
    languages = [_languages_with(token) for token in found]
    if _is_hinglish(found, languages):
        return "hi_latn"
    function = _function_of()
    whole = Counter(chain.from_iterable(languages))
    grammar = Counter(chain.from_iterable(function.get(token.partition("'")[0], ()) for token in found))
    scores = sorted(
        ((whole[code], grammar[code], code) for code in whole if grammar[code] or code == "en"), reverse=True
    )
    if not scores:
        return ""
    accented = scores[0][2] == "en" and not all(map(str.isascii, found))
    if scores[0][0] < (_LEAST_SHARE_ACCENTED if accented else _LEAST_SHARE) * len(found):
        return ""
    return scores[0][2] if len(scores) == 1 or scores[0][:2] > scores[1][:2] else ""


def _languages_with(token: str) -> tuple[str, ...]:
    known = _known_by()
    return known.get(token) or known.get(token.partition("'")[0]) or known.get(stem(token), ())


@cache
def _known_by() -> dict[str, tuple[str, ...]]:
    """Every word to the languages that know it."""
    return _inverted({code: vocabulary(code) for code in codes()})


@cache
def _function_of() -> dict[str, tuple[str, ...]]:
    return _inverted({code: words(code, "function") | words(code, "commands") for code in codes()})


def _inverted(tables: dict[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code, known in tables.items():
        if code not in ("hi", "hi_latn"):
            for word in known:
                found[word] = (*found.get(word, ()), code)
    return found


def _is_hinglish(tokens: Sequence[str], languages: Sequence[tuple[str, ...]]) -> bool:
    """It borrows most of its words from English: a few of its own suffice. `languages`: those that know each token."""
    markers, weak, known = words("hi_latn", "markers"), words("hi_latn", "weak_markers"), _known_by()
    if markers.isdisjoint(tokens) and weak.isdisjoint(tokens):
        return False
    # "mein" and "Karte" beside two other German words are German.
    unmarked = (known_in for token, known_in in zip(tokens, languages, strict=True) if token not in markers | weak)
    others = Counter(chain.from_iterable(unmarked))
    elsewhere = {code for code, number in others.items() if number > 1 and code != "en"}
    own = [token for token in tokens if elsewhere.isdisjoint(known.get(token, ()))]
    marked = sum(2 if token in markers else token in weak for token in own)
    return marked >= 2 and marked * 6 >= len(tokens)
