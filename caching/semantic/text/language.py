"""The language of a short utterance, by the words that its lexicon knows; "" unless it is plain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import chain, pairwise

from caching.semantic.text.lexicon import codes, vocabulary, words
from caching.semantic.text.stemming import inflected, stem

# Share of the words that the lexicon must know (measured: see docs/semantic.md).
_LEAST_SHARE = 0.5
# English has no accents but in names: "die", "bank" and "am" beside "öffnet" are German.
_LEAST_SHARE_ACCENTED = 0.65
# Verbs that complete an order behind a root of three letters or more: "gate khol do".
_COMPLETING = frozenset(["do", "lo", "dijiye", "lijiye"])
_ROOT = 3
# Share of unknown words, at most, beside such words of Hinglish as other languages have too.
_MOST_UNKNOWN = 0.25


def language_of(tokens: Sequence[str]) -> str:
    """Return the code of the lexicon that knows most of these words, in lower case; "" on a tie or below a half."""
    found = [token for token in tokens if token[0].isalpha()]
    if any(map(_is_devanagari, found)):
        return "hi" if _is_hindi(found) else ""
    if not found or not all(map(_is_latin, found)):
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


def likely_language_of(tokens: Sequence[str]) -> str:
    """Return `language_of`, and Hindi for a few words in its letters that a language next to it may have too."""
    in_letters = any(map(_is_devanagari, tokens)) and words("hi", "strangers").isdisjoint(tokens)
    return language_of(tokens) or ("hi" if in_letters else "")


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


def _is_devanagari(token: str) -> bool:
    return "\u0900" <= token[0] <= "\u097f"


def _is_latin(token: str) -> bool:
    return "a" <= token[0] <= "\u024f"


def _is_hindi(tokens: Sequence[str]) -> bool:
    """Marathi and Nepali are written in the same letters: "का" is "why" there, and "के" is "what"."""
    if not words("hi", "strangers").isdisjoint(tokens):
        return False
    if not all(_is_devanagari(token) or _is_latin(token) for token in tokens):
        return False
    futures = tuple(words("hi", "futures"))
    return not words("hi", "markers").isdisjoint(tokens) or any(
        inflected(token, "hi") != token or token.endswith(futures) for token in tokens
    )


def _is_hinglish(tokens: Sequence[str], languages: Sequence[tuple[str, ...]]) -> bool:
    """It borrows most of its words from English: a few of its own suffice. `languages`: those that know each token.

    One of them must be a word of no other language, or most other words be known.
    """
    markers, weak, known = words("hi_latn", "markers"), words("hi_latn", "weak_markers"), _known_by()
    orders = _has_completed_root(tokens)
    if not orders and markers.isdisjoint(tokens) and weak.isdisjoint(tokens):
        return False
    if not words("hi_latn", "strangers").isdisjoint(tokens):
        return False
    # "mein" and "Karte" beside two other German words are German.
    unmarked = (known_in for token, known_in in zip(tokens, languages, strict=True) if token not in markers | weak)
    others = Counter(chain.from_iterable(unmarked))
    elsewhere = {code for code, number in others.items() if number > 1 and code != "en"}
    own = [token for token in tokens if elsewhere.isdisjoint(known.get(token, ()))]
    # "A bata do médico" has three words of Portuguese.
    orders = orders and not elsewhere
    marked = 2 * orders + sum(2 if token in markers else token in weak for token in own)
    if marked < 2 or marked * 6 < len(tokens):
        return False
    if orders or not (markers - words("hi_latn", "shared_markers")).isdisjoint(own):
        return True
    pairs = zip(tokens, languages, strict=True)
    unknown = sum(token not in _known_in_hinglish() and "en" not in known_in for token, known_in in pairs)
    return len((markers | weak).intersection(own)) > 1 and unknown <= _MOST_UNKNOWN * len(tokens)


@cache
def _known_in_hinglish() -> frozenset[str]:
    """Return its words, without the endings of its verbs."""
    endings = words("hi_latn", "endings") | words("hi_latn", "futures")
    return vocabulary("hi_latn") - (endings - words("hi_latn", "function"))


def _has_completed_root(tokens: Sequence[str]) -> bool:
    """ "gate khol do": a root with the verb that completes it."""
    return not _COMPLETING.isdisjoint(tokens) and any(
        completing in _COMPLETING and len(root) >= _ROOT and root in words("hi_latn", "roots")
        for root, completing in pairwise(tokens)
    )
