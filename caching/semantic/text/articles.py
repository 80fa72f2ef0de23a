"""Articles: where a phrase ends, what is one and no article, and what articles tell.

"Le livre" and "la livre", "la carte" and "les cartes", and who bites whom in "der Hund den Mann", "den Hund der Mann":

>>> told = {text: agreement(text.split(), "de") for text in ("beißt der hund den mann", "beißt den hund der mann")}
>>> disagree(*told.values())
True
>>> disagree(agreement(["eine", "karte"], "de"), agreement(["die", "karte"], "de"))
False
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import cache
from itertools import chain, pairwise

from caching.semantic.text.folding import BREAK
from caching.semantic.text.lexicon import mixed_codes, mixed_words, table, words
from caching.semantic.text.stemming import inflected

_BEFORE_ARTICLES = frozenset(["all", "both", "half"])
_UNITS = frozenset(["second", "minut", "hour", "day", "week", "month", "year", "pm", "am", "percent"])
# Romance languages build comparative and superlative with these.
_DEGREES = frozenset(["más", "menos", "plus", "moins", "più", "meno", "mais"])
# Stands beside an article that tells something.
_MEANT = "definite"
_INDEFINITE = frozenset(["un", "una", "uno", "une", "um", "uma", "unos", "unas", "uns", "umas"])
Agreement = tuple[tuple[str, frozenset[str]], ...]


def after_prepositions(spoken: list[str], holding: Set[str], verbs: Set[str]) -> list[str]:
    """Keep a break only where it ends a phrase: after what a preposition holds."""
    found: list[str] = []
    holds = 0
    for word in spoken:
        if word == BREAK:
            if holds > 1 and found[-1] not in _BEFORE_ARTICLES and not (holds == 2 and _is_to_do(found, verbs)):
                found.append(word)
            holds = min(holds, 1)
        else:
            holds = 1 if word in holding else holds + bool(holds)
            found.append(word)
    return found


def _is_to_do(spoken: list[str], verbs: Set[str]) -> bool:
    """ "to call" in front of whom: the article begins nothing new."""
    return spoken[-2:-1] == ["to"] and spoken[-1] in verbs


def with_meant_articles(spoken: list[str], language: str) -> list[str]:
    """Keep an article that tells something: "le livre" is a book and "la livre" a pound, "para las dos" is at two and
    "para dos" for two, "todo o dia" is all day and "todo dia" every day, "ist das die Bank" is not "ist die Bank".
    """
    articles, homographs = words(language, "articles"), words(language, "homographs")
    if "agreement" not in table(language) or articles.isdisjoint(spoken):
        return spoken
    definite, whole = articles & words(language, "dropped"), words(language, "whole")
    found: list[str] = []
    for before, word, after in zip(["", *spoken], spoken, [*spoken[1:], ""], strict=False):
        found.append(f"{before}_{word}" if word in homographs and before in articles else word)
        if word in definite and (before in whole or not after or after in articles or after[0].isdigit()):
            found.append(_MEANT)
    return found


def is_article(spoken: list[str], at: int, language: str) -> bool:
    """ "1 room" is "a room", but "room 1" and "terminal 1 parking" are other ones, and "1 hour" is a length."""
    if at + 1 == len(spoken) or spoken[at + 1] == BREAK or (at and spoken[at - 1] in ("at", "for", "to", "by")):
        return False
    if at and spoken[at - 1] not in _before_things(language):
        return False
    following = spoken[at + 1]
    return following not in _counted(language) and inflected(following, "en") not in _UNITS and following.isalpha()


@cache
def _counted(language: str) -> frozenset[str]:
    """Return what "1" counts; in English only lengths."""
    return frozenset() if "en" in mixed_codes(language) else words(language, "counted")


@cache
def _before_things(language: str) -> frozenset[str]:
    """Return what a thing may follow: a verb, a preposition, a word of grammar, an adverb of quantity."""
    tables = ("commands", "function", "prepositions", "breaks", "question_words", "before_things")
    known = (mixed_words(language, name) for name in tables)
    actions = (table(code)["guards"].get("actions", {}).values() for code in mixed_codes(language))
    return frozenset({BREAK}).union(*known, *(each.split() for each in chain.from_iterable(actions)))


def means_all(forms: list[str], spoken: list[str], language: str) -> bool:
    """ "the kitchen lights" are all of them where they are switched; "the lights" without a room may be those here."""
    if forms[:1] not in (["turn_on"], ["turn_off"]) or not words(language, "rooms").intersection(spoken):
        return False
    return not words(language, "quantifiers").intersection(spoken) and any(
        word in words(language, "switched") for word in spoken
    )


def agreement(spoken: Sequence[str], language: str) -> Agreement:
    """Each word that follows an article, with what that article may tell: "1m" is masculine, first case.

    Where degrees are compared also whether it is "the" or "a": "el vuelo más barato" is the cheapest. In small letters.
    """
    cells = _cells(language)
    if cells.keys().isdisjoint(spoken):
        return ()
    found: dict[str, frozenset[str]] = {}
    compared = not _DEGREES.isdisjoint(spoken)
    for article, word in pairwise(spoken):
        if article in cells:
            told = {f"{cell} {article in _INDEFINITE}" for cell in cells[article]} if compared else cells[article]
            found[word] = found.get(word, frozenset()) | told
    return tuple(found.items())


def disagree(a: Agreement, b: Agreement) -> bool:
    """Return True if the articles of a word that both have exclude each other."""
    theirs = dict(b)
    return any(cells.isdisjoint(theirs.get(word, cells)) for word, cells in a)


@cache
def _cells(language: str) -> dict[str, frozenset[str]]:
    """An article to the genders, numbers and cases in which it stands."""
    found: dict[str, frozenset[str]] = {}
    for cells, articles in table(language).get("agreement", {}).items():
        for article in articles.split():
            found[article] = found.get(article, frozenset()) | frozenset(cells.split())
    return found
