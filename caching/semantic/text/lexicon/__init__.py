"""Word tables, one TOML file per language. The folder is the registry: the file's name is the language's code.

A language becomes readable by adding its file. `hi_latn` is Hindi in Latin letters as people type it ("Hinglish"),
always mixed with English.

Beside its words a file may say, as `verb_last = true`, how the language is written and read:

    asks_in_words       a question mark is never the only sign of a question
    groups_by_commas    "1,500" is 1500; elsewhere it is one and a half
    forgives_letters    a letter doubled, or two exchanged, make no other word, as they do in "camino" and "cammino"
    read_by_roots       every form of a word is read as its root; elsewhere an ending tells the number of a noun, the
                        person of a verb or who does what to whom, but in a verb that begins an order: "spiele", "spiel"
    verb_last           the verb is last in an embedded question, and behind another verb
    spelled_freely      words are spelled in more ways than letters tell: dots below, nasal signs, vowels
    capitalizes_nouns   a capital letter within a sentence shows no name
    borrows_english     English courtesies, spellings and guards hold in it too
    mixed_with_english  so does all of English grammar: figures, contractions, inflections, particles
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

Table = dict[str, Any]


@cache
def codes() -> tuple[str, ...]:
    """Every language that has a file."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.toml")))


@cache
def table(language: str) -> Table:
    """The tables of one language; KeyError where there is no such file."""
    path = Path(__file__).with_name(f"{language}.toml")
    if not path.is_file():
        raise KeyError(f"no word tables for the language {language!r}")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def languages_with(fact: str) -> frozenset[str]:
    """Return the languages whose file says so: `verb_last = true`."""
    return frozenset(code for code in codes() if table(code).get(fact))


@cache
def words(language: str, name: str) -> frozenset[str]:
    """A table that is one long string of words, as a set; empty where the language has no such table."""
    return frozenset(table(language).get(name, "").split())


def with_english(language: str) -> tuple[str, ...]:
    """Return the language, behind English if it borrows English words."""
    return ("en", language) if language in languages_with("borrows_english") else (language,)


@cache
def mixed_codes(language: str) -> tuple[str, ...]:
    """Return the languages whose words and grammar a sentence may have: Hinglish has those of English too."""
    return ("en", language) if language in languages_with("mixed_with_english") else (language,)


@cache
def mixed_words(language: str, name: str) -> frozenset[str]:
    """Return `words` of all languages that a sentence may hold."""
    return frozenset().union(*(words(code, name) for code in mixed_codes(language)))


@cache
def phrases(language: str, name: str) -> tuple[str, ...]:
    """A table that is a list of phrases, the longest first."""
    return tuple(sorted(table(language).get(name, ()), key=len, reverse=True))


@cache
def vocabulary(language: str) -> frozenset[str]:
    """Every word that stands in any table of the language."""
    return frozenset(_spelled(table(language)))


def _spelled(part: Any) -> set[str]:
    if isinstance(part, str):
        return set(part.split())
    if isinstance(part, dict):
        return {*part.keys()}.union(*map(_spelled, part.values()))
    return set().union(*map(_spelled, part)) if isinstance(part, list) else set()
